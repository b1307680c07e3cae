using VmdkFast.Tests.Support;
using Xunit;

namespace VmdkFast.Tests.SupportTests;

public sealed class PeersTests
{
    [Theory]
    [InlineData("qemu-img", "--version")]
    [InlineData("qemu-io", "--version")]
    [InlineData("vmdkinfo", "-V")]
    [InlineData("7zz", "i")]
    [InlineData("nbdinfo", "--version")]
    public void EveryPeerIsInstalled(string program, string argument)
    {
        PeerResult result = Peers.Run(program, argument).MustSucceed();
        Assert.NotEmpty(result.Output + result.Error);
    }

    [Fact]
    public void AMissingProgramIsAnError()
    {
        var e = Assert.Throws<InvalidOperationException>(() => Peers.Run("no-such-program-anywhere"));
        Assert.Contains("eng/install-peers.sh", e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void AFailingProgramSaysWhy()
    {
        var e = Assert.Throws<InvalidOperationException>(() => QemuImg.Info("/no/such/file.vmdk"));
        Assert.Contains("No such file", e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void QemuImgCreatesComparesMapsAndConverts()
    {
        using var folder = new TempFolder();
        GuestContent content = GuestContent.Scattered(1 << 20, 50, rangeCount: 2);
        string ours = SparseImage.Write(folder.Path, "ours", content);
        QemuImg.Create(folder["empty.vmdk"], 1 << 20, "subformat=monolithicSparse");
        Assert.False(QemuImg.Compare(ours, folder["empty.vmdk"]));
        QemuImg.Convert(ours, folder["copy.vmdk"], targetFormat: "vmdk", options: "subformat=streamOptimized");
        Assert.True(QemuImg.Compare(ours, folder["copy.vmdk"]));
        QemuImg.Create(folder["child.vmdk"], 1 << 20, parent: ours);
        Assert.Equal(content.Sha256(), QemuImg.ToRawHash(folder["child.vmdk"]));
        Assert.True(QemuImg.Map(ours).GetArrayLength() > 0);
        Assert.Equal(-1, content.FirstDifference(512, QemuImg.ReadRange(ours, 512, 4096)));
    }
}
