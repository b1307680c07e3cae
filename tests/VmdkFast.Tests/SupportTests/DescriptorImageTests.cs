using VmdkFast.Tests.Support;
using Xunit;

namespace VmdkFast.Tests.SupportTests;

public sealed class DescriptorImageTests
{
    const long MiB = 1 << 20;

    [Theory]
    [InlineData("monolithicFlat", 0)]
    [InlineData("twoGbMaxExtentFlat", 2048)]
    [InlineData("vmfs", 0)]
    public void QemuReadsFlatDisks(string createType, long extentSectors)
    {
        using var folder = new TempFolder();
        GuestContent content = GuestContent.Scattered((5 * MiB) + 512, 20);
        Judge.QemuReads(FlatImage.Write(folder.Path, "disk", content, createType, extentSectors), content);
    }

    [Theory]
    [InlineData("2GbMaxExtentFlat", 1024)]
    [InlineData("vmfsThin", 0)]
    [InlineData("vmfsPreallocated", 0)]
    [InlineData("vmfsEagerZeroedThick", 4000)]
    [InlineData("custom", 41)]
    [InlineData("fullDevice", 0)]
    [InlineData("partitionedDevice", 7777)]
    public void FlatDisksThatQemuDoesNotKnowAreRightUnderAnotherName(string createType, long extentSectors)
    {
        using var folder = new TempFolder();
        GuestContent content = GuestContent.Scattered(MiB + 1024, 21);
        string path = FlatImage.Write(folder.Path, "disk", content, createType, extentSectors);
        Assert.Contains($"createType=\"{createType}\"", File.ReadAllText(path), StringComparison.Ordinal);
        Judge.QemuReadsTranslated(path, content);
    }

    [Theory]
    [InlineData("twoGbMaxExtentSparse", 4096)]
    [InlineData("2GbMaxExtentSparse", 2048)]
    public void SplitSparseDisksAreRight(string createType, long extentSectors)
    {
        using var folder = new TempFolder();
        GuestContent content = GuestContent.Scattered((5 * MiB) + 512, 22);
        string path = SplitSparseImage.Write(
            folder.Path, "disk", content, extentSectors, new SparseOptions { GrainSectors = 16 }, createType);
        Judge.QemuReadsTranslated(path, content);
    }

    [Fact]
    public void ExtentsNeedNotBeWholeGrains()
    {
        using var folder = new TempFolder();
        GuestContent content = GuestContent.Scattered((5 * MiB) + 512, 22);
        string path = SplitSparseImage.Write(folder.Path, "disk", content, 1001);
        Judge.QemuReadsByExtent(path, content, 1001);
    }

    [Fact]
    public void OffsetsAndLongerFilesAreGuardedByJunk()
    {
        using var folder = new TempFolder();
        GuestContent content = GuestContent.Scattered(2 * MiB, 23);
        string path = DescriptorImage.Write(folder.Path, "disk", "twoGbMaxExtentFlat", content,
        [
            new FlatExtent { Sectors = 1000, OffsetSectors = 63 },
            new FlatExtent { Sectors = 2000, OffsetSectors = 128, ExtraBytes = 5000 },
            new FlatExtent { Sectors = 1096, OffsetSectors = 2300, FileName = "disk-f002.vmdk" },
        ]);
        Assert.Equal(FlatExtent.Junk, Patch.ReadBytes(folder["disk-f001.vmdk"], (63 * 512) - 1, 1)[0]);
        Assert.Equal((2300 + 1096) * 512, new FileInfo(folder["disk-f002.vmdk"]).Length);
        Judge.QemuReads(path, content);
    }

    [Fact]
    public void AShorterFileLacksItsEnd()
    {
        using var folder = new TempFolder();
        GuestContent content = GuestContent.Scattered(MiB, 24);
        DescriptorImage.Write(folder.Path, "disk", "monolithicFlat", content,
            [new FlatExtent { Sectors = 2048, ExtraBytes = -700 }]);
        Assert.Equal(MiB - 700, new FileInfo(folder["disk-flat.vmdk"]).Length);
    }

    [Fact]
    public void MixedExtentsAreRight()
    {
        using var folder = new TempFolder();
        GuestContent content = new GuestContent(4 * MiB)
            .Fill(0, MiB, ContentPattern.Mixed)
            .Fill(2 * MiB, 2 * MiB, ContentPattern.Mixed, 2);
        string path = DescriptorImage.Write(folder.Path, "disk", "custom", content,
        [
            new FlatExtent { Sectors = 1000, OffsetSectors = 5 },
            new SparseExtent { Sectors = 1048, Access = "RDONLY", Options = new SparseOptions { GrainSectors = 8 } },
            new ZeroExtent { Sectors = 2000 },
            new ZeroExtent { Sectors = 48, Access = "NOACCESS" },
            new FlatExtent { Sectors = 2048, Access = "NOACCESS", Type = "VMFS" },
            new CowdExtent { Sectors = 2048, Options = new CowdOptions { GrainSectors = 2 } },
        ]);
        Judge.QemuReadsTranslated(path, content);
    }

    [Fact]
    public void HundredsOfExtentsAreRight()
    {
        using var folder = new TempFolder();
        GuestContent content = GuestContent.Scattered(300 * 512, 25);
        string path = FlatImage.Write(folder.Path, "disk", content, "twoGbMaxExtentFlat", 1);
        Assert.True(File.Exists(folder["disk-f300.vmdk"]));
        Judge.QemuReads(path, content);
    }

    [Theory]
    [InlineData(2, "\n", "")]
    [InlineData(3, "\r\n", "")]
    [InlineData(1, "\n", " ")]
    public void DescriptorsMayBeWrittenInManyWays(int version, string newLine, string trailingBlanks)
    {
        using var folder = new TempFolder();
        GuestContent content = GuestContent.Scattered(MiB, 26);
        var descriptor = new DescriptorText
        {
            Version = version,
            NewLine = newLine,
            TrailingBlanks = trailingBlanks,
            LinesBeforeVersion = ["", "# A remark", "  "],
            EndsWithNewLine = false,
            Cid = 0xABCDEF01,
        };
        string path = FlatImage.Write(folder.Path, "disk", content, descriptor: descriptor);
        string text = File.ReadAllText(path);
        Assert.StartsWith(
            string.Join(newLine, "# Disk DescriptorFile" + trailingBlanks, "", "# A remark" + trailingBlanks),
            text,
            StringComparison.Ordinal);
        Assert.EndsWith($"\"4\"{trailingBlanks}", text, StringComparison.Ordinal);
        Assert.Equal(0xABCDEF01, DescriptorText.ReadCid(path));
        Judge.QemuReads(path, content);
    }
}
