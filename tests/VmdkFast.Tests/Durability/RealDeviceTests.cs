using VmdkFast.Tests.Support;
using Xunit;

namespace VmdkFast.Tests.Durability;

/// <summary>The system's own failures, not injected ones: a file system or a device without room.</summary>
public sealed class RealDeviceTests
{
    const int GrainSectors = 128;
    const int GrainBytes = GrainSectors * Sector.Bytes;
    const long DiskBytes = 8L << 20;

    static readonly VmdkOpenOptions s_writing = new() { Access = VmdkOpenAccess.ReadWrite };

    [Fact]
    public void AFullFileSystemFailsTheRequestAndTheDiskGoesOn()
    {
        using var small = new SmallFileSystem(2 << 20);
        string path = SparseImage.Write(small.Path, "disk", new GuestContent(DiskBytes));
        int stored = 0;
        using (VmdkDisk disk = VmdkDisk.Open(path, s_writing))
        {
            disk.Write(Filled(1), 0);
            disk.Flush();
            VmdkException? full = null;
            while (full is null)
            {
                stored++;
                full = (VmdkException?)Record.Exception(
                    () => disk.Write(Filled(stored + 1), (long)stored * GrainBytes));
            }

            Assert.Equal(VmdkErrorCode.InputOutput, full.Code);
            Assert.Contains("28", full.Found, StringComparison.Ordinal);
            Assert.InRange(stored, 8, 32);

            // What has its place already can be written, and all that was written can be read.
            disk.Write(Filled(99), 0);
            AssertFilled(disk, 0, 99);
            AssertFilled(disk, stored - 1, (byte)stored);

            small.Enlarge(16 << 20);
            disk.Write(Filled((byte)(stored + 1)), (long)stored * GrainBytes);
            disk.Flush();
        }

        using VmdkDisk again = VmdkDisk.Open(path);
        AssertFilled(again, 0, 99);
        for (int grain = 1; grain <= stored; grain++)
        {
            AssertFilled(again, grain, (byte)(grain + 1));
        }

        Assert.Equal(0, QemuImg.Check(path).ExitCode);
    }

    [Fact]
    public void ABarrierThatReallyFailsIsReportedAndNeverTriedAgain()
    {
        const int FlushedGrain = 1;
        const int FirstLostGrain = 16;
        const int LostGrains = 64;
        using var device = new FailingDevice(sizeBytes: 16 << 20, roomBytes: 2 << 20);
        CopyTables(device.Path);
        using (VmdkDisk disk = VmdkDisk.Open(device.Path, s_writing))
        {
            disk.Write(Filled(1), FlushedGrain * GrainBytes);
            disk.Flush();
            for (int grain = FirstLostGrain; grain < FirstLostGrain + LostGrains; grain++)
            {
                disk.Write(Filled(2), grain * GrainBytes);
            }

            // The device takes less than that. The system says so once; for us it has said it for good.
            Assert.Equal(VmdkErrorCode.DurabilityLost, Assert.Throws<VmdkException>(disk.Flush).Code);
            device.Enlarge(64 << 20);
            Assert.Equal(VmdkErrorCode.DurabilityLost, Assert.Throws<VmdkException>(disk.Flush).Code);
            Assert.Equal(
                VmdkErrorCode.DurabilityLost,
                Assert.Throws<VmdkException>(() => disk.Write(Filled(3), FlushedGrain * GrainBytes)).Code);
            AssertFilled(disk, FlushedGrain, 1);
            Record.Exception(disk.Dispose);
        }

        // Past the page cache, as after a restart of the machine.
        Peer.RunOrFail("blockdev", "--flushbufs", device.Path);
        using (VmdkDisk again = VmdkDisk.Open(device.Path, s_writing))
        {
            AssertFilled(again, FlushedGrain, 1);
            for (int grain = FirstLostGrain; grain < FirstLostGrain + LostGrains; grain++)
            {
                byte[] bytes = Read(again, grain);
                Assert.Equal(-1, bytes.AsSpan().IndexOfAnyExcept((byte)0, (byte)2));
                again.Write(Filled(2), grain * GrainBytes);
            }

            again.Flush();
        }

        Peer.RunOrFail("blockdev", "--flushbufs", device.Path);
        using VmdkDisk last = VmdkDisk.Open(device.Path);
        AssertFilled(last, FirstLostGrain + LostGrains - 1, 2);
    }

    // An image with all its grains mapped, of which the device has only the front: the rest are holes of zeros.
    static void CopyTables(string device)
    {
        using var folder = new ScratchFolder();
        var content = new GuestContent(DiskBytes).Fill(0, DiskBytes, ContentPattern.Stamp);
        string image = SparseImage.Write(folder.Path, "disk", content);
        byte[] front = Patch.ReadBytes(image, 0, GrainBytes);
        using var target = new FileStream(device, FileMode.Open, FileAccess.Write);
        target.Write(front);
        target.Flush();
        Peer.RunOrFail("sync", device);
    }

    static byte[] Filled(int value)
    {
        byte[] bytes = new byte[GrainBytes];
        bytes.AsSpan().Fill((byte)value);
        return bytes;
    }

    static byte[] Read(VmdkDisk disk, int grain)
    {
        byte[] bytes = new byte[GrainBytes];
        Assert.Equal(GrainBytes, disk.Read(bytes, (long)grain * GrainBytes));
        return bytes;
    }

    static void AssertFilled(VmdkDisk disk, int grain, byte value) =>
        Assert.Equal(-1, Read(disk, grain).AsSpan().IndexOfAnyExcept(value));
}
