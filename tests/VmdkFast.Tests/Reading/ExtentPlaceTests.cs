using VmdkFast.Tests.Support;
using Xunit;

namespace VmdkFast.Tests.Reading;

/// <summary>Lines of a descriptor keep their place on the disk, whatever their type, access and file.</summary>
public sealed class ExtentPlaceTests
{
    const long Mebi = 1 << 20;
    const long MebiSectors = Mebi / 512;

    [Fact]
    public void AZeroLineKeepsItsPlace()
    {
        using var folder = new TempFolder();
        GuestContent content = new GuestContent(3 * Mebi)
            .Fill(0, Mebi, ContentPattern.Stamp, 1).Fill(2 * Mebi, Mebi, ContentPattern.Random, 2);
        string path = DescriptorImage.Write(folder.Path, "disk", "custom", content,
        [
            new SparseExtent { Sectors = MebiSectors },
            new ZeroExtent { Sectors = MebiSectors },
            new FlatExtent { Sectors = MebiSectors },
        ]);

        using var disk = VmdkDisk.Open(path);

        DiskAssert.Holds(content, disk);
        Assert.Contains(
            disk.Map(TestContext.Current.CancellationToken),
            run => run is { Kind: VmdkRunKind.Zero, OffsetBytes: Mebi, LengthBytes: Mebi, Path: null });
    }

    [Theory]
    [InlineData("RW", true)]
    [InlineData("RDONLY", true)]
    [InlineData("NOACCESS", false)]
    public void ALineIsReadAsItsAccessAllows(string access, bool readable)
    {
        using var folder = new TempFolder();
        var stored = GuestContent.Scattered(3 * Mebi, seed: 5);
        string path = DescriptorImage.Write(folder.Path, "disk", "custom", stored,
        [
            new FlatExtent { Sectors = MebiSectors },
            new SparseExtent { Sectors = MebiSectors, Access = access },
            new CowdExtent { Sectors = MebiSectors },
        ]);
        GuestContent content = readable ? stored : stored.Clone().Fill(Mebi, Mebi, ContentPattern.Zeros);

        DiskAssert.Holds(content, path);
    }

    [Fact]
    public void AFileThatNobodyMayAccessNeedNotExist()
    {
        using var folder = new TempFolder();
        GuestContent content = new GuestContent(2 * Mebi).Fill(Mebi, Mebi, ContentPattern.Stamp);
        string path = DescriptorImage.Write(folder.Path, "disk", "partitionedDevice", content,
        [
            new FlatExtent { Sectors = MebiSectors, Access = "NOACCESS", FileName = "secret.vmdk" },
            new FlatExtent { Sectors = MebiSectors },
        ]);
        File.Delete(folder["secret.vmdk"]);

        DiskAssert.Holds(content, path);
    }

    [Theory]
    [InlineData(0, 0)]
    [InlineData(63, 0)]
    [InlineData(0, 63)]
    [InlineData(128, 2048)]
    public void FlatOffsetsCountInSectors(long firstOffset, long secondOffset)
    {
        using var folder = new TempFolder();
        var content = GuestContent.Scattered(2 * Mebi, seed: 6);
        string path = DescriptorImage.Write(folder.Path, "disk", "twoGbMaxExtentFlat", content,
        [
            new FlatExtent { Sectors = MebiSectors, OffsetSectors = firstOffset, ExtraBytes = 1000 },
            new FlatExtent { Sectors = MebiSectors, OffsetSectors = secondOffset },
        ]);

        DiskAssert.Holds(content, path);
    }

    [Fact]
    public void TwoFlatExtentsMayShareAFile()
    {
        using var folder = new TempFolder();
        GuestContent content = GuestContent.Scattered(2 * Mebi, seed: 7).Fill(Mebi, Mebi, ContentPattern.Stamp, 7);
        string path = DescriptorImage.Write(folder.Path, "disk", "partitionedDevice", content,
        [
            new FlatExtent { Sectors = MebiSectors, OffsetSectors = MebiSectors + 10, FileName = "device.img" },
            new FlatExtent { Sectors = MebiSectors, OffsetSectors = 3, FileName = "device.img" },
        ]);

        DiskAssert.Holds(content, path);
    }

    [Theory]
    [InlineData("vmfs")]
    [InlineData("vmfsPreallocated")]
    [InlineData("vmfsEagerZeroedThick")]
    [InlineData("vmfsThick")]
    [InlineData("vmfsThin")]
    [InlineData("monolithicFlat")]
    [InlineData("2GbMaxExtentFlat")]
    [InlineData("twoGbMaxExtentFlat")]
    [InlineData("fullDevice")]
    [InlineData("partitionedDevice")]
    [InlineData("custom")]
    [InlineData("somethingOfTheFuture")]
    public void EveryFlatCreateTypeIsRead(string createType)
    {
        using var folder = new TempFolder();
        var content = GuestContent.Scattered(2 * Mebi, seed: 8);
        string path = FlatImage.Write(folder.Path, "disk", content, createType);

        using var disk = VmdkDisk.Open(path);

        Assert.Equal(createType, disk.Layers[0].Descriptor!.CreateType);
        DiskAssert.Holds(content, disk);
    }

    [Theory]
    [InlineData("VMFS \"disk-flat.vmdk\"")]
    [InlineData("VMFS \"disk-flat.vmdk\" 0")]
    [InlineData("FLAT \"disk-flat.vmdk\"")]
    [InlineData("FLAT \"disk-flat.vmdk\" 0 7e2b partition")]
    [InlineData("FLAT   \"disk-flat.vmdk\"\t0  ")]
    public void AnExtentLineMayBeSpelledInManyWays(string restOfLine)
    {
        using var folder = new TempFolder();
        var content = GuestContent.Scattered(Mebi, seed: 9);
        string path = FlatImage.Write(
            folder.Path, "disk", content,
            descriptor: new DescriptorText { ExtentLines = [$"RW {content.LengthSectors} {restOfLine}"] });

        DiskAssert.Holds(content, path);
    }

    [Fact]
    public void DescriptorsComeInManyHands()
    {
        using var folder = new TempFolder();
        var content = GuestContent.Scattered(Mebi, seed: 10);
        DescriptorText[] hands =
        [
            new() { NewLine = "\r\n" },
            new() { NewLine = "\r\n", EndsWithNewLine = false, TrailingBlanks = "  " },
            new() { FirstLine = "# Description file created by VMDK stream converter" },
            new() { LinesBeforeVersion = ["", "# a comment", "   # another one"] },
            new() { Version = 3, EncodingName = null },
            new() { HeaderLines = ["isNativeSnapshot=\"no\"", "# createType=\"vmfs\"", "unknownKey=\"kept\""] },
            new() { EncodingName = "windows-1252" },
        ];
        for (int i = 0; i < hands.Length; i++)
        {
            string name = $"disk{i}";
            DiskAssert.Holds(content, FlatImage.Write(folder.Path, name, content, descriptor: hands[i]));
            DiskAssert.Holds(
                content,
                SparseImage.Write(folder.Path, name + "s", content, new SparseOptions { Descriptor = hands[i] }));
        }
    }

    [Fact]
    public void AFileMayBeNamedInTheDescriptorsEncoding()
    {
        using var folder = new TempFolder();
        var content = GuestContent.Scattered(Mebi, seed: 11);
        string path = FlatImage.Write(
            folder.Path, "disk", content,
            descriptor: new DescriptorText
            {
                EncodingName = "windows-1252",
                TextEncoding = System.Text.Encoding.Latin1,
                ExtentLines = [$"RW {content.LengthSectors} FLAT \"Größe.vmdk\" 0"],
            });
        File.Move(folder["disk-flat.vmdk"], folder["Größe.vmdk"]);

        DiskAssert.Holds(content, path);
    }

    [Fact]
    public void MoreExtentsThanMayStayOpenAreReadLate()
    {
        using var folder = new TempFolder();
        var content = GuestContent.Scattered(1050 * 8192, seed: 12, rangeCount: 80);
        string sparse = SplitSparseImage.Write(
            folder.Path, "sparse", content, 16, new SparseOptions { GrainSectors = 8 });
        string flat = FlatImage.Write(folder.Path, "flat", content, "twoGbMaxExtentFlat", 16 * 30);
        var few = new VmdkOpenOptions { Limits = new VmdkLimits { MaxOpenExtents = 4 } };

        foreach (string path in (string[])[sparse, flat])
        {
            using var disk = VmdkDisk.Open(path, few);
            Assert.Equal(path == sparse ? 1050 : 35, disk.Layers[0].Extents.Count);
            Assert.InRange(OpenHandles.CountBelow(folder.Path), 1, 5);
            DiskAssert.Holds(content, disk);
            DiskAssert.HoldsByMap(content, disk);
            DiskAssert.Holds(content, path);
        }
    }

    [Fact]
    public void AFileThatIsReplacedBeforeItsLateOpeningIsRefused()
    {
        using var folder = new TempFolder();
        var content = GuestContent.Scattered(20 * 8192, seed: 13, rangeCount: 80);
        string path = FlatImage.Write(folder.Path, "disk", content, "twoGbMaxExtentFlat", 16);
        using var disk = VmdkDisk.Open(path, new VmdkOpenOptions { Limits = new VmdkLimits { MaxOpenExtents = 2 } });
        File.Move(folder["disk-f019.vmdk"], folder["elsewhere"]);
        File.Copy(folder["elsewhere"], folder["disk-f019.vmdk"]);

        byte[] bytes = new byte[512];
        var refusal = Assert.Throws<VmdkException>(() => disk.Read(bytes, 18 * 8192));

        Assert.Equal(VmdkErrorCode.SourceChanged, refusal.Code);
        Assert.Equal(folder["disk-f019.vmdk"], refusal.Path);
    }
}
