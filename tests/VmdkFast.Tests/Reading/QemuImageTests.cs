using VmdkFast.Tests.Support;
using Xunit;

namespace VmdkFast.Tests.Reading;

/// <summary>Images made by qemu-img in every subformat and class of size.</summary>
public sealed class QemuImageTests
{
    const long Gibi = 1L << 30;

    public static TheoryData<string> Subformats =>
    [
        "monolithicSparse", "monolithicFlat", "twoGbMaxExtentSparse", "twoGbMaxExtentFlat", "streamOptimized",
    ];

    public static MatrixTheoryData<string, long> SubformatsAndSizes =>
        new(Subformats.Select(row => row.Data), [512, 65536 - 512, 65536, 1 << 20, (33 << 20) + 1536]);

    [Theory]
    [MemberData(nameof(SubformatsAndSizes))]
    public void SmallDisksAreReadByteForByte(string subformat, long lengthBytes)
    {
        using var folder = new TempFolder();
        var content = GuestContent.Scattered(lengthBytes, seed: 11);
        string path = Convert(folder, content, subformat);

        DiskAssert.Holds(content, path);
    }

    [Theory]
    [MemberData(nameof(Subformats))]
    public void FiveGibibytesWithHolesAreRead(string subformat)
    {
        using var folder = new TempFolder();
        GuestContent content = GuestContent.Scattered(5 * Gibi, seed: 12)
            .Fill((2 * Gibi) - 4096, 8192, ContentPattern.Stamp, 13)
            .Fill((4 * Gibi) - 512, 1024, ContentPattern.Random, 14);
        string path = Convert(folder, content, subformat);

        using var disk = VmdkDisk.Open(path);

        Assert.Equal(subformat.StartsWith("two", StringComparison.Ordinal) ? 3 : 1, disk.Layers[0].Extents.Count);
        DiskAssert.HoldsByMap(content, disk);
    }

    [Fact]
    public void FifteenTebibytesWithDataAtFourteenAreRead()
    {
        using var folder = new TempFolder();
        long far = 14 * 1024 * Gibi;
        string path = folder["disk.vmdk"];
        QemuImg.Create(path, 15 * 1024 * Gibi, "subformat=monolithicSparse");
        Peers.Run(
            "qemu-io", "-f", "vmdk", "-c", "write -P 0xa5 0 4k", "-c", $"write -P 0x5a {far} 4k", path).MustSucceed();

        using var disk = VmdkDisk.Open(path);

        AssertFilled(disk, 0, 4096, 0xa5);
        AssertFilled(disk, far, 4096, 0x5a);
        AssertFilled(disk, far - 4096, 4096, 0);
        AssertFilled(disk, far + 4096, 4096, 0);
        Assert.Equal(2, disk.Map(TestContext.Current.CancellationToken).Count(run => run.Kind == VmdkRunKind.Data));
    }

    [Fact]
    public void FiveHundredExtentsAreOneDisk()
    {
        using var folder = new TempFolder();
        string path = folder["disk.vmdk"];
        QemuImg.Create(path, 1000 * Gibi, "subformat=twoGbMaxExtentFlat");
        Peers.Run(
            "qemu-io", "-f", "vmdk", "-c", $"write -P 0x77 {(998 * Gibi) - 512} 1k", path).MustSucceed();

        using var disk = VmdkDisk.Open(path);

        Assert.Equal(500, disk.Layers[0].Extents.Count);
        Assert.Equal("disk-f500.vmdk", disk.Layers[0].Extents[^1].FileName);
        AssertFilled(disk, (998 * Gibi) - 512, 1024, 0x77);
        AssertFilled(disk, (1000 * Gibi) - 512, 512, 0);
    }

    [Fact]
    public void AFourTebibyteFlatDiskIsReadPastTheFirstNineHundredGibibytes()
    {
        using var folder = new TempFolder();
        string path = folder["disk.vmdk"];
        QemuImg.Create(path, 4096 * Gibi, "subformat=monolithicFlat");
        Peers.Run("qemu-io", "-f", "vmdk", "-c", $"write -P 0x0a {900 * Gibi} 512", path).MustSucceed();

        using var disk = VmdkDisk.Open(path);

        AssertFilled(disk, 900 * Gibi, 512, 0x0a);
        AssertFilled(disk, (900 * Gibi) + 512, 512, 0);
    }

    [Fact]
    public void ZeroGrainsHideTheParent()
    {
        using var folder = new TempFolder();
        string parent = folder["parent.vmdk"];
        QemuImg.Create(parent, 4 << 20);
        Peers.Run("qemu-io", "-f", "vmdk", "-c", "write -P 0x11 0 4M", parent).MustSucceed();
        string child = folder["child.vmdk"];
        QemuImg.Create(child, 4 << 20, "zeroed_grain=on", parent);
        Peers.Run("qemu-io", "-f", "vmdk", "-c", "write -z 1M 64k", "-c", "write -P 0x22 2M 1k", child).MustSucceed();

        using var disk = VmdkDisk.Open(child);

        AssertFilled(disk, 0, 1 << 20, 0x11);
        AssertFilled(disk, 1 << 20, 65536, 0);
        AssertFilled(disk, (1 << 20) + 65536, (1 << 20) - 65536, 0x11);
        AssertFilled(disk, 2 << 20, 1024, 0x22);
        AssertFilled(disk, (2 << 20) + 1024, 65536, 0x11);
        Assert.Contains(
            disk.Map(TestContext.Current.CancellationToken),
            run => run is { Kind: VmdkRunKind.Zero, Depth: 0, OffsetBytes: 1 << 20, LengthBytes: 65536 });
    }

    [Fact]
    public void TheMapGivesTheFileOffsetsThatQemuGives()
    {
        using var folder = new TempFolder();
        string path = folder["disk.vmdk"];
        QemuImg.Create(path, 31 * Gibi, "subformat=monolithicSparse");
        Peers.Run(
            "qemu-io", "-f", "vmdk", "-c", "write 65024 1k", "-c", "write 2147483136 1k", "-c", "write 5G 1k", path)
            .MustSucceed();

        using var disk = VmdkDisk.Open(path);
        IEnumerable<(long Offset, long Length, long? File)> stored = disk.Map(TestContext.Current.CancellationToken)
            .Where(run => run.Kind == VmdkRunKind.Data)
            .Select(run => (run.OffsetBytes, run.LengthBytes, run.FileOffsetBytes));

        Assert.Equal(
            [(0, 0x20000, 0x3f0000), (0x7fff0000, 0x20000, 0x410000), (0x140000000, 0x10000, 0x430000)], stored);
    }

    [Fact]
    public void TheMapOfASplitDiskNamesEachExtentsFile()
    {
        using var folder = new TempFolder();
        string path = folder["disk.vmdk"];
        QemuImg.Create(path, 31 * Gibi, "subformat=twoGbMaxExtentSparse");
        Peers.Run(
            "qemu-io", "-f", "vmdk", "-c", "write 65024 1k", "-c", "write 2147483136 1k", "-c", "write 5G 1k", path)
            .MustSucceed();

        using var disk = VmdkDisk.Open(path);
        IEnumerable<(long Offset, long Length, string?, long? File)> stored =
            disk.Map(TestContext.Current.CancellationToken)
                .Where(run => run.Kind == VmdkRunKind.Data)
                .Select(run => (run.OffsetBytes, run.LengthBytes, Path.GetFileName(run.Path), run.FileOffsetBytes));

        Assert.Equal(
            [
                (0, 0x20000, "disk-s001.vmdk", 0x50000), (0x7fff0000, 0x10000, "disk-s001.vmdk", 0x70000),
                (0x80000000, 0x10000, "disk-s002.vmdk", 0x50000), (0x140000000, 0x10000, "disk-s003.vmdk", 0x50000),
            ],
            stored);
    }

    static string Convert(TempFolder folder, GuestContent content, string subformat)
    {
        content.WriteRaw(folder["disk.raw"]);
        string path = folder["disk.vmdk"];
        QemuImg.Convert(folder["disk.raw"], path, "raw", "vmdk", $"subformat={subformat}");
        return path;
    }

    static void AssertFilled(VmdkDisk disk, long offsetBytes, int lengthBytes, byte value)
    {
        byte[] bytes = new byte[lengthBytes];
        Assert.Equal(lengthBytes, disk.Read(bytes, offsetBytes));
        Assert.False(bytes.AsSpan().ContainsAnyExcept(value), $"Not only 0x{value:x2} from byte {offsetBytes} on.");
    }
}
