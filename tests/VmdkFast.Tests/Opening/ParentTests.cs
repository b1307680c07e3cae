using VmdkFast.Tests.Support;
using Xunit;

namespace VmdkFast.Tests.Opening;

/// <summary>Parents that are missing, changed, foreign, too many, or their own children.</summary>
public sealed class ParentTests
{
    [Fact]
    public void AChangedParentIsRefusedUnlessAllowed()
    {
        using var folder = new TempFolder();
        (string child, string parent, GuestContent content) = Pair(folder);
        uint was = DescriptorText.ReadCid(parent);
        Replace(parent, $"CID={was:x8}", "CID=0badcafe");

        VmdkException refusal = Refusal.OfOpening(child);

        refusal.Says(VmdkErrorCode.ParentMismatch, child, null, "parentCID", "0badcafe in the parent", $"{was:x8}");
        Assert.Contains($"'{parent}'", refusal.Message, StringComparison.Ordinal);
        DiskAssert.Holds(content, child, new VmdkOpenOptions { AllowParentMismatch = true });
    }

    [Fact]
    public void AParentThatIsMissingIsNamed()
    {
        using var folder = new TempFolder();
        (string child, string parent, _) = Pair(folder);
        File.Delete(parent);

        VmdkException refusal = Refusal.OfOpening(child);

        refusal.Says(VmdkErrorCode.FileMissing, child, null, "file", "nothing of that name");
        Assert.Contains("'parent.vmdk'", refusal.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void AParentThatIsNoVmdkIsRefused()
    {
        using var folder = new TempFolder();
        (string child, string parent, _) = Pair(folder);
        File.WriteAllBytes(parent, new byte[1 << 20]);

        Refusal.OfOpening(child).Says(VmdkErrorCode.NotVmdk, parent, 0, "magic", "00000000", "KDMV");
    }

    [Fact]
    public void AParentWithoutADescriptorDoesNotMatchAnyContentId()
    {
        using var folder = new TempFolder();
        (string child, string parent, _) = Pair(folder);
        File.Delete(parent);
        CowdImage.WriteBare(folder.Path, "parent", new GuestContent(1 << 20));

        Refusal.OfOpening(child).Says(
            VmdkErrorCode.ParentMismatch, child, null, "parentCID", "no descriptor in the parent");
    }

    [Fact]
    public void AParentIdWithoutANameIsRefused()
    {
        using var folder = new TempFolder();
        string path = SparseImage.Write(
            folder.Path, "disk", new GuestContent(512),
            new SparseOptions { Descriptor = new DescriptorText { ParentCid = 0x12345678 } });

        Refusal.OfOpening(path).Says(
            VmdkErrorCode.DescriptorInvalid, path, null, "parentFileNameHint", "nothing", "the parent's file name");
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(5)]
    public void ACycleOfParentsIsRefused(int length)
    {
        using var folder = new TempFolder();
        for (int i = 0; i < length; i++)
        {
            SparseImage.Write(folder.Path, $"disk{i}", new GuestContent(512), new SparseOptions
            {
                Descriptor = new DescriptorText
                {
                    Cid = 7,
                    ParentCid = 7,
                    ParentHint = $"disk{(i + 1) % length}.vmdk",
                },
            });
        }

        Refusal.OfOpening(folder["disk0.vmdk"]).Says(
            VmdkErrorCode.ChainLoop, folder["disk0.vmdk"], null, "parentFileNameHint", "open already");
    }

    [Fact]
    public void AChainIsAsLongAsTheLimitAllows()
    {
        using var folder = new TempFolder();
        var below = GuestContent.Scattered(1 << 20, seed: 1);
        string parent = SparseImage.Write(folder.Path, "base", below);
        IReadOnlyList<(string Path, GuestContent Content)> levels = Chain.Write(
            folder.Path, parent, below, 2, [.. Enumerable.Repeat(ChildKind.MonolithicSparse, 4)]);

        VmdkOpenOptions Depth(int depth) => new() { Limits = new VmdkLimits { MaxChainDepth = depth } };
        DiskAssert.Holds(levels[4].Content, levels[4].Path, Depth(5));
        Refusal.OfOpening(levels[4].Path, Depth(4)).Says(
            VmdkErrorCode.LimitExceeded, levels[1].Path, null, "parentFileNameHint", "image 4", "at most 4 images");
    }

    [Fact]
    public void AParentMayLieElsewhereWhenThePolicyAllows()
    {
        using var folder = new TempFolder();
        string bases = folder.Subfolder("bases");
        string children = folder.Subfolder("children");
        var below = GuestContent.Scattered(1 << 20, seed: 3);
        string parent = SplitSparseImage.Write(bases, "parent", below, 1024);
        GuestContent content = below.Clone().Fill(512, 512, ContentPattern.Random);
        string child = Chain.WriteChild(
            ChildKind.SplitSparse, children, "child", content, parent, below);

        Assert.Equal(VmdkErrorCode.ReferenceRefused, Refusal.OfOpening(child).Code);
        DiskAssert.Holds(content, child, new VmdkOpenOptions { References = VmdkReferencePolicy.Anywhere });
        DiskAssert.Holds(content, child, new VmdkOpenOptions { References = VmdkReferencePolicy.Below(bases) });
    }

    [Fact]
    public void AParentIdBeforeTheContentIdIsNotTakenForIt()
    {
        using var folder = new TempFolder();
        (string child, string parent, GuestContent content) = Pair(folder);
        uint id = DescriptorText.ReadCid(parent);
        Replace(parent, $"CID={id:x8}\nparentCID=ffffffff", $"parentCID=ffffffff\nCID={id:x8}");

        DiskAssert.Holds(content, child);
    }

    static (string Child, string Parent, GuestContent Content) Pair(TempFolder folder)
    {
        var below = GuestContent.Scattered(1 << 20, seed: 4);
        string parent = SparseImage.Write(folder.Path, "parent", below);
        GuestContent content = below.Clone().Fill(512, 512, ContentPattern.Random);
        string child = Chain.WriteChild(
            ChildKind.MonolithicSparse, folder.Path, "child", content, parent, below);
        return (child, parent, content);
    }

    static void Replace(string path, string old, string replacement)
    {
        byte[] bytes = File.ReadAllBytes(path);
        int at = bytes.AsSpan().IndexOf(System.Text.Encoding.ASCII.GetBytes(old));
        Assert.True(at > 0);
        System.Text.Encoding.ASCII.GetBytes(replacement).CopyTo(bytes, at);
        File.WriteAllBytes(path, bytes);
    }
}
