using VmdkFast.Storage;
using VmdkFast.Tests.Support;
using Xunit;

namespace VmdkFast.Tests.Writing;

/// <summary>What a writer is told when something fails, and what it can do then.</summary>
public sealed class WriteFailureTests
{
    const int GrainBytes = 1 << 16;
    const long LengthBytes = 64 * GrainBytes;
    const long HostedMark = 72;

    [Fact]
    public async Task ARangeOutsideTheDiskIsRefusedAndNothingIsWritten()
    {
        using var folder = new TempFolder();
        string path = Make(folder);
        byte[] before = File.ReadAllBytes(path);
        using (VmdkDisk disk = Writable.Open(path))
        {
            byte[] bytes = new byte[1024];
            foreach (long offset in new[] { -1, LengthBytes - 1023, LengthBytes, LengthBytes + 1, long.MaxValue })
            {
                Assert.Throws<ArgumentOutOfRangeException>(() => disk.Write(bytes, offset));
                await Assert.ThrowsAsync<ArgumentOutOfRangeException>(
                    async () => await disk.WriteAsync(bytes, offset, false, TestContext.Current.CancellationToken));
                Assert.Throws<ArgumentOutOfRangeException>(() => disk.WriteZeroes(offset, 1024));
                Assert.Throws<ArgumentOutOfRangeException>(() => disk.Discard(offset, 1024));
            }

            Assert.Throws<ArgumentOutOfRangeException>(() => disk.WriteZeroes(0, LengthBytes + 1));
            Assert.Throws<ArgumentOutOfRangeException>(() => disk.Discard(0, -1));
        }

        Assert.Equal(before, File.ReadAllBytes(path));
    }

    [Fact]
    public async Task ADiskOpenedForReadingIsNotWritten()
    {
        using var folder = new TempFolder();
        string path = Make(folder);
        using VmdkDisk disk = VmdkDisk.Open(path);
        Assert.Throws<InvalidOperationException>(() => disk.Write(new byte[1], 0));
        Assert.Throws<InvalidOperationException>(() => disk.WriteZeroes(0, 1));
        Assert.Throws<InvalidOperationException>(() => disk.Discard(0, 1));
        await Assert.ThrowsAsync<InvalidOperationException>(
            async () => await disk.WriteAsync(new byte[1], 0, false, TestContext.Current.CancellationToken));
        disk.Flush();
        await using Stream stream = disk.OpenStream();
        Assert.False(stream.CanWrite);
        Assert.Throws<NotSupportedException>(() => stream.WriteByte(1));
    }

    [Fact]
    public async Task AClosedDiskIsNotWritten()
    {
        using var folder = new TempFolder();
        VmdkDisk disk = Writable.Open(Make(folder));
        disk.Write([1], 0);
        await disk.DisposeAsync();

        Assert.Equal(VmdkDiskState.Closed, disk.State);
        Assert.Throws<ObjectDisposedException>(() => disk.Write(new byte[1], 0));
        Assert.Throws<ObjectDisposedException>(() => disk.WriteZeroes(0, 1));
        Assert.Throws<ObjectDisposedException>(disk.Flush);
        disk.Dispose();
    }

    [Fact]
    public async Task ACancelledWriteChangesNothing()
    {
        using var folder = new TempFolder();
        string path = Make(folder);
        byte[] before = File.ReadAllBytes(path);
        var cancelled = new CancellationToken(canceled: true);
        using (VmdkDisk disk = Writable.Open(path))
        {
            await Assert.ThrowsAnyAsync<OperationCanceledException>(
                async () => await disk.WriteAsync(new byte[1], 0, false, cancelled));
            await Assert.ThrowsAnyAsync<OperationCanceledException>(() => disk.WriteZeroesAsync(0, 1, cancelled));
            await Assert.ThrowsAnyAsync<OperationCanceledException>(() => disk.DiscardAsync(0, 1, cancelled));
            await Assert.ThrowsAnyAsync<OperationCanceledException>(() => disk.FlushAsync(cancelled));
        }

        Assert.Equal(before, File.ReadAllBytes(path));
    }

    [Fact]
    public async Task AfterAFailedBarrierNothingIsWrittenAndReadsGoOn()
    {
        using var folder = new TempFolder();
        string path = Make(folder);
        (VmdkDisk disk, FaultyFile file) = Writable.Open(path, inner => new FaultyFile(inner));
        disk.Write(Writable.Filled(100, 7), 10 * GrainBytes);
        file.FailingBarriers = 1;

        IsLost(disk.Flush);

        Assert.Equal(VmdkDiskState.DurabilityLost, disk.State);
        IsLost(disk.Flush);
        IsLost(() => disk.Write([1], 0));
        IsLost(() => disk.WriteZeroes(0, 1));
        IsLost(() => disk.Discard(0, GrainBytes));
        VmdkException later = await Assert.ThrowsAsync<VmdkException>(
            async () => await disk.WriteAsync(new byte[1], 0, true, TestContext.Current.CancellationToken));
        Assert.Equal(VmdkErrorCode.DurabilityLost, later.Code);
        Writable.Holds(disk, 10 * GrainBytes, 100, 7);
        disk.Dispose();

        // The table was never written, and the mark tells the next open.
        Assert.Equal(1, Patch.ReadBytes(path, HostedMark, 1)[0]);
        using VmdkDisk again = Writable.Open(path);
        Assert.Equal(VmdkDiskState.Open, again.State);
        Writable.Holds(again, 10 * GrainBytes, 100, 0);
        again.Write([1], 0);
        again.Flush();
    }

    [Fact]
    public void ADurableWriteWhoseBarrierFailsThrows()
    {
        using var folder = new TempFolder();
        (VmdkDisk disk, FaultyFile file) = Writable.Open(Make(folder), inner => new FaultyFile(inner));
        using (disk)
        {
            disk.Write([1], 0);
            file.FailingBarriers = 1;
            IsLost(() => disk.Write([2], 0, durable: true));
        }
    }

    [Fact]
    public void AStreamsDisposeNeverHidesAFailedFlush()
    {
        using var folder = new TempFolder();
        (VmdkDisk disk, FaultyFile file) = Writable.Open(Make(folder), inner => new FaultyFile(inner));
        using (disk)
        {
            Stream stream = disk.OpenStream();
            stream.Position = 10 * GrainBytes;
            stream.Write([1, 2, 3]);
            Assert.Equal((10 * GrainBytes) + 3, stream.Position);
            file.FailingBarriers = 1;

            IsLost(stream.Dispose);

            stream.Dispose();
            Assert.False(stream.CanWrite);
        }
    }

    [Fact]
    public void ADisksDisposeNeverHidesAFailedFlush()
    {
        using var folder = new TempFolder();
        (VmdkDisk disk, FaultyFile file) = Writable.Open(Make(folder), inner => new FaultyFile(inner));
        disk.Write([1], 10 * GrainBytes);
        file.FailingBarriers = 1;

        IsLost(disk.Dispose);

        disk.Dispose();
        Assert.Equal(VmdkDiskState.Closed, disk.State);
        Assert.Equal(0, OpenHandles.CountBelow(folder.Path));
    }

    [Fact]
    public async Task AStreamWritesAndReadsWhatItWrote()
    {
        using var folder = new TempFolder();
        string path = Make(folder);
        var cancellation = TestContext.Current.CancellationToken;
        await using (VmdkDisk disk = Writable.Open(path))
        await using (Stream stream = disk.OpenStream())
        {
            Assert.True(stream.CanWrite);
            stream.Seek(-5, SeekOrigin.End);
            await stream.WriteAsync(new byte[] { 1, 2, 3, 4, 5 }, cancellation);
            Assert.Equal(stream.Length, stream.Position);
            Assert.Throws<ArgumentOutOfRangeException>(() => stream.WriteByte(6));
            Assert.Throws<NotSupportedException>(() => stream.SetLength(1));
            stream.Position = 9 * GrainBytes;
            stream.Write(Writable.Filled(10, 9), 2, 3);
            await stream.FlushAsync(cancellation);
        }

        using VmdkDisk again = VmdkDisk.Open(path);
        Assert.Equal([1, 2, 3, 4, 5], Writable.Read(again, LengthBytes - 5, 5));
        Assert.Equal([9, 9, 9, 0], Writable.Read(again, 9 * GrainBytes, 4));
    }

    [Fact]
    public void AFullDeviceInTheMiddleOfAnAllocationLeavesAUsableDisk()
    {
        using var folder = new TempFolder();
        string path = Make(folder);
        (VmdkDisk disk, ShortFile file) = Writable.Open(path, inner => new ShortFile(inner));
        using (disk)
        {
            disk.Write([1], 0);
            file.IsFull = true;
            Refused(() => disk.Write(Writable.Filled(GrainBytes, 0xbb), 10 * GrainBytes));
            Refused(() => disk.Write(Writable.Filled(3 * GrainBytes, 0xbb), 20 * GrainBytes));
            Writable.Holds(disk, 10 * GrainBytes, 20 * GrainBytes, 0);
            Assert.Equal(VmdkDiskState.Open, disk.State);
            file.IsFull = false;

            // The places are used again; half of what failed is still there.
            disk.Write([5], (10 * GrainBytes) + 40_000);
            disk.Write([6], (22 * GrainBytes) + 10);
            AreAlone(disk);
        }

        Writable.QemuAccepts(path);
        using VmdkDisk again = VmdkDisk.Open(path);
        AreAlone(again);
    }

    [Fact]
    public void AFlushWhoseTablesCannotBeWrittenCanBeTriedAgain()
    {
        using var folder = new TempFolder();
        string path = Make(folder);
        (VmdkDisk disk, ShortFile file) = Writable.Open(path, inner => new ShortFile(inner));
        using (disk)
        {
            disk.Write(Writable.Filled(GrainBytes, 0x44), 10 * GrainBytes);
            file.IsFull = true;
            Refused(disk.Flush);
            Refused(disk.Flush);
            Assert.Equal(VmdkDiskState.Open, disk.State);
            file.IsFull = false;
            disk.Flush();
            using VmdkDisk reader = VmdkDisk.Open(path, new VmdkOpenOptions { ForceShare = true });
            Writable.Holds(reader, 10 * GrainBytes, GrainBytes, 0x44);
        }

        Writable.QemuAccepts(path);
    }

    [Fact]
    public void ClosingOnAFullDeviceSaysSoAndLeavesTheMark()
    {
        using var folder = new TempFolder();
        string path = Make(folder);
        (VmdkDisk disk, ShortFile file) = Writable.Open(path, inner => new ShortFile(inner));
        disk.Write([1], 0);
        disk.Flush();
        disk.Write(Writable.Filled(GrainBytes, 0x44), 10 * GrainBytes);
        file.IsFull = true;

        Refused(disk.Dispose);

        disk.Dispose();
        Assert.Equal(0, OpenHandles.CountBelow(folder.Path));
        Assert.Equal(1, Patch.ReadBytes(path, HostedMark, 1)[0]);
        using VmdkDisk again = Writable.Open(path);
        Writable.Holds(again, 0, 1, 1);
        again.Write([2], 10 * GrainBytes);
    }

    [Fact]
    public void ATableThatCannotBeMadeIsMadeByTheNextWriter()
    {
        using var folder = new TempFolder();
        string path = CowdImage.WriteBare(folder.Path, "disk", new GuestContent(LengthBytes));
        (VmdkDisk disk, ShortFile file) = Writable.Open(path, inner => new ShortFile(inner));
        using (disk)
        {
            disk.Write([1], 0);
            file.IsFull = true;
            Refused(() => disk.Write([2], 40 * GrainBytes));
            file.IsFull = false;
            disk.Write([3], (40 * GrainBytes) + 512);
        }

        using VmdkDisk again = VmdkDisk.Open(path);
        Writable.Holds(again, 40 * GrainBytes, 512, 0);
        Writable.Holds(again, (40 * GrainBytes) + 512, 1, 3);
    }

    [Fact]
    public void AnExtentThatIsNotWritableIsRefusedAndTheOthersAreWritten()
    {
        using var folder = new TempFolder();
        GuestContent content = new GuestContent(3 << 20).Fill(0, 2 << 20, ContentPattern.Stamp);
        string path = DescriptorImage.Write(folder.Path, "disk", "custom", content,
        [
            new FlatExtent { Sectors = 2048 },
            new SparseExtent { Sectors = 2048, Access = "RDONLY" },
            new ZeroExtent { Sectors = 2048 },
        ]);
        byte[] before = File.ReadAllBytes(path);
        using (VmdkDisk disk = Writable.Open(path))
        {
            foreach (long offset in new[] { 1 << 20, (2 << 20) + 5 })
            {
                var refusal = Assert.Throws<VmdkException>(() => disk.Write(new byte[10], offset));
                Assert.Equal(VmdkErrorCode.AccessRefused, refusal.Code);
                refusal = Assert.Throws<VmdkException>(() => disk.WriteZeroes(offset, 10));
                Assert.Equal(VmdkErrorCode.AccessRefused, refusal.Code);
            }

            Assert.Equal(before, File.ReadAllBytes(path));
            disk.Write([3], 0);
        }

        content.Write(0, [3]);
        DiskAssert.Holds(content, path);
    }

    static string Make(TempFolder folder) =>
        SparseImage.Write(
            folder.Path, "disk", new GuestContent(LengthBytes).Fill(0, 8 * GrainBytes, ContentPattern.Stamp));

    static void AreAlone(VmdkDisk disk)
    {
        byte[] bytes = Writable.Read(disk, 10 * GrainBytes, 20 * GrainBytes);
        Assert.Equal((5, 6), (bytes[40_000], bytes[(12 * GrainBytes) + 10]));
        bytes[40_000] = 0;
        bytes[(12 * GrainBytes) + 10] = 0;
        Assert.Equal(-1, bytes.AsSpan().IndexOfAnyExcept((byte)0));
    }

    static void IsLost(Action action) =>
        Assert.Equal(VmdkErrorCode.DurabilityLost, Assert.Throws<VmdkException>(action).Code);

    static void Refused(Action action) =>
        Assert.Equal(VmdkErrorCode.InputOutput, Assert.Throws<VmdkException>(action).Code);

    /// <summary>A device that fills up: half of a write arrives, then it fails.</summary>
    sealed class ShortFile(ImageFile inner) : WrappingFile(inner)
    {
        internal bool IsFull { get; set; }

        internal override void Write(ReadOnlySpan<byte> source, long offsetBytes)
        {
            if (IsFull)
            {
                base.Write(source[..(source.Length / 2)], offsetBytes);
                throw new VmdkException(
                    VmdkErrorCode.InputOutput, Path, "write failed", offsetBytes, found: "No space left (28)");
            }

            base.Write(source, offsetBytes);
        }
    }
}
