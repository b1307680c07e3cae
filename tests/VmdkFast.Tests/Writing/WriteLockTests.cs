using VmdkFast.Tests.Storage;
using VmdkFast.Tests.Support;
using Xunit;

namespace VmdkFast.Tests.Writing;

/// <summary>One writer at a time, among disks of this process and other programs.</summary>
public sealed class WriteLockTests
{
    const long LengthBytes = 4 << 20;

    public static TheoryData<ImageKind> Kinds =>
    [
        ImageKind.MonolithicSparse, ImageKind.SplitSparse, ImageKind.MonolithicFlat, ImageKind.Cowd,
        ImageKind.StreamLocal,
    ];

    [Theory]
    [MemberData(nameof(Kinds))]
    public void WhileADiskIsWrittenNobodyElseOpensIt(ImageKind kind)
    {
        using var folder = new TempFolder();
        var content = GuestContent.Scattered(LengthBytes, seed: 1);
        string path = ImageKinds.Write(kind, folder.Path, content);
        using (VmdkDisk writer = Writable.Open(path))
        {
            foreach (VmdkOpenOptions options in new[] { Writable.Options, VmdkOpenOptions.Default })
            {
                var refusal = Assert.Throws<VmdkException>(() => VmdkDisk.Open(path, options).Dispose());
                Assert.Equal(VmdkErrorCode.Locked, refusal.Code);
                Assert.StartsWith(folder.Path, refusal.Path, StringComparison.Ordinal);
                Assert.Contains(refusal.Path, refusal.Message, StringComparison.Ordinal);
            }

            DiskAssert.Holds(content, path, new VmdkOpenOptions { ForceShare = true });
            PeerResult qemu = Peers.Run("qemu-io", "-f", "vmdk", "-c", "write 0 512", path);
            Assert.Contains("lock", qemu.Output + qemu.Error, StringComparison.Ordinal);
        }

        Writable.Open(path).Dispose();
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void AnImageThatQemuHoldsIsNotOpenedForWriting(bool forWriting)
    {
        using var folder = new TempFolder();
        string path = SparseImage.Write(folder.Path, "disk", GuestContent.Scattered(LengthBytes, seed: 2));
        using (new QemuHolder(path, forWriting))
        {
            var refusal = Assert.Throws<VmdkException>(() => Writable.Open(path).Dispose());
            Assert.Equal(VmdkErrorCode.Locked, refusal.Code);
            Assert.Equal(path, refusal.Path);
        }

        Writable.Open(path).Dispose();
    }

    [Fact]
    public void WithoutLocksAnImageIsOnlyRead()
    {
        using var folder = new TempFolder();
        string path = SparseImage.Write(folder.Path, "disk", GuestContent.Scattered(LengthBytes, seed: 3));
        Assert.Throws<ArgumentException>(
            () => VmdkDisk.Open(path, Writable.Options with { ForceShare = true }).Dispose());
        using VmdkDisk disk = VmdkDisk.Open(path, new VmdkOpenOptions { ForceShare = true });
        Assert.Throws<ArgumentException>(() => disk.Reopen(VmdkOpenAccess.ReadWrite));
        Assert.Equal(VmdkDiskState.Open, disk.State);
    }

    [Fact]
    public void AReaderKeepsAWriterOut()
    {
        using var folder = new TempFolder();
        string path = SparseImage.Write(folder.Path, "disk", GuestContent.Scattered(LengthBytes, seed: 3));
        using (VmdkDisk.Open(path))
        {
            var refusal = Assert.Throws<VmdkException>(() => Writable.Open(path).Dispose());
            Assert.Equal(VmdkErrorCode.Locked, refusal.Code);
        }

        Writable.Open(path).Dispose();
    }

    [Fact]
    public void AParentIsReadByManyChildrenButWrittenByNobody()
    {
        using var folder = new TempFolder();
        var below = GuestContent.Scattered(LengthBytes, seed: 4);
        string parent = SparseImage.Write(folder.Path, "parent", below);
        string[] children =
        [
            Chain.WriteChild(ChildKind.MonolithicSparse, folder.Path, "one", below, parent, below),
            Chain.WriteChild(ChildKind.SplitSparse, folder.Path, "two", below, parent, below),
        ];
        using VmdkDisk first = Writable.Open(children[0]);
        using VmdkDisk second = Writable.Open(children[1]);
        first.Write([1], 0);
        second.Write([2], 0);

        var refusal = Assert.Throws<VmdkException>(() => Writable.Open(parent).Dispose());

        Assert.Equal(VmdkErrorCode.Locked, refusal.Code);
        Assert.Equal(parent, refusal.Path);
        Writable.Holds(first, 0, 1, 1);
        Writable.Holds(second, 0, 1, 2);
    }
}
