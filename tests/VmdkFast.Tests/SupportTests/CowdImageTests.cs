using VmdkFast.Tests.Support;
using Xunit;

namespace VmdkFast.Tests.SupportTests;

public sealed class CowdImageTests
{
    const long MiB = 1 << 20;

    [Theory]
    [InlineData(1, 0, GrainOrder.Ascending)]
    [InlineData(1, 5000, GrainOrder.Shuffled)]
    [InlineData(8, 0, GrainOrder.Reversed)]
    [InlineData(128, 12_800, GrainOrder.Shuffled)]
    public void QemuReadsEveryLayout(int grainSectors, long extentSectors, GrainOrder order)
    {
        using var folder = new TempFolder();
        GuestContent content = GuestContent.Scattered((9 * MiB) + 512, 30 + grainSectors);
        var options = new CowdOptions { GrainSectors = grainSectors, Order = order, SpareSectors = 3 };
        Judge.QemuReads(CowdImage.Write(folder.Path, "disk", content, options, extentSectors), content);
    }

    [Fact]
    public void ExtentsNeedNotBeWholeGrains()
    {
        using var folder = new TempFolder();
        GuestContent content = GuestContent.Scattered(9 * MiB, 32);
        var options = new CowdOptions { GrainSectors = 128, Order = GrainOrder.Shuffled };
        Judge.QemuReadsByExtent(CowdImage.Write(folder.Path, "disk", content, options, 1001), content, 1001);
    }

    [Fact]
    public void ABareFileIsTheExtentOfADescribedOne()
    {
        using var folder = new TempFolder();
        GuestContent content = GuestContent.Scattered(MiB, 31);
        string bare = CowdImage.WriteBare(folder.Path, "bare", content);
        Judge.QemuReads(CowdImage.Write(folder.Path, "disk", content), content);
        Assert.Equal(File.ReadAllBytes(folder["disk-delta.vmdk"]), File.ReadAllBytes(bare));
        Assert.Equal(new FileInfo(bare).Length, Patch.ReadUInt32(bare, 28) * 512L);
    }

    [Fact]
    public void AnEmptyDiskHasNoTables()
    {
        using var folder = new TempFolder();
        var content = new GuestContent(64 * MiB);
        string path = CowdImage.Write(folder.Path, "disk", content);
        Assert.Equal(5 * 512, new FileInfo(folder["disk-delta.vmdk"]).Length);
        Judge.QemuReads(path, content);
    }
}
