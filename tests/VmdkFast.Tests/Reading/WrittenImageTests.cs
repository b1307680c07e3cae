using VmdkFast.Tests.Support;
using Xunit;

namespace VmdkFast.Tests.Reading;

/// <summary>Images by the tests' own writers, which share nothing with the library but the format.</summary>
public sealed class WrittenImageTests
{
    [Theory]
    [MemberData(nameof(ImageKinds.All), MemberType = typeof(ImageKinds))]
    public void EveryKindGivesItsContentBack(ImageKind kind)
    {
        using var folder = new TempFolder();
        var content = GuestContent.Scattered((3 << 20) + (37 * 512), seed: (int)kind + 1);
        string path = ImageKinds.Write(kind, folder.Path, content);

        DiskAssert.Holds(content, path);
    }

    [Theory]
    [MemberData(nameof(ImageKinds.All), MemberType = typeof(ImageKinds))]
    public void EveryKindMayBeOneSectorLong(ImageKind kind)
    {
        using var folder = new TempFolder();
        GuestContent content = new GuestContent(512).Fill(0, 512, ContentPattern.Random);
        string path = ImageKinds.Write(kind, folder.Path, content);

        DiskAssert.Holds(content, path);
    }

    [Theory]
    [MemberData(nameof(ImageKinds.All), MemberType = typeof(ImageKinds))]
    public void EveryKindMayHoldNothing(ImageKind kind)
    {
        using var folder = new TempFolder();
        var content = new GuestContent(1 << 20);
        string path = ImageKinds.Write(kind, folder.Path, content);

        DiskAssert.Holds(content, path);
    }

    [Theory]
    [MemberData(nameof(ImageKinds.ForQemu), MemberType = typeof(ImageKinds))]
    public void QemuReadsTheSame(ImageKind kind)
    {
        using var folder = new TempFolder();
        var content = GuestContent.Scattered((2 << 20) + (5 * 512), seed: 100 + (int)kind);
        string path = ImageKinds.Write(kind, folder.Path, content);

        DiskAssert.Holds(content, path);
        Assert.Equal(content.Sha256(), QemuImg.ToRawHash(path));
    }

    [Theory]
    [InlineData(8)]
    [InlineData(64)]
    [InlineData(128)]
    [InlineData(256)]
    [InlineData(4096)]
    [InlineData(16384)]
    public void GrainsOfEverySizeAreRead(int grainSectors)
    {
        using var folder = new TempFolder();
        var content = GuestContent.Scattered((20 << 20) + 512, seed: grainSectors, rangeCount: 6);
        string sparse = SparseImage.Write(
            folder.Path, "sparse", content, new SparseOptions { GrainSectors = grainSectors });
        string stream = StreamImage.Write(
            folder.Path, "stream", content, new StreamOptions { GrainSectors = grainSectors, Level = 1 });

        DiskAssert.Holds(content, sparse);
        DiskAssert.Holds(content, stream);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(8)]
    [InlineData(128)]
    [InlineData(2048)]
    public void CowdGrainsOfEverySizeAreRead(int grainSectors)
    {
        using var folder = new TempFolder();
        var content = GuestContent.Scattered(9 << 20, seed: grainSectors, rangeCount: 8);
        string path = CowdImage.Write(
            folder.Path, "cowd", content, new CowdOptions { GrainSectors = grainSectors, SpareSectors = 64 });

        DiskAssert.Holds(content, path);
    }

    [Fact]
    public void AnUncleanImageIsOpenedAndSaysSo()
    {
        using var folder = new TempFolder();
        var content = GuestContent.Scattered(1 << 20, seed: 3);
        string path = ImageKinds.Write(ImageKind.SparseUnclean, folder.Path, content);

        using var disk = VmdkDisk.Open(path);

        Assert.True(disk.Layers[0].UncleanShutdown);
        DiskAssert.Holds(content, disk);
    }

    [Fact]
    public void AnEmbeddedImageMayBeRenamed()
    {
        using var folder = new TempFolder();
        var content = GuestContent.Scattered(1 << 20, seed: 4);
        string path = SparseImage.Write(folder.Path, "before", content);
        File.Move(path, folder["after.img"]);

        DiskAssert.Holds(content, folder["after.img"]);
    }
}
