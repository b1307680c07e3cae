using VmdkFast.Tests.Storage;
using VmdkFast.Tests.Support;
using Xunit;

namespace VmdkFast.Tests.Opening;

/// <summary>Images that a running QEMU holds, and QEMU before images that a disk holds.</summary>
public sealed class LockTests
{
    [Theory]
    [InlineData(ImageKind.MonolithicSparse)]
    [InlineData(ImageKind.MonolithicFlat)]
    [InlineData(ImageKind.SplitSparse)]
    public void AnImageThatQemuWritesIsLockedUnlessSharingIsForced(ImageKind kind)
    {
        using var folder = new TempFolder();
        var content = GuestContent.Scattered(4 << 20, seed: 1);
        string path = ImageKinds.Write(kind, folder.Path, content);
        using (new QemuHolder(path, forWriting: true))
        {
            VmdkException refusal = Refusal.OfOpening(path);

            Assert.Equal(VmdkErrorCode.Locked, refusal.Code);
            Assert.StartsWith(folder.Path, refusal.Path, StringComparison.Ordinal);
            DiskAssert.Holds(content, path, new VmdkOpenOptions { ForceShare = true });
        }

        DiskAssert.Holds(content, path);
    }

    [Fact]
    public void AParentThatQemuWritesIsLockedToo()
    {
        using var folder = new TempFolder();
        var below = GuestContent.Scattered(4 << 20, seed: 2);
        string parent = SparseImage.Write(folder.Path, "parent", below);
        string child = Chain.WriteChild(
            ChildKind.MonolithicSparse, folder.Path, "child", below.Clone(), parent, below);
        using var holder = new QemuHolder(parent, forWriting: true);

        VmdkException refusal = Refusal.OfOpening(child);

        Assert.Equal(VmdkErrorCode.Locked, refusal.Code);
        Assert.Equal(parent, refusal.Path);
    }

    [Fact]
    public void ReadersDoNotLockEachOtherOut()
    {
        using var folder = new TempFolder();
        var content = GuestContent.Scattered(4 << 20, seed: 3);
        string path = SparseImage.Write(folder.Path, "disk", content);
        using var holder = new QemuHolder(path, forWriting: false);
        using var first = VmdkDisk.Open(path);
        using var second = VmdkDisk.Open(path);

        DiskAssert.Holds(content, first);
        DiskAssert.Holds(content, second);
    }

    [Fact]
    public void WhileADiskIsOpenQemuMayNotWriteIt()
    {
        using var folder = new TempFolder();
        string path = SparseImage.Write(folder.Path, "disk", GuestContent.Scattered(4 << 20, seed: 4));
        using (VmdkDisk.Open(path))
        {
            PeerResult refused = Peers.Run("qemu-io", "-f", "vmdk", "-c", "write 0 512", path);
            Assert.Contains("lock", refused.Output + refused.Error, StringComparison.Ordinal);
        }

        Peers.Run("qemu-io", "-f", "vmdk", "-c", "write 0 512", path).MustSucceed();
    }
}
