using System.IO.Compression;
using VmdkFast.Tests.Support;
using Xunit;

namespace VmdkFast.Tests.Reading;

/// <summary>Grains up to 1 GiB, stored as they are and compressed; nothing of their size is held in memory.</summary>
public sealed class GiantGrainTests
{
    const long Gibi = 1L << 30;
    const int GrainSectors = 0x20_0000;
    const int FirstGrainSector = 128;
    const int Backwards = 100;

    static readonly HostedHeader s_header = new()
    {
        CapacitySectors = (ulong)(3 * Gibi / 512) - 1,
        GrainSectors = GrainSectors,
        DirectorySector = 1,
        OverheadSectors = FirstGrainSector,
    };

    [Fact]
    public void StoredGrainsOfOneGibibyteAreRead()
    {
        using var folder = new TempFolder();
        string path = folder["disk.vmdk"];
        byte[] data = new GuestContent(8192).Fill(0, 8192, ContentPattern.Random).Read(0, 8192);
        using (var file = new SectorFile(path))
        {
            WriteFront(file, s_header, [FirstGrainSector, 0, FirstGrainSector + GrainSectors]);
            file.SetLength((FirstGrainSector * 512L) + (2 * Gibi));
            file.WriteBytes((FirstGrainSector * 512L) + Gibi - 4096, data);
        }

        using var disk = VmdkDisk.Open(path);

        Assert.Equal(data[..4096], Read(disk, Gibi - 4096, 4096));
        Assert.Equal(new byte[8192], Read(disk, Gibi, 8192));
        Assert.Equal(data[4096..], Read(disk, 2 * Gibi, 4096));
        Assert.Equal([.. data[..4096], .. new byte[4096]], Read(disk, Gibi - 4096, 8192));
    }

    [Fact]
    public void CompressedGrainsOfOneGibibyteAreReadInBoundedMemory()
    {
        using var folder = new TempFolder();
        string path = folder["disk.vmdk"];
        byte[] data = new GuestContent(8192).Fill(0, 8192, ContentPattern.Random).Read(0, 8192);
        WriteCompressed(path, data);
        using var disk = VmdkDisk.Open(path);
        long before = GC.GetAllocatedBytesForCurrentThread();

        byte[] start = Read(disk, 0, 8192);
        byte[] middle = Read(disk, Gibi / 2, 8192);
        byte[] end = Read(disk, Gibi - 4096, 8192);
        byte[] behind = Read(disk, Gibi / 4, 4096);

        Assert.Equal(data, start);
        Assert.Equal(new byte[8192], middle);
        Assert.Equal([.. data[4096..], .. new byte[4096]], end);
        Assert.Equal(new byte[4096], behind);
        Assert.True(GC.GetAllocatedBytesForCurrentThread() - before < 4 << 20);
    }

    [Theory]
    [InlineData(0xffff_ffffu)]
    [InlineData(0x8000_01f4u)]
    [InlineData(0x8000_01f3u)]
    [InlineData(0x7fff_ffffu)]
    [InlineData(0u)]
    public void AnImpossibleLengthOfAGiantGrainIsRefused(uint sizeBytes)
    {
        using var folder = new TempFolder();
        string path = folder["disk.vmdk"];
        using (var file = new SectorFile(path))
        {
            WriteFront(file, Compressed(s_header), [FirstGrainSector, 0, 0]);
            file.SetLength((FirstGrainSector * 512) + 4096);
        }

        Patch.WriteUInt32(path, (FirstGrainSector * 512) + 8, sizeBytes);
        using var disk = VmdkDisk.Open(path);
        byte[] bytes = new byte[512];

        var refusal = Assert.Throws<VmdkException>(() => disk.Read(bytes, 0));

        Assert.True(refusal.Code is VmdkErrorCode.GrainInvalid or VmdkErrorCode.Truncated, refusal.Message);
        Assert.Equal(path, refusal.Path);
    }

    [Fact]
    public void ReadsBehindTheCursorBeginAgain()
    {
        using var folder = new TempFolder();
        var content = GuestContent.Scattered(9 << 20, seed: 20, rangeCount: 30);
        string path = StreamImage.Write(
            folder.Path, "disk", content, new StreamOptions { GrainSectors = 8192, Level = 1 });
        using var disk = VmdkDisk.Open(path);
        var random = new SplitMix(21);

        for (int i = 0; i < 100; i++)
        {
            long offset = random.NextBelow(content.LengthBytes - 5000);
            DiskAssert.SameBytes(content, offset, Read(disk, offset, 5000));
        }
    }

    // Each begins the grain again, and each meets its damage: 64 KiB every time were 280 MB for a disk of 1 MiB.
    [Fact]
    public void BeginningAGrainAgainAllocatesNoBuffer()
    {
        using var folder = new TempFolder();
        GuestContent content = new GuestContent(4 << 20).Fill(0, 4 << 20, ContentPattern.Random, 22);
        string path = StreamImage.Write(folder.Path, "disk", content, new StreamOptions { GrainSectors = 8192 });
        using var disk = VmdkDisk.Open(path);
        byte[] bytes = new byte[512];
        ReadBackwards(disk, bytes);

        Assert.InRange(Allocated.LeastBytes(() => ReadBackwards(disk, bytes)) / Backwards, 1, 2048);
    }

    static HostedHeader Compressed(HostedHeader header) => header with
    {
        Version = 3,
        Flags = HostedHeader.NewLineTestFlag | HostedHeader.CompressedFlag | HostedHeader.MarkersFlag,
        CompressAlgorithm = 1,
    };

    static void WriteFront(SectorFile file, HostedHeader header, ReadOnlySpan<uint> entries)
    {
        file.WriteSectors(0, header.ToBytes());
        file.WriteEntries(1, [2]);
        uint[] table = new uint[512];
        entries.CopyTo(table);
        file.WriteEntries(2, table);
    }

    // The first grain: data at both ends and zeros between. Deflated without ever being whole in memory.
    static void WriteCompressed(string path, byte[] data)
    {
        using (var file = new SectorFile(path))
        {
            WriteFront(file, Compressed(s_header), [FirstGrainSector, 0, 0]);
        }

        long dataStart = (FirstGrainSector * 512) + 12;
        long length;
        using (FileStream target = File.OpenWrite(path))
        {
            target.Position = dataStart;
            using (var zlib = new ZLibStream(target, CompressionLevel.Fastest, leaveOpen: true))
            {
                byte[] zeros = new byte[1 << 20];
                zlib.Write(data);
                zlib.Write(zeros.AsSpan(data.Length));
                for (int i = 1; i < 1023; i++)
                {
                    zlib.Write(zeros);
                }

                zlib.Write(zeros.AsSpan(4096));
                zlib.Write(data.AsSpan(4096));
            }

            length = target.Position - dataStart;
        }

        Patch.WriteUInt32(path, dataStart - 4, (uint)length);
        Patch.SetLength(path, SparseTables.RoundUp(dataStart + length, 512));
    }

    static void ReadBackwards(VmdkDisk disk, byte[] bytes)
    {
        for (int i = Backwards - 1; i >= 0; i--)
        {
            disk.Read(bytes, i * 512L);
        }
    }

    static byte[] Read(VmdkDisk disk, long offsetBytes, int lengthBytes)
    {
        byte[] bytes = new byte[lengthBytes];
        Assert.Equal(lengthBytes, disk.Read(bytes, offsetBytes));
        return bytes;
    }
}
