using VmdkFast.Tests.Support;
using Xunit;

namespace VmdkFast.Tests.Opening;

/// <summary>Directories and tables that point where nothing can be; their redundant copies help.</summary>
public sealed class TableDamageTests
{
    const int LengthBytes = 1 << 20;

    [Theory]
    [InlineData(0x7fff_ffffu)]
    [InlineData(uint.MaxValue)]
    [InlineData(1u)]
    [InlineData(20u)]
    public void AnImpossibleTableEntryIsRecoveredFromItsCopy(uint entry)
    {
        using var folder = new TempFolder();
        GuestContent content = Content();
        string path = SparseImage.Write(folder.Path, "disk", content);
        Patch.WriteUInt32(path, PrimaryTable(path) + (3 * 4), entry);

        DiskAssert.Holds(content, path);
        using var disk = VmdkDisk.Open(path);
        DiskAssert.HoldsByMap(content, disk);
    }

    [Theory]
    [InlineData(0x7fff_ffffu)]
    [InlineData(1u)]
    public void AnImpossibleTableEntryWithoutACopyNamesTheGuestsBytes(uint entry)
    {
        using var folder = new TempFolder();
        string path = SparseImage.Write(folder.Path, "disk", Content(), new SparseOptions { Redundant = false });
        long place = PrimaryTable(path) + (3 * 4);
        Patch.WriteUInt32(path, place, entry);

        VmdkException refusal = Refusal.OfReading(path, 3 * 65536);

        refusal.Says(VmdkErrorCode.TableInvalid, path, place, "grainTable[0][3]", $"sector {entry}", "a sector from");
        Assert.Contains("guest byte 196608", refusal.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void WhenBothCopiesAreImpossibleTheReadFails()
    {
        using var folder = new TempFolder();
        string path = SparseImage.Write(folder.Path, "disk", Content());
        Patch.WriteUInt32(path, PrimaryTable(path) + (3 * 4), uint.MaxValue);
        Patch.WriteUInt32(path, RedundantTable(path) + (3 * 4), uint.MaxValue);

        Refusal.OfReading(path, 3 * 65536).Says(
            VmdkErrorCode.TableInvalid, path, PrimaryTable(path) + (3 * 4), "grainTable[0][3]");
    }

    [Fact]
    public void ADamagedGrainLeavesTheOthersReadable()
    {
        using var folder = new TempFolder();
        GuestContent content = Content();
        string path = SparseImage.Write(folder.Path, "disk", content, new SparseOptions { Redundant = false });
        Patch.WriteUInt32(path, PrimaryTable(path) + (3 * 4), uint.MaxValue);
        using var disk = VmdkDisk.Open(path);
        byte[] before = new byte[3 * 65536];
        byte[] behind = new byte[65536];

        Assert.Equal(before.Length, disk.Read(before, 0));
        Assert.Equal(behind.Length, disk.Read(behind, 4 * 65536));

        DiskAssert.SameBytes(content, 0, before);
        DiskAssert.SameBytes(content, 4 * 65536, behind);
    }

    [Theory]
    [InlineData(0x7fff_ffffu)]
    [InlineData(uint.MaxValue)]
    public void AnImpossibleDirectoryEntryIsRecoveredFromItsCopy(uint entry)
    {
        using var folder = new TempFolder();
        GuestContent content = Content();
        string path = SparseImage.Write(folder.Path, "disk", content);
        Patch.WriteUInt32(path, Directory(path), entry);

        DiskAssert.Holds(content, path);
        using var disk = VmdkDisk.Open(path);
        DiskAssert.HoldsByMap(content, disk);
    }

    [Fact]
    public void AnImpossibleDirectoryEntryWithoutACopyIsRefused()
    {
        using var folder = new TempFolder();
        string path = SparseImage.Write(folder.Path, "disk", Content(), new SparseOptions { Redundant = false });
        Patch.WriteUInt32(path, Directory(path), 0x7fff_ffff);

        Refusal.OfReading(path).Says(
            VmdkErrorCode.TableInvalid, path, Directory(path), "grainDirectory[0]", "sector 2147483647", "a table of");
    }

    [Fact]
    public void ARedundantDirectoryBeyondTheFileDoesNotMatterToAHealthyDisk()
    {
        using var folder = new TempFolder();
        GuestContent content = Content();
        string path = SparseImage.Write(folder.Path, "disk", content);
        (HostedHeader.Read(path) with { RedundantDirectorySector = 1 << 30 }).WriteTo(path);

        DiskAssert.Holds(content, path);
    }

    [Fact]
    public void AMapOverDamageThrowsWhereItIs()
    {
        using var folder = new TempFolder();
        string path = SparseImage.Write(folder.Path, "disk", Content(), new SparseOptions { Redundant = false });
        Patch.WriteUInt32(path, PrimaryTable(path) + (3 * 4), uint.MaxValue);
        using var disk = VmdkDisk.Open(path);

        var refusal = Assert.Throws<VmdkException>(
            () => disk.Map(TestContext.Current.CancellationToken).Count());

        Assert.Equal(VmdkErrorCode.TableInvalid, refusal.Code);
        Assert.Single(disk.Map(0, 65536, TestContext.Current.CancellationToken));
    }

    [Theory]
    [InlineData(0x0fff_ffffu, VmdkErrorCode.TableInvalid)]
    [InlineData(1u, VmdkErrorCode.TableInvalid)]
    public void CowdEntriesAreJudgedToo(uint entry, VmdkErrorCode code)
    {
        using var folder = new TempFolder();
        string path = CowdImage.WriteBare(folder.Path, "disk", Content());
        long table = Patch.ReadUInt32(path, Patch.ReadUInt32(path, 20) * 512L) * 512L;
        Patch.WriteUInt32(path, table, entry);

        Refusal.OfReading(path).Says(code, path, table, "grainTable[0][0]", $"sector {entry}");
    }

    [Fact]
    public void TheEndOfTheLastGrainMayBeMissing()
    {
        using var folder = new TempFolder();
        GuestContent content = Content();
        string path = SparseImage.Write(folder.Path, "disk", content);
        Patch.SetLength(path, new FileInfo(path).Length - 1000);

        DiskAssert.Holds(content.Fill(LengthBytes - 1000, 1000, ContentPattern.Zeros), path);
    }

    static GuestContent Content() => new GuestContent(LengthBytes).Fill(0, LengthBytes, ContentPattern.Stamp, 1);

    static long Directory(string path) => (long)HostedHeader.Read(path).DirectorySector * 512;

    static long PrimaryTable(string path) => Patch.ReadUInt32(path, Directory(path)) * 512L;

    static long RedundantTable(string path) =>
        Patch.ReadUInt32(path, (long)HostedHeader.Read(path).RedundantDirectorySector * 512) * 512L;
}
