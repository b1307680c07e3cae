namespace VmdkFast.Tests.Durability;

/// <summary>A folder in memory where the system has one, for tests that rebuild files thousands of times.</summary>
sealed class ScratchFolder : IDisposable
{
    const string SharedMemory = "/dev/shm";

    internal string Path { get; } = Directory.Exists(SharedMemory)
        ? Directory.CreateDirectory(System.IO.Path.Combine(SharedMemory, $"vmdkfast-{Guid.NewGuid():N}")).FullName
        : Directory.CreateTempSubdirectory("vmdkfast-").FullName;

    internal string this[string name] => System.IO.Path.Combine(Path, name);

    /// <summary>Copies the files of a folder into another, which is made.</summary>
    internal static void Copy(string source, string target)
    {
        Directory.CreateDirectory(target);
        foreach (string path in Directory.EnumerateFiles(source))
        {
            File.Copy(path, System.IO.Path.Combine(target, System.IO.Path.GetFileName(path)), overwrite: true);
        }
    }

    public void Dispose() => Directory.Delete(Path, recursive: true);
}
