using VmdkFast.Storage;
using VmdkFast.Tests.Support;
using Xunit;

namespace VmdkFast.Tests.Storage;

public sealed class ImageLocksTests : IDisposable
{
    readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData("linux")]
    [InlineData("flock")]
    [InlineData("portable")]
    public void OneWriterOrManyReaders(string kind)
    {
        Platform platform = kind switch
        {
            "linux" => new LinuxPlatform(),
            "flock" => new LinuxPlatform(hasOfdLocks: false),
            _ => new PortablePlatform(),
        };
        string path = _folder.With("a", new byte[512]);
        using LocalFile first = LocalFile.Open(path, FileAccessMode.ReadWrite, platform);
        using LocalFile second = LocalFile.Open(path, FileAccessMode.ReadWrite, platform);
        using (ImageLocks.Acquire([(first, LockRole.Reader)]))
        {
            ImageLocks.Acquire([(second, LockRole.Reader)]).Dispose();
            AssertLocked(path, (second, LockRole.Writer));
        }

        using (ImageLocks.Acquire([(first, LockRole.Writer)]))
        {
            AssertLocked(path, (second, LockRole.Writer));
            AssertLocked(path, (second, LockRole.Reader));
            ImageLocks.Acquire([(second, LockRole.Writer)], force: true).Dispose();
        }

        ImageLocks.Acquire([(second, LockRole.Writer)]).Dispose();
    }

    [Fact]
    public void ClosingTheFileGivesItsLocksBack()
    {
        string path = _folder.With("a", new byte[512]);
        LocalFile first = LocalFile.Open(path, FileAccessMode.ReadWrite);
        ImageLocks locks = ImageLocks.Acquire([(first, LockRole.Writer)]);
        first.Dispose();
        using LocalFile second = LocalFile.Open(path, FileAccessMode.ReadWrite);
        using ImageLocks again = ImageLocks.Acquire([(second, LockRole.Writer)]);
        locks.Dispose();
        using LocalFile third = LocalFile.Open(path, FileAccessMode.ReadWrite);
        AssertLocked(path, (third, LockRole.Writer));
    }

    [Fact]
    public void AllFilesAreLockedOrNone()
    {
        string[] paths = [_folder.With("a", []), _folder.With("b", []), _folder.With("c", [])];
        LocalFile[] mine = [.. paths.Select(path => LocalFile.Open(path, FileAccessMode.ReadWrite))];
        LocalFile[] theirs = [.. paths.Select(path => LocalFile.Open(path, FileAccessMode.ReadWrite))];
        LocalFile last = theirs.MaxBy(file => file.Identity.Inode)!;
        using (ImageLocks.Acquire([(last, LockRole.Writer)]))
        {
            AssertLocked(last.Path, [.. mine.Select(file => (file, LockRole.Writer))]);
            ImageLocks.Acquire(
                [.. theirs.Where(file => file != last).Select(file => (file, LockRole.Writer))]).Dispose();
        }

        ImageLocks.Acquire([.. mine.Select(file => (file, LockRole.Writer))]).Dispose();
        Array.ForEach(mine, file => file.Dispose());
        Array.ForEach(theirs, file => file.Dispose());
    }

    [Fact]
    public void AFileGivenForBothRolesIsLockedAsWriter()
    {
        string path = _folder.With("a", []);
        using LocalFile file = LocalFile.Open(path, FileAccessMode.ReadWrite);
        using LocalFile other = LocalFile.Open(path, FileAccessMode.ReadWrite);
        using ImageLocks locks = ImageLocks.Acquire([(file, LockRole.Writer), (file, LockRole.Reader)]);
        AssertLocked(path, (other, LockRole.Reader));
    }

    [Fact]
    public void AMemberOfAVmwareLockFolderKeepsWritersOut()
    {
        string path = _folder.With("a.vmdk", []);
        using LocalFile file = LocalFile.Open(path, FileAccessMode.ReadWrite);
        Directory.CreateDirectory(path + ".lck");
        ImageLocks.Acquire([(file, LockRole.Writer)]).Dispose();
        _folder.With("a.vmdk.lck/M31415.lck", "owner"u8);
        AssertLocked(path, (file, LockRole.Writer));
        ImageLocks.Acquire([(file, LockRole.Reader)]).Dispose();
        ImageLocks.Acquire([(file, LockRole.Writer)], force: true).Dispose();
        File.Delete(_folder["a.vmdk.lck/M31415.lck"]);
        ImageLocks.Acquire([(file, LockRole.Writer)]).Dispose();
    }

    [Fact]
    public void QemuThatWritesKeepsUsOutUnlessForced()
    {
        string path = NewImage();
        using LocalFile file = LocalFile.Open(path, FileAccessMode.ReadWrite);
        using (new QemuHolder(path, forWriting: true))
        {
            AssertLocked(path, (file, LockRole.Reader));
            AssertLocked(path, (file, LockRole.Writer));
            ImageLocks.Acquire([(file, LockRole.Reader)], force: true).Dispose();
        }

        ImageLocks.Acquire([(file, LockRole.Writer)]).Dispose();
    }

    [Fact]
    public void QemuThatReadsSharesWithOurReadersOnly()
    {
        string path = NewImage();
        using LocalFile file = LocalFile.Open(path, FileAccessMode.ReadWrite);
        using QemuHolder holder = new(path, forWriting: false);
        ImageLocks.Acquire([(file, LockRole.Reader)]).Dispose();
        AssertLocked(path, (file, LockRole.Writer));
    }

    [Fact]
    public void OurWriterKeepsQemuOut()
    {
        string path = NewImage();
        using LocalFile file = LocalFile.Open(path, FileAccessMode.ReadWrite);
        using (ImageLocks.Acquire([(file, LockRole.Writer)]))
        {
            AssertQemuRefused("qemu-io", "-f", "vmdk", "-c", "write 0 64k", path);
            AssertQemuRefused("qemu-io", "-r", "-f", "vmdk", "-c", "read 0 64k", path);
            Peer.RunOrFail("qemu-img", "info", "--force-share", path);
        }

        Peer.RunOrFail("qemu-io", "-f", "vmdk", "-c", "write 0 64k", path);
    }

    [Fact]
    public void OurReaderLetsQemuReadButNotWrite()
    {
        string path = NewImage();
        using LocalFile file = LocalFile.Open(path, FileAccessMode.Read);
        using ImageLocks locks = ImageLocks.Acquire([(file, LockRole.Reader)]);
        Peer.RunOrFail("qemu-io", "-r", "-f", "vmdk", "-c", "read 0 64k", path);
        AssertQemuRefused("qemu-io", "-f", "vmdk", "-c", "write 0 64k", path);
    }

    [Fact]
    public void OpeningAloneLocksNothing()
    {
        string path = NewImage();
        using LocalFile file = LocalFile.Open(path, FileAccessMode.ReadWrite);
        Peer.RunOrFail("qemu-io", "-f", "vmdk", "-c", "write 0 64k", path);
        Peer.RunOrFail("flock", "--nonblock", "--exclusive", path, "true");
    }

    static void AssertLocked(string path, params (LocalFile File, LockRole Role)[] files)
    {
        VmdkException fault = Assert.Throws<VmdkException>(() => ImageLocks.Acquire(files));
        Assert.Equal(VmdkErrorCode.Locked, fault.Code);
        Assert.Equal(path, fault.Path);
    }

    static void AssertQemuRefused(string program, params string[] arguments)
    {
        (int exitCode, string output) = Peer.Run(program, arguments);
        Assert.NotEqual(0, exitCode);
        Assert.Contains("lock", output, StringComparison.Ordinal);
    }

    string NewImage()
    {
        string path = _folder["disk.vmdk"];
        Peer.RunOrFail("qemu-img", "create", "-q", "-f", "vmdk", path, "16M");
        return path;
    }
}
