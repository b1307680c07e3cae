using VmdkFast.Tests.Support;
using Xunit;

namespace VmdkFast.Tests.Reading;

/// <summary>Children over parents of every kind, and what the reader sees through them.</summary>
public sealed class ChainTests
{
    const long Mebi = 1 << 20;

    public static MatrixTheoryData<ImageKind, ChildKind> ParentsAndChildren =>
        new(
            [
                ImageKind.MonolithicSparse, ImageKind.MonolithicFlat, ImageKind.SplitSparse, ImageKind.SplitFlat,
                ImageKind.StreamExport, ImageKind.StreamLocalOfGiantGrains, ImageKind.Cowd, ImageKind.CustomMixture,
            ],
            Enum.GetValues<ChildKind>());

    [Theory]
    [MemberData(nameof(ParentsAndChildren))]
    public void EveryKindMayBeTheChildOfEveryOther(ImageKind parentKind, ChildKind childKind)
    {
        using var folder = new TempFolder();
        var below = GuestContent.Scattered((2 * Mebi) + 512, seed: 1);
        string parent = ImageKinds.Write(parentKind, folder.Path, below, "parent");
        GuestContent content = below.Clone()
            .Fill(100 * 512, 3000, ContentPattern.Random, 2)
            .Fill(Mebi, 70_000, ContentPattern.Zeros, 3)
            .Fill(2 * Mebi, 512, ContentPattern.Stamp, 4);
        string child = Chain.WriteChild(childKind, folder.Path, "child", content, parent, below);

        using var disk = VmdkDisk.Open(child);

        Assert.Equal(2, disk.Layers.Count);
        DiskAssert.Holds(content, disk);
        DiskAssert.HoldsByMap(content, disk);
    }

    [Theory]
    [InlineData(ChildKind.MonolithicSparse, ChildKind.SplitSparse, ChildKind.VmfsSparse)]
    [InlineData(ChildKind.VmfsSparse, ChildKind.VmfsSparse, ChildKind.VmfsSparse)]
    [InlineData(ChildKind.SplitSparse, ChildKind.VmfsSparse, ChildKind.MonolithicSparse)]
    public void EveryLevelOfAChainGivesItsOwnContent(ChildKind first, ChildKind second, ChildKind third)
    {
        using var folder = new TempFolder();
        var below = GuestContent.Scattered(5 * Mebi, seed: 5);
        string parent = StreamImage.Write(folder.Path, "base", below);

        IReadOnlyList<(string Path, GuestContent Content)> levels = Chain.Write(
            folder.Path, parent, below, 6, first, second, third);

        Assert.Equal(4, levels.Count);
        foreach ((string path, GuestContent content) in levels)
        {
            DiskAssert.Holds(content, path);
        }
    }

    [Theory]
    [InlineData(8, 128)]
    [InlineData(128, 8)]
    [InlineData(2048, 16)]
    public void GrainsOfChildAndParentMayDiffer(int parentGrain, int childGrain)
    {
        using var folder = new TempFolder();
        var below = GuestContent.Scattered(4 * Mebi, seed: 7);
        string parent = SparseImage.Write(
            folder.Path, "parent", below, new SparseOptions { GrainSectors = parentGrain });
        GuestContent content = below.Clone().Fill(3 * 512, Mebi, ContentPattern.Mixed, 8);
        string child = Chain.WriteChild(
            ChildKind.MonolithicSparse, folder.Path, "child", content, parent, below, childGrain);

        DiskAssert.Holds(content, child);
    }

    [Theory]
    [InlineData(ChildKind.MonolithicSparse)]
    [InlineData(ChildKind.SplitSparse)]
    [InlineData(ChildKind.VmfsSparse)]
    public void PastAShorterParentThereAreZeros(ChildKind kind)
    {
        using var folder = new TempFolder();
        GuestContent below = new GuestContent(Mebi + 512).Fill(0, Mebi + 512, ContentPattern.Random);
        string parent = SparseImage.Write(folder.Path, "parent", below);
        GuestContent content = below.Clone(3 * Mebi).Fill((2 * Mebi) + 4096, 4096, ContentPattern.Stamp);
        string child = Chain.WriteChild(kind, folder.Path, "child", content, parent, below);

        using var disk = VmdkDisk.Open(child);

        DiskAssert.Holds(content, disk);
        DiskAssert.HoldsByMap(content, disk);
    }

    [Fact]
    public void OfALongerParentOnlyTheChildsLengthIsSeen()
    {
        using var folder = new TempFolder();
        var below = GuestContent.Scattered(3 * Mebi, seed: 9);
        string parent = SparseImage.Write(folder.Path, "parent", below);
        GuestContent content = below.Clone(Mebi);
        string child = Chain.WriteChild(
            ChildKind.MonolithicSparse, folder.Path, "child", content, parent, below);

        DiskAssert.Holds(content, child);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void ZeroGrainsAreZerosWithAndWithoutAParent(bool withParent)
    {
        using var folder = new TempFolder();
        GuestContent below = new GuestContent(4 * Mebi).Fill(0, 4 * Mebi, ContentPattern.Stamp);
        string parent = FlatImage.Write(folder.Path, "parent", below);
        GuestContent content = (withParent ? below.Clone() : GuestContent.Scattered(4 * Mebi, seed: 10))
            .Fill(Mebi, 2 * Mebi, ContentPattern.Zeros)
            .Fill(Mebi + 65536, 512, ContentPattern.Random);
        string path = SparseImage.Write(folder.Path, "disk", content, new SparseOptions
        {
            ZeroRanges = [new GuestRange(Mebi, 65536), new GuestRange(Mebi + (2 * 65536), Mebi)],
            Parent = withParent ? ParentLink.To(parent, below, folder.Path) : null,
        });

        using var disk = VmdkDisk.Open(path);

        DiskAssert.Holds(content, disk);
        Assert.Contains(
            disk.Map(TestContext.Current.CancellationToken),
            run => run is { Kind: VmdkRunKind.Zero, Depth: 0, OffsetBytes: Mebi + (2 * 65536), LengthBytes: Mebi });
    }

    [Fact]
    public void AStreamMayHoldZeroGrains()
    {
        using var folder = new TempFolder();
        GuestContent content = GuestContent.Scattered(4 * Mebi, seed: 11).Fill(Mebi, Mebi, ContentPattern.Zeros);
        string path = StreamImage.Write(
            folder.Path, "disk", content, new StreamOptions { ZeroRanges = [new GuestRange(Mebi, Mebi)] });

        DiskAssert.Holds(content, path);
    }

    [Fact]
    public void TheMapSaysWhichImageDecides()
    {
        using var folder = new TempFolder();
        GuestContent below = new GuestContent(Mebi).Fill(0, 2 * 65536, ContentPattern.Stamp);
        string parent = SparseImage.Write(folder.Path, "parent", below);
        GuestContent content = below.Clone().Fill(65536, 65536, ContentPattern.Random);
        string child = Chain.WriteChild(
            ChildKind.MonolithicSparse, folder.Path, "child", content, parent, below);

        using var disk = VmdkDisk.Open(child);
        VmdkRun[] runs = [.. disk.Map(TestContext.Current.CancellationToken)];

        Assert.Equal(
            [(65536, VmdkRunKind.Data, 1), (65536, VmdkRunKind.Data, 0), (14 * 65536, VmdkRunKind.Unallocated, 1)],
            runs.Select(run => (run.LengthBytes, run.Kind, run.Depth)));
        Assert.Equal([parent, child, null], runs.Select(run => run.Path));
    }

    [Fact]
    public void WithoutItsParentsAChildReadsOnlyWhatItHolds()
    {
        using var folder = new TempFolder();
        GuestContent below = new GuestContent(Mebi).Fill(0, Mebi, ContentPattern.Stamp);
        string parent = SparseImage.Write(folder.Path, "parent", below);
        GuestContent content = below.Clone().Fill(65536, 65536, ContentPattern.Random);
        string child = Chain.WriteChild(
            ChildKind.MonolithicSparse, folder.Path, "child", content, parent, below);
        File.Delete(parent);

        DiskAssert.Holds(
            new GuestContent(Mebi).Fill(65536, 65536, ContentPattern.Random), child,
            new VmdkOpenOptions { OpenParents = false });
    }
}
