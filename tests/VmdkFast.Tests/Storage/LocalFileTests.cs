using System.IO.Pipes;
using System.Net.Sockets;
using Microsoft.Win32.SafeHandles;
using VmdkFast.Storage;
using VmdkFast.Tests.Support;
using Xunit;

namespace VmdkFast.Tests.Storage;

public sealed class LocalFileTests : IDisposable
{
    readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void AReadIsFullUpToTheEndAndShortOnlyThere()
    {
        byte[] content = Bytes(10_000);
        using LocalFile file = LocalFile.Open(_folder.With("a", content), FileAccessMode.Read);
        byte[] read = new byte[4096];
        Assert.Equal(4096, file.Read(read, 100));
        Assert.Equal(content[100..4196], read);
        Assert.Equal(1000, file.Read(read, 9000));
        Assert.Equal(content[9000..], read[..1000]);
        Assert.Equal(0, file.Read(read, 10_000));
        Assert.Equal(0, file.Read(read, 1L << 50));
        Assert.Equal(10_000, file.LengthBytes);
    }

    [Fact]
    public void AReadAllocatesNothing()
    {
        using LocalFile file = LocalFile.Open(_folder.With("a", Bytes(1 << 16)), FileAccessMode.Read);
        byte[] read = new byte[4096];

        long leastBytes = Allocated.LeastBytes(() =>
        {
            for (int i = 0; i < 1000; i++)
            {
                file.Read(read, i * 32);
                file.TryReadWithoutWaiting(read, i * 32);
            }
        });

        Assert.Equal(0, leastBytes);
    }

    [Fact]
    public void AWriteBeyondTheEndGrowsTheFile()
    {
        string path = _folder.With("a", []);
        using LocalFile file = LocalFile.Open(path, FileAccessMode.ReadWrite);
        file.Write(Bytes(700), 5000);
        Assert.Equal(5700, file.LengthBytes);
        Assert.Equal(new byte[5000].Concat(Bytes(700)), File.ReadAllBytes(path));
    }

    [Fact]
    public void AFileOpenedForReadingRefusesEveryChange()
    {
        using LocalFile file = LocalFile.Open(_folder.With("a", Bytes(512)), FileAccessMode.Read);
        Assert.False(file.CanWrite);
        Assert.Throws<InvalidOperationException>(() => file.Write(Bytes(1), 0));
        Assert.Throws<InvalidOperationException>(() => file.Grow(1000));
        Assert.Throws<InvalidOperationException>(() => file.Truncate(1));
        Assert.Throws<InvalidOperationException>(() => file.PunchHole(0, 512));
    }

    [Fact]
    public void AWriteThatTheSystemRefusesSaysWhereAndWhy()
    {
        using LocalFile file = LocalFile.Open(_folder.With("a", Bytes(512)), FileAccessMode.ReadWrite);
        long offsetBytes = long.MaxValue - 4096;
        VmdkException fault = Assert.Throws<VmdkException>(() => file.Write(Bytes(512), offsetBytes));
        Assert.Equal(VmdkErrorCode.InputOutput, fault.Code);
        Assert.Equal(offsetBytes, fault.OffsetBytes);
        Assert.Contains("File too large (27)", fault.Message, StringComparison.Ordinal);
        Assert.Equal(512, file.LengthBytes);
    }

    [Fact]
    public void AMissingFileIsReportedAsMissing()
    {
        Assert.Equal(VmdkErrorCode.FileMissing, OpenFault(_folder["none"]));
        Assert.Equal(VmdkErrorCode.FileMissing, OpenFault(Path.Combine(_folder.With("a", []), "beneath")));
    }

    [Fact]
    public void AFileWithoutPermissionIsReportedAsRefused()
    {
        string path = _folder.With("a", []);
        Peer.RunOrFail("chmod", "000", path);
        int before = TestCalls.SetFileUser(65534);
        try
        {
            Assert.Equal(VmdkErrorCode.AccessRefused, OpenFault(path));
        }
        finally
        {
            _ = TestCalls.SetFileUser((uint)before);
        }
    }

    [Fact]
    public async Task WhatIsNeitherFileNorDiskIsRefusedAtOnce()
    {
        string fifo = _folder["fifo"];
        Assert.Equal(0, TestCalls.MakeFifo(fifo, 0x1a4));
        using Socket socket = new(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        socket.Bind(new UnixDomainSocketEndPoint(_folder["socket"]));
        string[] paths = [fifo, _folder["socket"], _folder.Path, "/dev/null"];
        foreach (string path in paths)
        {
            foreach (FileAccessMode mode in Enum.GetValues<FileAccessMode>())
            {
                Task<VmdkErrorCode> opening = Task.Run(
                    () => OpenFault(path, mode), TestContext.Current.CancellationToken);
                Assert.Equal(VmdkErrorCode.NotVmdk, await opening.WaitAsync(
                    TimeSpan.FromSeconds(30), TestContext.Current.CancellationToken));
            }
        }
    }

    [Fact]
    public void APathWithNulIsTheCallersFault()
    {
        Assert.Throws<ArgumentException>(() => LocalFile.Open("a\0b", FileAccessMode.Read));
        Assert.Throws<ArgumentException>(() => LocalFile.Open("", FileAccessMode.Read));
    }

    [Fact]
    public void TwoNamesOfOneFileHaveOneIdentity()
    {
        string path = _folder.With("a", Bytes(10));
        File.CreateSymbolicLink(_folder["symbolic"], path);
        Assert.Equal(0, TestCalls.Link(path, _folder["hard"]));
        using LocalFile file = LocalFile.Open(path, FileAccessMode.Read);
        using LocalFile symbolic = LocalFile.Open(_folder["symbolic"], FileAccessMode.Read);
        using LocalFile hard = LocalFile.Open(_folder["hard"], FileAccessMode.Read);
        using LocalFile other = LocalFile.Open(_folder.With("b", Bytes(10)), FileAccessMode.Read);
        Assert.Equal(file.Identity, symbolic.Identity);
        Assert.Equal(file.Identity, hard.Identity);
        Assert.NotEqual(file.Identity, other.Identity);
        Assert.Equal(2, file.RefreshStatus().LinkCount);
    }

    [Fact]
    public void ReopeningLeadsToTheSameFileThoughItsNameIsTaken()
    {
        string path = _folder.With("a", "old"u8);
        using LocalFile file = LocalFile.Open(path, FileAccessMode.Read);
        File.Move(path, _folder["moved"]);
        _folder.With("a", "new"u8);
        using LocalFile again = file.Reopen(FileAccessMode.ReadWrite);
        Assert.Equal(file.Identity, again.Identity);
        again.Write("OLD"u8, 0);
        Assert.Equal("OLD", File.ReadAllText(_folder["moved"]));
    }

    [Fact]
    public void CreatingNeverTouchesWhatExists()
    {
        string path = _folder.With("a", Bytes(10));
        VmdkException fault = Assert.Throws<VmdkException>(() => LocalFile.CreateNew(path));
        Assert.Equal(VmdkErrorCode.TargetRefused, fault.Code);
        Assert.Equal(Bytes(10), File.ReadAllBytes(path));
        File.CreateSymbolicLink(_folder["dangling"], _folder["elsewhere"]);
        Assert.Throws<VmdkException>(() => LocalFile.CreateNew(_folder["dangling"]));
        Assert.False(File.Exists(_folder["elsewhere"]));
        using LocalFile created = LocalFile.CreateNew(_folder["b"]);
        Assert.True(created.CanWrite);
        Assert.Equal(0, created.LengthBytes);
    }

    [Fact]
    public void StatusTellsThatAnotherHasChangedTheFile()
    {
        string path = _folder.With("a", Bytes(1000));
        using LocalFile file = LocalFile.Open(path, FileAccessMode.Read);
        FileStatus before = file.RefreshStatus();
        Assert.Equal(before, file.RefreshStatus());
        File.SetLastWriteTimeUtc(path, DateTime.UnixEpoch.AddTicks(15_000_000_123));
        FileStatus touched = file.RefreshStatus();
        Assert.Equal(1_500_000_012_300, touched.ModifiedNanoseconds);
        Assert.NotEqual(before, touched);
        File.AppendAllText(path, "more");
        Assert.Equal(1000, file.LengthBytes);
        Assert.Equal(1004, file.RefreshStatus().LengthBytes);
        Assert.Equal(1004, file.LengthBytes);
    }

    [Fact]
    public void ADisposedFileIsNotReadThroughAReusedDescriptor()
    {
        LocalFile file = LocalFile.Open(_folder.With("a", Bytes(10)), FileAccessMode.Read);
        file.Dispose();
        using LocalFile other = LocalFile.Open(_folder.With("b", Bytes(10)), FileAccessMode.Read);
        Assert.Throws<ObjectDisposedException>(() => file.Read(new byte[10], 0));
        Assert.Throws<ObjectDisposedException>(() => file.TryReadWithoutWaiting(new byte[10], 0));
        Assert.Throws<ObjectDisposedException>(file.Barrier);
    }

    [Fact]
    public void AColdReadIsRefusedWithoutWaitingAndAWarmOneServed()
    {
        byte[] content = Bytes(1 << 20);
        string path = _folder.With("a", content);
        using LocalFile file = LocalFile.Open(path, FileAccessMode.ReadWrite);
        file.Barrier();
        using SafeFileHandle handle = File.OpenHandle(path);
        byte[] read = new byte[4096];

        // The kernel drops pages only when nothing holds them at that moment, so it may have to be asked again.
        bool refused = false;
        for (int tries = 0; tries < 500 && !refused; tries++)
        {
            const int NotNeeded = 4;
            Assert.Equal(0, TestCalls.Advise(handle, 0, 0, NotNeeded));
            refused = !file.TryReadWithoutWaiting(read, 512 << 10);
            Thread.Sleep(refused ? 0 : 10);
        }

        Assert.True(refused);
        Assert.Equal(4096, file.Read(read, 512 << 10));
        Array.Clear(read);
        Assert.True(file.TryReadWithoutWaiting(read, 512 << 10));
        Assert.Equal(content[(512 << 10)..][..4096], read);
        Assert.False(file.TryReadWithoutWaiting(read, content.Length - 100));
    }

    [Fact]
    public void ABarrierThatTheSystemFailsThrows()
    {
        using AnonymousPipeServerStream pipe = new();
        using SafeFileHandle handle = new(pipe.SafePipeHandle.DangerousGetHandle(), ownsHandle: false);
        foreach (Platform platform in (Platform[])[new LinuxPlatform(), new PortablePlatform()])
        {
            VmdkException fault = Assert.Throws<VmdkException>(() => platform.Barrier(handle, "pipe"));
            Assert.Equal(VmdkErrorCode.InputOutput, fault.Code);
            Assert.Contains("Invalid argument (22)", fault.Message, StringComparison.Ordinal);
        }
    }

    internal static byte[] Bytes(int count)
    {
        byte[] bytes = new byte[count];
        new Random(count).NextBytes(bytes);
        return bytes;
    }

    static VmdkErrorCode OpenFault(string path, FileAccessMode mode = FileAccessMode.Read) =>
        Assert.Throws<VmdkException>(() => LocalFile.Open(path, mode)).Code;
}
