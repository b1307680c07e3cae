using VmdkFast.Tests.Checking;
using VmdkFast.Tests.Support;
using Xunit;

namespace VmdkFast.Tests.Opening;

/// <summary>An image whose header names a descriptor that is not there: nobody knows whether it has a parent.</summary>
public sealed class LostDescriptorTests : IDisposable
{
    readonly TempFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData(512, 20 * 512, "zeros")]
    [InlineData(512, 1, "a zero byte before other bytes")]
    [InlineData(28, 1, "20 sectors at no place")]
    [InlineData(36, 1, "no room at sector 1")]
    public void AnImageThatHasLostItsDescriptorIsRefusedAndFound(int offset, int length, string found)
    {
        string path = SparseImage.Write(_folder.Path, "disk", Checked.Content());
        Patch.WriteBytes(path, offset, new byte[length]);
        IsRefusedAndFound(path, found);
    }

    [Theory]
    [InlineData(3, "zero")]
    [InlineData(65, "zeros")]
    [InlineData(0, "20 sectors at no place")]
    public void AnImageWhoseHeaderNamesAnotherPlaceIsRefusedAndSetRight(ulong sector, string found)
    {
        string path = SparseImage.Write(_folder.Path, "disk", Checked.Content());
        byte[] before = File.ReadAllBytes(path);
        Patch.WriteUInt64(path, 28, sector);
        IsRefusedAndFound(path, found);

        Repaired.Apply(path);

        Assert.Equal(before, File.ReadAllBytes(path));
    }

    [Fact]
    public void AChildWithoutItsDescriptorIsNotReadWithoutItsParent()
    {
        GuestContent below = Checked.Content();
        string parent = SparseImage.Write(_folder.Path, "parent", below);
        string child = Chain.WriteChild(
            ChildKind.MonolithicSparse, _folder.Path, "child", Checked.Content(pattern: ContentPattern.Text), parent,
            below);
        Patch.WriteBytes(child, 512, [0]);
        IsRefusedAndFound(child, "a zero byte before other bytes");
    }

    [Fact]
    public void AParentWithoutItsDescriptorIsRefused()
    {
        GuestContent content = Checked.Content();
        string parent = SparseImage.Write(_folder.Path, "parent", content);
        string child = Chain.WriteChild(
            ChildKind.MonolithicSparse, _folder.Path, "child", content, parent, content);
        Patch.WriteBytes(parent, 512, [0]);
        var options = new VmdkOpenOptions { AllowParentMismatch = true };
        Assert.Equal(VmdkErrorCode.DescriptorInvalid, Refusal.OfOpening(child, options).Code);
        Assert.False(Checked.Check(child).IsSound);
    }

    [Theory]
    [InlineData(ImageKind.StreamExport)]
    [InlineData(ImageKind.StreamLocal)]
    public void AStreamThatHasLostItsDescriptorIsRefusedAlsoByItsMarkersAndFromAPipe(ImageKind kind)
    {
        string path = ImageKinds.Write(kind, _folder.Path, Checked.Content());
        Patch.WriteBytes(path, 512, [0]);
        IsRefusedAndFound(path, "a zero byte before other bytes");
        Refusal.OfOpening(path, new VmdkOpenOptions { RecoverStreams = true }).Says(
            VmdkErrorCode.DescriptorInvalid, path, 28, "DescriptorOffsetSectors");
        using FileStream pipe = File.OpenRead(path);
        var refusal = Assert.Throws<VmdkException>(() => VmdkImage.ConvertAsync(
            pipe, _folder["out.raw"], new VmdkConvertOptions(), null, TestContext.Current.CancellationToken)
            .GetAwaiter().GetResult());
        Assert.Equal(VmdkErrorCode.DescriptorInvalid, refusal.Code);
    }

    [Fact]
    public void AnExtentOfASplitDiskIsReadByItsDescriptorAndNotByItself()
    {
        GuestContent content = Checked.Content();
        string path = _folder["disk.vmdk"];
        File.WriteAllBytes(_folder["disk.raw"], content.Read(0, Checked.LengthBytes));
        QemuImg.Convert(_folder["disk.raw"], path, "raw", "vmdk", "subformat=twoGbMaxExtentSparse");
        DiskAssert.Holds(content, path);
        Checked.IsClean(path);
        string extent = _folder["disk-s001.vmdk"];
        Assert.Equal(20ul, HostedHeader.Read(extent).DescriptorSectors);
        IsRefusedAndFound(extent, "zeros");
        Assert.NotEqual(0, QemuImg.Check(extent).ExitCode);
    }

    [Fact]
    public void AnExtentThatNamesNoDescriptorIsReadByItself()
    {
        GuestContent content = Checked.Content();
        SplitSparseImage.Write(_folder.Path, "disk", content);
        Assert.Equal(0ul, HostedHeader.Read(_folder["disk-s001.vmdk"]).DescriptorSector);
        DiskAssert.Holds(content, _folder["disk-s001.vmdk"]);
        Checked.IsClean(_folder["disk-s001.vmdk"]);
    }

    static void IsRefusedAndFound(string path, string found)
    {
        Refusal.OfOpening(path).Says(
            VmdkErrorCode.DescriptorInvalid, path, 28, "DescriptorOffsetSectors", found, "a descriptor");
        VmdkFinding finding = Assert.Single(
            Checked.Findings(Checked.Check(path), VmdkFindingKind.DescriptorInvalid));
        Assert.Contains(found, finding.Text, StringComparison.Ordinal);
    }
}
