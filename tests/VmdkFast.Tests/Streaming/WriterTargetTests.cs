using VmdkFast.Tests.Creating;
using VmdkFast.Tests.Support;
using Xunit;
using static VmdkFast.Tests.Streaming.Converted;

namespace VmdkFast.Tests.Streaming;

public sealed class WriterTargetTests : IDisposable
{
    const long KiB = 1L << 10, MiB = 1L << 20;

    readonly TempFolder _folder = new();

    public static TheoryData<VmdkDiskKind> Kinds =>
    [
        VmdkDiskKind.MonolithicSparse, VmdkDiskKind.MonolithicFlat, VmdkDiskKind.TwoGbMaxExtentSparse,
        VmdkDiskKind.TwoGbMaxExtentFlat, VmdkDiskKind.StreamOptimized, VmdkDiskKind.Vmfs, VmdkDiskKind.VmfsThin,
        VmdkDiskKind.VmfsSparse,
    ];

    [Theory]
    [MemberData(nameof(Kinds))]
    public async Task EverySourceBecomesTheKind(VmdkDiskKind kind)
    {
        GuestContent content = GuestContent.Scattered((9 * MiB) + 1536, seed: 21);
        content.WriteRaw(_folder["raw"]);
        using VmdkDisk raw = VmdkDisk.OpenRaw(_folder["raw"]);
        await VmdkImage.ConvertAsync(
            raw, _folder["raw.vmdk"], To(kind), cancellationToken: TestContext.Current.CancellationToken);
        MustHold(content, _folder["raw.vmdk"], kind, _folder);
        ImageKind[] sources =
        [
            ImageKind.SparseShuffled, ImageKind.SplitFlat, ImageKind.StreamExport, ImageKind.StreamQemu, ImageKind.Cowd,
        ];
        foreach (ImageKind source in sources)
        {
            string image = ImageKinds.Write(source, _folder.Subfolder($"{source}"), content);
            await ConvertAsync(image, _folder[$"{source}.vmdk"], To(kind));
            MustHold(content, _folder[$"{source}.vmdk"], kind, _folder);
        }
    }

    [Fact]
    public async Task ATargetMayHaveANameAsLongAsTheFileSystemAllows()
    {
        GuestContent content = GuestContent.Scattered(MiB, seed: 23);
        string image = ImageKinds.Write(ImageKind.MonolithicSparse, _folder.Path, content);
        string name = new('n', 255);
        using VmdkDisk disk = VmdkDisk.Open(image);

        await VmdkImage.ConvertAsync(disk, _folder[name], cancellationToken: TestContext.Current.CancellationToken);

        Assert.Equal(MiB, new FileInfo(_folder[name]).Length);
    }

    [Theory]
    [MemberData(nameof(Kinds))]
    public async Task AChainBecomesOneImageOfTheKind(VmdkDiskKind kind)
    {
        GuestContent content = GuestContent.Scattered(6 * MiB, seed: 22);
        string bottom = SparseImage.Write(_folder.Path, "chain", content);
        (string top, GuestContent expected) = Chain.Write(
            _folder.Path, bottom, content, 22, ChildKind.VmfsSparse, ChildKind.MonolithicSparse)[^1];
        await ConvertAsync(top, _folder["flattened.vmdk"], To(kind));
        MustHold(expected, _folder["flattened.vmdk"], kind, _folder);
        using VmdkDisk disk = VmdkDisk.Open(_folder["flattened.vmdk"]);
        Assert.Single(disk.Layers);
    }

    [Theory]
    [InlineData(VmdkDiskKind.TwoGbMaxExtentSparse)]
    [InlineData(VmdkDiskKind.TwoGbMaxExtentFlat)]
    public async Task SplitTargetsHaveAsManyExtentsAsTheyNeed(VmdkDiskKind kind)
    {
        var content = new GuestContent(5L << 30);
        content.Fill((2L << 30) - MiB, 2 * MiB, ContentPattern.Mixed).Fill((5L << 30) - 512, 512, ContentPattern.Stamp);
        string source = SparseImage.Write(_folder.Path, "source", content);
        await ConvertAsync(source, _folder["disk.vmdk"], To(kind));
        using VmdkDisk disk = VmdkDisk.Open(_folder["disk.vmdk"]);
        Assert.Equal(3, disk.Layers[0].Extents.Count);
        DiskAssert.HoldsByMap(content, disk);
    }

    [Fact]
    public async Task TheContentIdIsTheOneThatWasAskedFor()
    {
        string source = SparseImage.Write(_folder.Path, "source", GuestContent.Scattered(MiB, seed: 23));
        await ConvertAsync(source, _folder["disk.vmdk"], To(VmdkDiskKind.MonolithicSparse));
        using VmdkDisk disk = VmdkDisk.Open(_folder["disk.vmdk"]);
        Assert.Equal(0x1234_5678u, disk.Layers[0].Descriptor!.ContentId);
        Assert.False(disk.Layers[0].UncleanShutdown);
    }

    [Theory]
    [InlineData(4096)]
    [InlineData(0)]
    public async Task ZerosAreStoredOnlyWhenAskedFor(int sparseBytes)
    {
        var content = new GuestContent(4 * MiB);
        content.Fill(0, 512, ContentPattern.Stamp).Fill(MiB, MiB, ContentPattern.Zeros);
        string source = FlatImage.Write(_folder.Path, "source", content);
        await ConvertAsync(
            source, _folder["disk.vmdk"], To(VmdkDiskKind.MonolithicSparse) with { SparseBytes = sparseBytes });
        await ConvertAsync(source, _folder["disk.raw"], VmdkConvertOptions.Default with { SparseBytes = sparseBytes });
        using VmdkDisk sparse = VmdkDisk.Open(_folder["disk.vmdk"]), raw = VmdkDisk.OpenRaw(_folder["disk.raw"]);
        foreach (VmdkDisk disk in new[] { sparse, raw })
        {
            DiskAssert.Holds(content, disk);
            long stored = disk.Map(TestContext.Current.CancellationToken)
                .Where(run => run.Kind == VmdkRunKind.Data).Sum(run => run.LengthBytes);
            (long least, long most) = sparseBytes == 0 ? (content.LengthBytes, content.LengthBytes) : (4096, 65536);
            Assert.InRange(stored, least, most);
        }
    }

    [Fact]
    public async Task GiantGrainsAreWrittenInParts()
    {
        GuestContent content = GuestContent.Scattered(40 * MiB, seed: 24);
        string source = SparseImage.Write(_folder.Path, "source", content);
        VmdkConvertOptions options = To(VmdkDiskKind.MonolithicSparse);
        await ConvertAsync(
            source, _folder["disk.vmdk"], options with { Target = options.Target! with { GrainBytes = 16 * MiB } });
        MustHold(content, _folder["disk.vmdk"], VmdkDiskKind.MonolithicSparse, _folder);
    }

    [Fact]
    public async Task AnExistingImageIsReplacedWithItsModeKept()
    {
        GuestContent content = GuestContent.Scattered(MiB, seed: 25);
        string source = SparseImage.Write(_folder.Path, "source", content);
        foreach (VmdkDiskKind kind in new[] { VmdkDiskKind.MonolithicFlat, VmdkDiskKind.StreamOptimized })
        {
            string path = _folder[$"{kind}.vmdk"];
            await File.WriteAllTextAsync(path, "something", TestContext.Current.CancellationToken);
            Peers.Run("chmod", "604", path).MustSucceed();
            await ConvertAsync(source, path, To(kind));
            MustHold(content, path, kind, _folder);
            Assert.Equal("604", Peers.Run("stat", "-c", "%a", path).MustSucceed().Output.Trim());
        }
    }

    [Fact]
    public async Task APartOfTheSourceIsNeverReplaced()
    {
        string source = FlatImage.Write(_folder.Path, "disk", GuestContent.Scattered(MiB, seed: 26));
        string other = SparseImage.Write(_folder.Subfolder("other"), "disk", GuestContent.Scattered(MiB, seed: 27));
        string[] names = Created.Names(_folder.Path);
        byte[] before = await File.ReadAllBytesAsync(_folder["disk-flat.vmdk"], TestContext.Current.CancellationToken);
        foreach (VmdkConvertOptions options in new[]
            {
                To(VmdkDiskKind.MonolithicFlat), To(VmdkDiskKind.MonolithicSparse), To(VmdkDiskKind.StreamOptimized),
                To(VmdkDiskKind.MonolithicSparse) with { IntoExisting = true },
            })
        {
            VmdkException refused = await Assert.ThrowsAsync<VmdkException>(
                () => ConvertAsync(source, source, options));
            Assert.Equal(VmdkErrorCode.TargetRefused, refused.Code);
        }

        Assert.Equal(names, Created.Names(_folder.Path));
        Assert.Equal(
            before, await File.ReadAllBytesAsync(_folder["disk-flat.vmdk"], TestContext.Current.CancellationToken));
        Assert.True(File.Exists(other));
    }

    [Fact]
    public async Task AnImageThatSomebodyHasOpenIsNotReplaced()
    {
        string source = SparseImage.Write(_folder.Path, "source", GuestContent.Scattered(MiB, seed: 28));
        string target = SparseImage.Write(_folder.Path, "target", GuestContent.Scattered(MiB, seed: 29));
        using (VmdkDisk.Open(target))
        {
            VmdkException refused = await Assert.ThrowsAsync<VmdkException>(
                () => ConvertAsync(source, target, To(VmdkDiskKind.MonolithicSparse)));
            Assert.Equal(VmdkErrorCode.Locked, refused.Code);
        }
    }

    public void Dispose() => _folder.Dispose();
}
