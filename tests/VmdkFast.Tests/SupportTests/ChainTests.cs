using VmdkFast.Tests.Support;
using Xunit;

namespace VmdkFast.Tests.SupportTests;

public sealed class ChainTests
{
    const long MiB = 1 << 20;

    [Theory]
    [InlineData("flat")]
    [InlineData("sparse")]
    [InlineData("stream")]
    [InlineData("vmfs")]
    public void QemuReadsChildrenOfEveryKindOverEveryKind(string baseKind)
    {
        using var folder = new TempFolder();
        GuestContent content = GuestContent.Scattered((4 * MiB) + 1024, 40);
        string basePath = baseKind switch
        {
            "flat" => FlatImage.Write(folder.Path, "disk", content),
            "sparse" => SparseImage.Write(folder.Path, "disk", content),
            "vmfs" => FlatImage.Write(folder.Path, "disk", content, "vmfs"),
            _ => StreamImage.Write(folder.Path, "disk", content),
        };
        IReadOnlyList<(string Path, GuestContent Content)> levels = Chain.Write(
            folder.Path,
            basePath,
            content,
            41,
            ChildKind.MonolithicSparse,
            ChildKind.VmfsSparse,
            ChildKind.SplitSparse);
        Assert.Equal(4, levels.Count);
        Assert.Equal(4, levels.Select(level => level.Content.Hash()).Distinct().Count());
        Assert.All(levels, level => Assert.Equal(level.Content.Sha256(), QemuImg.ToRawHash(level.Path)));
    }

    [Theory]
    [InlineData(ChildKind.MonolithicSparse)]
    [InlineData(ChildKind.SplitSparse)]
    [InlineData(ChildKind.VmfsSparse)]
    public void AChildHoldsOnlyWhatDiffersAndMayBeLonger(ChildKind kind)
    {
        using var folder = new TempFolder();
        GuestContent below = new GuestContent((2 * MiB) + 512).Fill(0, (2 * MiB) + 512, ContentPattern.Random);
        string parent = SparseImage.Write(folder.Subfolder("base"), "disk", below);
        GuestContent content = below.Clone(3 * MiB)
            .Fill(MiB, 65536, ContentPattern.Zeros)
            .Fill((2 * MiB) + 512, 1024, ContentPattern.Text);
        string path = Chain.WriteChild(kind, folder.Subfolder("child"), "child", content, parent, below, 16);
        Assert.Contains("parentFileNameHint=\"../base/disk.vmdk\"", ReadText(path), StringComparison.Ordinal);
        Assert.Equal(content.Sha256(), QemuImg.ToRawHash(path));
        long stored = Directory.GetFiles(folder["child"]).Sum(file => new FileInfo(file).Length);
        Assert.InRange(stored, 65536, 200_000);
    }

    [Fact]
    public void AZeroGrainHidesTheParent()
    {
        using var folder = new TempFolder();
        GuestContent below = new GuestContent(MiB).Fill(0, MiB, ContentPattern.Random);
        string parent = SparseImage.Write(folder.Path, "base", below);
        GuestContent content = below.Clone().Fill(0, 131072, ContentPattern.Zeros);
        string path = SparseImage.Write(folder.Path, "child", content, new SparseOptions
        {
            Parent = ParentLink.To(parent, below, folder.Path),
            ZeroRanges = [new GuestRange(0, 131072)],
        });
        Assert.Equal((long)HostedHeader.Read(path).OverheadSectors * 512, new FileInfo(path).Length);
        Assert.Equal(content.Sha256(), QemuImg.ToRawHash(path));
    }

    static string ReadText(string path) =>
        System.Text.Encoding.Latin1.GetString(File.ReadAllBytes(path));
}
