using VmdkFast.Tests.Support;

namespace VmdkFast.Tests.Durability;

/// <summary>
/// A block device that takes writes into the page cache and cannot store them: a loop device over a file on a file
/// system that is too small. Needs root; a system that refuses makes the test fail, so that nobody believes it ran.
/// </summary>
sealed class FailingDevice : IDisposable
{
    readonly SmallFileSystem _backing;

    /// <param name="sizeBytes">The device's size.</param>
    /// <param name="roomBytes">How much it can store.</param>
    internal FailingDevice(long sizeBytes, long roomBytes)
    {
        _backing = new SmallFileSystem(roomBytes);
        try
        {
            using (FileStream file = File.Create(_backing["device"]))
            {
                file.SetLength(sizeBytes);
            }

            Path = Peer.RunOrFail("losetup", "--find", "--show", _backing["device"]).Trim();
        }
        catch
        {
            _backing.Dispose();
            throw;
        }
    }

    internal string Path { get; }

    /// <summary>From now on the device can store more.</summary>
    internal void Enlarge(long roomBytes) => _backing.Enlarge(roomBytes);

    public void Dispose()
    {
        Peer.RunOrFail("losetup", "--detach", Path);
        _backing.Dispose();
    }
}
