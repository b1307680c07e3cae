using VmdkFast.Tests.Support;
using Xunit;

namespace VmdkFast.Tests.SupportTests;

public sealed class SparseImageTests
{
    const long MiB = 1 << 20;
    const long TiB = 1L << 40;

    [Theory]
    [InlineData(1u, 128, 512, true, GrainOrder.Ascending)]
    [InlineData(2u, 128, 512, true, GrainOrder.Reversed)]
    [InlineData(3u, 128, 512, false, GrainOrder.Shuffled)]
    [InlineData(1u, 8, 512, true, GrainOrder.Shuffled)]
    [InlineData(1u, 16, 128, false, GrainOrder.Reversed)]
    [InlineData(1u, 8, 64, true, GrainOrder.Ascending)]
    [InlineData(1u, 2048, 512, true, GrainOrder.Shuffled)]
    public void QemuReadsEveryLayout(
        uint version, int grainSectors, int tableEntries, bool redundant, GrainOrder order)
    {
        using var folder = new TempFolder();
        GuestContent content = GuestContent.Scattered((33 * MiB) + (200 * 512), grainSectors);
        foreach (bool lazy in new[] { false, true })
        {
            string path = SparseImage.Write(folder.Path, $"disk-{lazy}", content, new SparseOptions
            {
                Version = version,
                GrainSectors = grainSectors,
                TableEntries = tableEntries,
                Redundant = redundant,
                Order = order,
                TablesLazilyAbsent = lazy,
                Unclean = lazy,
            });
            Judge.QemuReads(path, content);
            var header = HostedHeader.Read(path);
            Assert.Equal(version, header.Version);
            Assert.Equal(lazy ? 1 : 0, header.UncleanShutdown);
            Assert.Equal((ulong)grainSectors, header.GrainSectors);
        }
    }

    [Fact]
    public void TablesWithoutGrainsAreAbsentOnlyWhenAsked()
    {
        using var folder = new TempFolder();
        GuestContent content = new GuestContent(96 * MiB).Fill(70 * MiB, 512, ContentPattern.Stamp);
        string all = SparseImage.Write(folder.Path, "all", content);
        string lazy = SparseImage.Write(folder.Path, "lazy", content, new SparseOptions { TablesLazilyAbsent = true });
        Assert.Equal([true, true, true], DirectoryOf(all, 3).Select(entry => entry != 0));
        Assert.Equal([false, false, true], DirectoryOf(lazy, 3).Select(entry => entry != 0));
        Judge.QemuReads(lazy, content);
    }

    [Fact]
    public void ZeroGrainsAreEntriesOfOne()
    {
        using var folder = new TempFolder();
        GuestContent content = new GuestContent(2 * MiB)
            .Fill(0, MiB, ContentPattern.Random)
            .Fill(MiB / 2, MiB / 4, ContentPattern.Zeros);
        var options = new SparseOptions { ZeroRanges = [new GuestRange(MiB / 2, MiB / 4)] };
        string path = SparseImage.Write(folder.Path, "disk", content, options);
        var header = HostedHeader.Read(path);
        Assert.Equal(2u, header.Version);
        Assert.Equal(7u, header.Flags);
        long table = DirectoryOf(path, 1)[0] * 512L;
        Assert.NotEqual(1u, Patch.ReadUInt32(path, table + (4 * 7)));
        Assert.Equal([1u, 1u, 1u, 1u], Enumerable.Range(8, 4).Select(i => Patch.ReadUInt32(path, table + (4 * i))));
        Assert.Equal(0u, Patch.ReadUInt32(path, table + (4 * 16)));
        Judge.QemuReads(path, content);
    }

    [Fact]
    public void AZeroGrainOverDataIsRefused()
    {
        using var folder = new TempFolder();
        GuestContent content = new GuestContent(MiB).Fill(0, 512, ContentPattern.Random);
        var options = new SparseOptions { ZeroRanges = [new GuestRange(0, MiB)] };
        Assert.Throws<ArgumentException>(() => SparseImage.Write(folder.Path, "disk", content, options));
    }

    [Fact]
    public void AnImageWithoutDescriptorIsTheExtentOfASplitDisk()
    {
        using var folder = new TempFolder();
        GuestContent content = GuestContent.Scattered(5 * MiB, 9);
        var options = new SparseOptions { DescriptorSectors = 0 };
        string bare = SparseImage.Write(folder.Path, "bare", content, options);
        string split = SplitSparseImage.Write(folder.Path, "split", content, options: options);
        Judge.QemuReads(split, content);
        Assert.Equal(File.ReadAllBytes(folder["split-s001.vmdk"]), File.ReadAllBytes(bare));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void AHugeDiskIsWrittenAsAFewPieces(bool lazy)
    {
        using var folder = new TempFolder();
        GuestContent content = new GuestContent(62 * TiB)
            .Fill(0, 4096, ContentPattern.Stamp)
            .Fill((31 * TiB) + 512, 100_000, ContentPattern.Random)
            .Fill((62 * TiB) - 65536, 65536, ContentPattern.Stamp);
        string path = SparseImage.Write(
            folder.Path, "huge", content, new SparseOptions { TablesLazilyAbsent = lazy });
        foreach (long offset in new[] { 0, (31 * TiB) - 4096, 40 * TiB, (62 * TiB) - 131072 })
        {
            Assert.Equal(-1, content.FirstDifference(offset, QemuImg.ReadRange(path, offset, 131072)));
        }
    }

    [Fact]
    public void TheSameSeedGivesTheSameFile()
    {
        using var folder = new TempFolder();
        GuestContent content = GuestContent.Scattered(5 * MiB, 10);
        var options = new SparseOptions { Order = GrainOrder.Shuffled, Seed = 5 };
        string first = SparseImage.Write(folder.Subfolder("a"), "disk", content, options);
        string second = SparseImage.Write(folder.Subfolder("b"), "disk", content, options);
        string other = SparseImage.Write(folder.Subfolder("c"), "disk", content, options with { Seed = 6 });
        Assert.Equal(File.ReadAllBytes(first), File.ReadAllBytes(second));
        Assert.NotEqual(File.ReadAllBytes(first), File.ReadAllBytes(other));
    }

    static uint[] DirectoryOf(string path, int entries)
    {
        long offset = (long)HostedHeader.Read(path).DirectorySector * 512;
        return [.. Enumerable.Range(0, entries).Select(i => Patch.ReadUInt32(path, offset + (4 * i)))];
    }
}
