using VmdkFast.Tests.Support;
using Xunit;

namespace VmdkFast.Tests.Checking;

/// <summary>Headers and embedded descriptors: what is brought back, and what keeps a repair from writing.</summary>
public sealed class HeaderRepairTests : IDisposable
{
    readonly TempFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData(ImageKind.MonolithicSparse)]
    [InlineData(ImageKind.SparseWithoutCopies)]
    [InlineData(ImageKind.StreamLocal)]
    [InlineData(ImageKind.StreamQemu)]
    [InlineData(ImageKind.StreamExportOfLongDescriptor)]
    [InlineData(ImageKind.StreamLocalOfShortDescriptor)]
    public void ALostDescriptorIsMadeAnewOnRequestAndCanBeTakenBack(ImageKind kind)
    {
        GuestContent content = Checked.Content();
        string path = ImageKinds.Write(kind, _folder.Path, content);
        int area = (int)HostedHeader.Read(path).DescriptorSectors * 512;
        Patch.WriteBytes(path, 512, new byte[area]);
        byte[] before = File.ReadAllBytes(path);
        Assert.Empty(Repaired.Apply(path).Changes);

        VmdkRepairResult result = Repaired.Apply(path, new VmdkRepairOptions { RebuildDescriptor = true });

        VmdkRepairChange change = Assert.Single(result.Changes);
        Assert.Equal((512, area), (change.OffsetBytes, change.LengthBytes));
        Assert.Contains("whether the image had one is not known", change.Reason, StringComparison.Ordinal);
        Checked.IsClean(path);
        Assert.Equal(0, QemuImg.Check(path).ExitCode);
        DiskAssert.Holds(content, path);
        using (var disk = VmdkDisk.Open(path))
        {
            Assert.Equal(
                ImageKinds.IsCompressed(kind) ? VmdkDiskKind.StreamOptimized : VmdkDiskKind.MonolithicSparse,
                disk.Layers[0].Kind);
            Assert.Equal("disk.vmdk", disk.Layers[0].Descriptor!.Extents[0].FileName);
            Assert.Equal("ide", disk.Layers[0].AdapterType);
        }

        Repaired.Undo(result.JournalPath!);
        Assert.Equal(before, File.ReadAllBytes(path));
    }

    [Fact]
    public void ADescriptorThatHasOnlyLostItsFirstByteComesBackWithItsParent()
    {
        GuestContent below = Checked.Content();
        GuestContent content = Checked.Content(pattern: ContentPattern.Text);
        string parent = SparseImage.Write(_folder.Path, "parent", below);
        string child = Chain.WriteChild(ChildKind.MonolithicSparse, _folder.Path, "child", content, parent, below);
        byte[] good = File.ReadAllBytes(child);
        Patch.WriteBytes(child, 512, [0]);
        Repaired.Apply(child, new VmdkRepairOptions { RebuildDescriptor = true });
        Assert.Equal(good, File.ReadAllBytes(child));

        Patch.WriteBytes(child, 512, new byte[30]);
        Assert.Contains(
            "names a parent", Assert.Single(Repaired.Apply(
                child, new VmdkRepairOptions { RebuildDescriptor = true }).Changes).Reason, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(28, 0ul, 8)]
    [InlineData(36, 0ul, 8)]
    [InlineData(12, 2048ul ^ (1 << 23), 8)]
    [InlineData(4, 9ul, 4)]
    [InlineData(44, 128ul, 4)]
    [InlineData(56, 1ul << 30, 8)]
    public void NoDescriptorIsMadeFromAHeaderThatCannotBeBelieved(int offset, ulong value, int size)
    {
        string path = SparseImage.Write(_folder.Path, "disk", Checked.Content());
        Patch.WriteBytes(path, 512, new byte[20 * 512]);
        Patch.WriteBytes(path, offset, BitConverter.GetBytes(value).AsSpan(0, size));
        byte[] before = File.ReadAllBytes(path);
        var refusal = Assert.Throws<VmdkException>(
            () => Repaired.Apply(path, new VmdkRepairOptions { RebuildDescriptor = true }));
        Assert.Equal(VmdkErrorCode.TargetRefused, refusal.Code);
        Assert.Equal(before, File.ReadAllBytes(path));
    }

    [Fact]
    public void OnlyAHostedSparseFileEmbedsADescriptor()
    {
        string path = FlatImage.Write(_folder.Path, "disk", Checked.Content());
        Assert.Equal(
            VmdkErrorCode.TargetRefused,
            Assert.Throws<VmdkException>(
                () => Repaired.Apply(path, new VmdkRepairOptions { RebuildDescriptor = true })).Code);
    }

    [Fact]
    public void AnImageThatHasItsDescriptorKeepsIt()
    {
        string path = SparseImage.Write(_folder.Path, "disk", Checked.Content());
        Assert.Empty(Repaired.Apply(path, new VmdkRepairOptions { RebuildDescriptor = true }).Changes);
    }

    [Fact]
    public void TheLostDescriptorOfAnEsxSparseDiskIsMadeFromItsExtent()
    {
        GuestContent content = Checked.Content();
        string path = CowdImage.Write(_folder.Path, "disk", content);
        File.Delete(path);
        VmdkImage.RebuildDescriptor(path, _folder["disk-delta.vmdk"], apply: true);
        DiskAssert.Holds(content, path);
        Checked.IsClean(path);
        using var disk = VmdkDisk.Open(path);
        Assert.Equal(VmdkDiskKind.VmfsSparse, disk.Layers[0].Kind);
    }

    [Theory]
    [InlineData(VmdkDiskKind.VmfsSparse, "child-delta.vmdk")]
    [InlineData(VmdkDiskKind.TwoGbMaxExtentSparse, "child-s001.vmdk")]
    public async Task TheLostDescriptorOfAChildNamesTheParentThatTheCallerNames(VmdkDiskKind kind, string extent)
    {
        GuestContent content = Checked.Content();
        string parent = SparseImage.Write(_folder.Path, "parent", content);
        string child = _folder["child.vmdk"];
        await VmdkDisk.CreateAsync(
            child, new VmdkCreateOptions { Kind = kind, ParentPath = parent }, TestContext.Current.CancellationToken);
        using (VmdkDisk disk = VmdkDisk.Open(child, new VmdkOpenOptions { Access = VmdkOpenAccess.ReadWrite }))
        {
            disk.Write(new byte[4096], 70_000);
        }

        byte[] wanted = Repaired.ReadAll(child);
        File.Delete(child);
        Assert.True(VmdkImage.RebuildDescriptor(child, _folder[extent]).MayLackParent);

        VmdkRebuiltDescriptor made = VmdkImage.RebuildDescriptor(
            child, _folder[extent], apply: true, parentPath: parent);

        Assert.False(made.MayLackParent);
        Assert.Equal(wanted, Repaired.ReadAll(child));
        Checked.IsClean(child);
    }

    [Fact]
    public void AParentThatCannotBeTheDisksIsRefused()
    {
        string longer = SparseImage.Write(_folder.Path, "longer", Checked.Content(2 << 20));
        string path = CowdImage.Write(_folder.Path, "disk", Checked.Content());
        File.Delete(path);
        string extent = _folder["disk-delta.vmdk"];
        Assert.Equal(
            VmdkErrorCode.ParentMismatch,
            Assert.Throws<VmdkException>(
                () => VmdkImage.RebuildDescriptor(path, extent, apply: true, parentPath: longer)).Code);
        string flat = _folder["a-flat.vmdk"];
        File.WriteAllBytes(flat, new byte[2 << 20]);
        Assert.Throws<ArgumentException>(
            () => VmdkImage.RebuildDescriptor(_folder["a.vmdk"], flat, apply: true, parentPath: longer));
        Assert.False(File.Exists(path) || File.Exists(_folder["a.vmdk"]));
    }

    // Bit 23 makes a directory of it that is 128 times as long; bit 0 and 7 change no number of tables.
    [Theory]
    [InlineData(23)]
    [InlineData(8)]
    [InlineData(7)]
    [InlineData(11)]
    public void WhereHeaderAndDescriptorDisagreeOnTheCapacityNothingIsWritten(int bit)
    {
        string path = SparseImage.Write(_folder.Path, "disk", Checked.Content());
        Patch.WriteUInt64(path, 12, 2048ul ^ (1ul << bit));
        Checked.SetEntry(path, 3, 0);
        Patch.WriteUInt32(path, Checked.Table(path), 0x7fff_ffff);
        byte[] before = File.ReadAllBytes(path);

        Assert.Empty(Repaired.Apply(path, new VmdkRepairOptions { DropLost = true }).Changes);

        Assert.Equal(before, File.ReadAllBytes(path));
    }

    [Fact]
    public void WhereAnExtentsHeaderDisagreesWithItsLineNothingIsWritten()
    {
        string path = CowdImage.Write(_folder.Path, "disk", Checked.Content());
        string extent = _folder["disk-delta.vmdk"];
        Patch.WriteUInt32(extent, 12, 4096);
        Patch.WriteUInt32(extent, 28, 10);
        Assert.Equal(12, Checked.Findings(Checked.Check(path), VmdkFindingKind.ExtentTooLong)[0].OffsetBytes);
        Assert.Empty(Repaired.Apply(path).Changes);
    }

    [Theory]
    [InlineData(ImageKind.MonolithicSparse, 0xffu)]
    [InlineData(ImageKind.SplitSparse, 1u)]
    [InlineData(ImageKind.SparseWithoutCopies, 0xffff_ffffu)]
    [InlineData(ImageKind.StreamExport, 0x100u)]
    [InlineData(ImageKind.StreamLocal, 0xff00_0000u)]
    public void ALostSignatureComesBackWhereAllElseIsInOrder(ImageKind kind, uint damage)
    {
        string path = ImageKinds.Write(kind, _folder.Path, Checked.Content());
        string extent = kind == ImageKind.SplitSparse ? _folder["disk-s002.vmdk"] : path;
        byte[] good = File.ReadAllBytes(extent);
        Patch.WriteUInt32(extent, 0, BitConverter.ToUInt32(good) ^ damage);
        Assert.False(Checked.Check(path).IsSound);

        Repaired.Apply(path);

        Assert.Equal(good, File.ReadAllBytes(extent));
    }

    [Theory]
    [InlineData(4, 4u)]
    [InlineData(8, 0x13u)]
    [InlineData(12, 4096u)]
    [InlineData(44, 128u)]
    [InlineData(56, 27u)]
    [InlineData(512, 0u)]
    public void ALostSignatureStaysLostWhereSomethingElseIsWrong(int offset, uint value)
    {
        string path = SparseImage.Write(_folder.Path, "disk", Checked.Content());
        Patch.WriteUInt32(path, 0, 0x1234_5678);
        Patch.WriteUInt32(path, offset, value);
        Repaired.Apply(path, new VmdkRepairOptions { DropLost = true });
        Assert.Equal(0x1234_5678u, Patch.ReadUInt32(path, 0));
    }
}
