using VmdkFast.Tests.Support;

namespace VmdkFast.Tests.Durability;

/// <summary>A file system in memory with little room. Needs root, as <see cref="FailingDevice"/> does.</summary>
sealed class SmallFileSystem : IDisposable
{
    /// <param name="roomBytes">How much fits.</param>
    internal SmallFileSystem(long roomBytes)
    {
        Path = Directory.CreateTempSubdirectory("vmdkfast-mount-").FullName;
        Peer.RunOrFail("mount", "-t", "tmpfs", "-o", $"size={roomBytes}", "tmpfs", Path);
    }

    internal string Path { get; }

    internal string this[string name] => System.IO.Path.Combine(Path, name);

    /// <summary>Makes more room.</summary>
    internal void Enlarge(long roomBytes) =>
        Peer.RunOrFail("mount", "-o", $"remount,size={roomBytes}", Path);

    public void Dispose()
    {
        // Lazily: a loop device lets its file go a moment after it was told to.
        Peer.RunOrFail("umount", "--lazy", Path);
        Directory.Delete(Path);
    }
}
