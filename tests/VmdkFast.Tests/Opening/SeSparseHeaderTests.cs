using VmdkFast.Tests.Support;
using Xunit;

namespace VmdkFast.Tests.Opening;

/// <summary>Space-efficient sparse headers and tables with one wrong field each.</summary>
public sealed class SeSparseHeaderTests
{
    const long LengthBytes = 40L << 20;
    const ulong Allocated = 0x3000_0000_0000_0000;

    [Theory]
    [InlineData(8, 0x0000_0002_0000_0000UL, VmdkErrorCode.Unsupported, "Version")]
    [InlineData(16, 0UL, VmdkErrorCode.HeaderInvalid, "CapacitySectors")]
    [InlineData(16, ulong.MaxValue, VmdkErrorCode.HeaderInvalid, "CapacitySectors")]
    [InlineData(16, 1UL << 50, VmdkErrorCode.LimitExceeded, "CapacitySectors")]
    [InlineData(16, 1UL << 40, VmdkErrorCode.HeaderInvalid, "DirectorySizeSectors", 136)]
    [InlineData(24, 16UL, VmdkErrorCode.Unsupported, "GrainSizeSectors")]
    [InlineData(24, 0UL, VmdkErrorCode.Unsupported, "GrainSizeSectors")]
    [InlineData(32, 4UL, VmdkErrorCode.Unsupported, "TableSizeSectors")]
    [InlineData(40, 1UL, VmdkErrorCode.Unsupported, "Flags")]
    [InlineData(48, 1UL, VmdkErrorCode.Unsupported, "ReservedBytes")]
    [InlineData(72, 1UL, VmdkErrorCode.Unsupported, "ReservedBytes")]
    [InlineData(80, 0UL, VmdkErrorCode.HeaderInvalid, "VolatileHeaderOffsetSectors")]
    [InlineData(80, 2UL, VmdkErrorCode.HeaderInvalid, "JournalHeaderOffsetSectors", 96)]
    [InlineData(80, ulong.MaxValue, VmdkErrorCode.HeaderInvalid, "VolatileHeaderOffsetSectors")]
    [InlineData(80, 1UL << 40, VmdkErrorCode.Truncated, "VolatileHeaderOffsetSectors")]
    [InlineData(112, 1UL << 40, VmdkErrorCode.Truncated, "JournalOffsetSectors")]
    [InlineData(120, ulong.MaxValue, VmdkErrorCode.HeaderInvalid, "JournalOffsetSectors", 112)]
    [InlineData(128, 0UL, VmdkErrorCode.HeaderInvalid, "DirectoryOffsetSectors")]
    [InlineData(128, 1UL << 40, VmdkErrorCode.Truncated, "DirectoryOffsetSectors")]
    [InlineData(128, 6144UL, VmdkErrorCode.HeaderInvalid, "TablesOffsetSectors", 144)]
    [InlineData(136, 0UL, VmdkErrorCode.HeaderInvalid, "DirectorySizeSectors")]
    [InlineData(136, ulong.MaxValue, VmdkErrorCode.HeaderInvalid, "DirectoryOffsetSectors", 128)]
    [InlineData(136, 4096UL, VmdkErrorCode.HeaderInvalid, "TablesOffsetSectors", 144)]
    [InlineData(144, 0UL, VmdkErrorCode.HeaderInvalid, "TablesOffsetSectors")]
    [InlineData(144, ulong.MaxValue, VmdkErrorCode.HeaderInvalid, "TablesOffsetSectors")]
    [InlineData(192, 0UL, VmdkErrorCode.HeaderInvalid, "GrainsOffsetSectors")]
    [InlineData(192, 1UL << 40, VmdkErrorCode.Truncated, "GrainsOffsetSectors")]
    [InlineData(208, 1UL, VmdkErrorCode.Unsupported, "PaddingBytes")]
    [InlineData(504, 1UL << 56, VmdkErrorCode.Unsupported, "PaddingBytes", 511)]
    public void AnImpossibleFieldIsRefused(
        int offset, ulong value, VmdkErrorCode code, string field, int? fieldOffset = null)
    {
        using var folder = new TempFolder();
        string path = WriteBare(folder);
        Patch.WriteUInt64(path, offset, value);

        Refusal.OfOpening(path).Says(code, path, fieldOffset ?? offset, field);
    }

    [Theory]
    [InlineData(0, 0xCAFE_BABEUL, VmdkErrorCode.HeaderInvalid, "Magic")]
    [InlineData(24, ulong.MaxValue, VmdkErrorCode.Unsupported, "ReplayJournal")]
    [InlineData(32, 1UL, VmdkErrorCode.Unsupported, "PaddingBytes")]
    public void AnImpossibleFieldOfTheVolatileHeaderIsRefused(
        int offset, ulong value, VmdkErrorCode code, string field)
    {
        using var folder = new TempFolder();
        string path = WriteBare(folder);
        Patch.WriteUInt64(path, 512 + offset, value);

        Refusal.OfOpening(path).Says(code, path, 512 + offset, field);
    }

    [Theory]
    [InlineData(100)]
    [InlineData(511)]
    public void AFileThatEndsInItsHeaderIsRefused(int lengthBytes)
    {
        using var folder = new TempFolder();
        string path = WriteBare(folder);
        Patch.SetLength(path, lengthBytes);

        Refusal.OfOpening(path).Says(VmdkErrorCode.Truncated, path, 0, "header");
    }

    [Theory]
    [InlineData(1UL)]
    [InlineData(0x1000_0001_0000_0000UL)]
    [InlineData(0x2000_0000_0000_0000UL)]
    [InlineData(0x1000_0000_0000_0100UL)]
    [InlineData(0x1000_0000_FFFF_FFFEUL)]
    [InlineData(0x1000_0000_FFFF_FFFFUL)]
    public void AnImpossibleDirectoryEntryIsRefusedWhereItIsUsed(ulong entry)
    {
        using var folder = new TempFolder();
        string path = WriteBare(folder);
        long directory = (long)Patch.ReadUInt64(path, 128) * 512;
        Patch.WriteUInt64(path, directory + 8, entry);

        Refusal.OfReading(path, 16 << 20).Says(
            VmdkErrorCode.TableInvalid, path, directory + 8, "grainDirectory[1]", $"0x{entry:x16}");
        Assert.Equal(VmdkErrorCode.TableInvalid, Assert.Throws<VmdkException>(() => WalkAll(path)).Code);
        using var disk = VmdkDisk.Open(path);
        Assert.Equal(512, disk.Read(new byte[512], 0));
    }

    [Theory]
    [InlineData(1UL)]
    [InlineData(0x0FFF_0000_0000_0000UL)]
    [InlineData(0x4000_0000_0000_0000UL)]
    [InlineData(0xF000_0000_0000_0000UL)]
    [InlineData(0x3FFF_FFFF_FFFF_FFFFUL)]
    [InlineData(Allocated | 1UL)]
    [InlineData(Allocated | (1UL << 22))]
    public void AnImpossibleTableEntryIsRefusedWhereItIsUsed(ulong entry)
    {
        using var folder = new TempFolder();
        string path = WriteBare(folder);
        long tables = (long)Patch.ReadUInt64(path, 144) * 512;
        Patch.WriteUInt64(path, tables + (3 * 8), entry);

        Refusal.OfReading(path, 3 * 4096).Says(
            VmdkErrorCode.TableInvalid, path, tables + (3 * 8), "grainTable[0][3]", $"0x{entry:x16}");
        Assert.Equal(VmdkErrorCode.TableInvalid, Assert.Throws<VmdkException>(() => WalkAll(path)).Code);
    }

    // The areas in another order: behind the grains come the tables, and no grain may be there.
    [Fact]
    public void AGrainInTheNextAreaIsRefused()
    {
        using var folder = new TempFolder();
        GuestContent content = GuestContent.Scattered(LengthBytes, seed: 2);
        string path = SeSparseImage.WriteBare(
            folder.Path, "disk", content, new SeSparseOptions { OddAreas = true });
        long tables = (long)Patch.ReadUInt64(path, 144) * 512;
        long grains = (long)Patch.ReadUInt64(path, 192) * 512;
        Patch.WriteUInt64(path, tables, SeSparseImage.EntryOf(((tables - grains) / 4096) + 1));

        Refusal.OfReading(path).Says(VmdkErrorCode.TableInvalid, path, tables, "grainTable[0][0]");
    }

    [Fact]
    public void AnExtentThatHoldsLessThanItsLineSaysIsRefused()
    {
        using var folder = new TempFolder();
        string path = SeSparseImage.Write(
            folder.Path, "disk", GuestContent.Scattered(LengthBytes, seed: 3));
        string extent = folder["disk-sesparse.vmdk"];
        Patch.WriteUInt64(extent, 16, (LengthBytes / 512) - 8);

        Refusal.OfOpening(path).Says(VmdkErrorCode.HeaderInvalid, extent, 16, "CapacitySectors");
    }

    // Both headers, and the first entries of directory and table: whatever stands there is read or refused.
    [Fact]
    public void NoByteOfItsMetadataDoesMoreThanBeRefused()
    {
        using var folder = new TempFolder();
        string path = WriteBare(folder);
        long directory = (long)Patch.ReadUInt64(path, 128) * 512;
        long tables = (long)Patch.ReadUInt64(path, 144) * 512;
        byte[] buffer = new byte[64 << 10];
        int refused = 0;
        foreach ((long start, int length) in ((long, int)[])[(0, 544), (directory, 16), (tables, 32)])
        {
            byte[] original = Patch.ReadBytes(path, start, length);
            for (int at = 0; at < length; at++)
            {
                foreach (byte value in (byte[])[0, 0xFF, (byte)(original[at] + 1), (byte)(original[at] ^ 0x20)])
                {
                    Patch.WriteBytes(path, start + at, [value]);
                    refused += Reads(path, buffer) ? 0 : 1;
                }

                Patch.WriteBytes(path, start + at, [original[at]]);
            }
        }

        Assert.True(Reads(path, buffer));
        Assert.InRange(refused, 500, 2400);
    }

    static bool Reads(string path, byte[] buffer)
    {
        try
        {
            using var disk = VmdkDisk.Open(path);
            disk.Read(buffer, 0);
            disk.Read(buffer, (16 << 20) - 4096);
            return disk.Map().Take(1000).All(run => run.LengthBytes > 0);
        }
        catch (VmdkException)
        {
            return false;
        }
    }

    static string WriteBare(TempFolder folder) => SeSparseImage.WriteBare(
        folder.Path, "disk",
        GuestContent.Scattered(LengthBytes, seed: 1).Fill(0, 64 << 10, ContentPattern.Stamp)
            .Fill(16 << 20, 4096, ContentPattern.Stamp));

    static void WalkAll(string path)
    {
        using var disk = VmdkDisk.Open(path);
        foreach (VmdkRun run in disk.Map())
        {
            Assert.True(run.LengthBytes > 0);
        }
    }
}
