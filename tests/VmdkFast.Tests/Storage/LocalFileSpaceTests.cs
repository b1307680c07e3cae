using VmdkFast.Storage;
using VmdkFast.Tests.Support;
using Xunit;

namespace VmdkFast.Tests.Storage;

public sealed class LocalFileSpaceTests : IDisposable
{
    const int Mebibyte = 1 << 20;

    readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void GrowingNeverShortensAndTruncatingNeverLengthens()
    {
        using LocalFile file = LocalFile.CreateNew(_folder["a"]);
        file.Grow(5000);
        file.Grow(100);
        Assert.Equal(5000, file.LengthBytes);
        file.Truncate(9000);
        Assert.Equal(5000, file.LengthBytes);
        file.Truncate(300);
        Assert.Equal(300, file.LengthBytes);
        Assert.Equal(300, new FileInfo(_folder["a"]).Length);
    }

    [Fact]
    public void GrowingDoesNotCutWhatAnotherHasAppended()
    {
        string path = _folder.With("a", new byte[100]);
        using LocalFile file = LocalFile.Open(path, FileAccessMode.ReadWrite);
        File.AppendAllText(path, new string('x', 900));
        file.Grow(500);
        Assert.Equal(1000, new FileInfo(path).Length);
        Assert.Equal(1000, file.LengthBytes);
    }

    [Fact]
    public void GrowthNeverCutsWhatAnotherThreadAppendsMeanwhile()
    {
        using LocalFile file = LocalFile.CreateNew(_folder["a"]);
        const int Pieces = 20_000;
        const int StrideBytes = 64;
        bool done = false;
        Thread grower = new(() =>
        {
            while (!Volatile.Read(ref done))
            {
                file.Grow(file.LengthBytes + 1);
            }
        });
        grower.Start();
        List<long> places = [];
        for (int i = 0; i < Pieces; i++)
        {
            places.Add(file.LengthBytes + StrideBytes);
            file.Write([0xff], places[^1]);
        }

        Volatile.Write(ref done, true);
        grower.Join();
        byte[] all = File.ReadAllBytes(_folder["a"]);
        Assert.Equal(all.Length, file.LengthBytes);
        Assert.Equal(0, places.Count(place => all[place] != 0xff));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void APunchedRangeReadsAsZerosAndTheLengthStays(bool portable)
    {
        string path = _folder.With("a", LocalFileTests.Bytes(4 * Mebibyte));
        using LocalFile file = LocalFile.Open(
            path, FileAccessMode.ReadWrite, portable ? new PortablePlatform() : new LinuxPlatform());
        file.Barrier();
        using LocalFile judge = file.Reopen(FileAccessMode.Read);
        long allocatedBytes = judge.AllocatedBytes;
        file.PunchHole(Mebibyte + 10, 2 * Mebibyte);
        file.PunchHole((4 * Mebibyte) - 5, Mebibyte);
        file.PunchHole(5 * Mebibyte, Mebibyte);
        byte[] wanted = LocalFileTests.Bytes(4 * Mebibyte);
        wanted.AsSpan(Mebibyte + 10, 2 * Mebibyte).Clear();
        wanted.AsSpan(^5..).Clear();
        byte[] found = new byte[(4 * Mebibyte) + 1];
        Assert.Equal(4 * Mebibyte, judge.Read(found, 0));
        Assert.True(wanted.AsSpan().SequenceEqual(found.AsSpan(0, wanted.Length)));
        if (!portable)
        {
            Assert.InRange(file.AllocatedBytes, 1, allocatedBytes - (2 * Mebibyte) + (64 << 10));
        }
    }

    [Fact]
    public void DataIsFoundBetweenHoles()
    {
        using LocalFile file = LocalFile.CreateNew(_folder["a"]);
        file.Grow(100 * Mebibyte);
        Assert.Equal(new ByteRange(100 * Mebibyte, 100 * Mebibyte), file.NextData(0));
        file.Write(LocalFileTests.Bytes(65536), 10 * Mebibyte);
        file.Write(LocalFileTests.Bytes(65536), (100 * Mebibyte) - 65536);
        file.Barrier();
        ByteRange first = new(10 * Mebibyte, (10 * Mebibyte) + 65536);
        Assert.Equal(first, file.NextData(0));
        Assert.Equal(first, file.NextData(first.StartBytes));
        Assert.Equal(first with { StartBytes = first.StartBytes + 700 }, file.NextData(first.StartBytes + 700));
        ByteRange last = new((100 * Mebibyte) - 65536, 100 * Mebibyte);
        Assert.Equal(last, file.NextData(first.EndBytes));
        Assert.Equal(new ByteRange(100 * Mebibyte, 100 * Mebibyte), file.NextData(100 * Mebibyte));
        Assert.Equal(new ByteRange(100 * Mebibyte, 100 * Mebibyte), file.NextData(200 * Mebibyte));
    }

    [Fact]
    public void WhereHolesCannotBeFoundEverythingIsData()
    {
        using LocalFile file = LocalFile.Open(
            _folder.With("a", new byte[5000]), FileAccessMode.Read, new PortablePlatform());
        Assert.Equal(new ByteRange(100, 5000), file.NextData(100));
        Assert.Equal(new ByteRange(5000, 5000), file.NextData(5000));
    }

    [Fact]
    public void ABlockDeviceHasASizeAndKeepsIt()
    {
        using LoopDevice device = LoopDevice.OrSkip(_folder.With("a", LocalFileTests.Bytes(8 * Mebibyte)));
        using LocalFile file = LocalFile.Open(device.Path, FileAccessMode.ReadWrite);
        Assert.True(file.IsBlockDevice);
        Assert.Equal(8 * Mebibyte, file.LengthBytes);
        Assert.Equal(new ByteRange(512, 8 * Mebibyte), file.NextData(512));
        file.PunchHole(Mebibyte, Mebibyte + 512);
        byte[] wanted = LocalFileTests.Bytes(8 * Mebibyte);
        wanted.AsSpan(Mebibyte, Mebibyte + 512).Clear();
        byte[] found = new byte[8 * Mebibyte];
        Assert.Equal(found.Length, file.Read(found, 0));
        Assert.True(wanted.AsSpan().SequenceEqual(found));
        Assert.Equal(
            VmdkErrorCode.InputOutput, Assert.Throws<VmdkException>(() => file.Grow(9 * Mebibyte)).Code);
        Assert.Equal(
            VmdkErrorCode.InputOutput, Assert.Throws<VmdkException>(() => file.Truncate(Mebibyte)).Code);
        Assert.Equal(
            VmdkErrorCode.ReferenceRefused,
            Assert.Throws<VmdkException>(() => LocalFile.OpenReferenced(device.Path, FileAccessMode.Read)).Code);
    }

    [Fact]
    public void ABarrierOnADeviceThatLosesDataThrows()
    {
        // A device whose backing store is full takes writes into the page cache and fails when they are flushed.
        string store = Directory.CreateDirectory(_folder["store"]).FullName;
        (int exitCode, string output) = Peer.Run("mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", store);
        Assert.SkipUnless(exitCode == 0, "Mounting needs privileges: " + output);
        try
        {
            string backing = Path.Combine(store, "a");
            using (FileStream stream = File.Create(backing))
            {
                stream.SetLength(64 * Mebibyte);
            }

            using LoopDevice device = LoopDevice.OrSkip(backing);
            using LocalFile file = LocalFile.Open(device.Path, FileAccessMode.ReadWrite);
            file.Write(LocalFileTests.Bytes(8 * Mebibyte), 0);
            VmdkException fault = Assert.Throws<VmdkException>(file.Barrier);
            Assert.Equal(VmdkErrorCode.InputOutput, fault.Code);
        }
        finally
        {
            Peer.RunOrFail("umount", "-l", store);
        }
    }
}
