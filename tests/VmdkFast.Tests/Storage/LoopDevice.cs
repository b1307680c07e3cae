using VmdkFast.Tests.Support;
using Xunit;

namespace VmdkFast.Tests.Storage;

/// <summary>A block device over a file, where the system lets us have one.</summary>
sealed class LoopDevice : IDisposable
{
    LoopDevice(string path) => Path = path;

    internal string Path { get; }

    internal static LoopDevice OrSkip(string backingPath)
    {
        (int exitCode, string output) = Peer.Run("losetup", "--find", "--show", backingPath);
        Assert.SkipUnless(exitCode == 0, "A loop device needs privileges: " + output);
        return new LoopDevice(output.Trim());
    }

    public void Dispose() => Peer.RunOrFail("losetup", "--detach", Path);
}
