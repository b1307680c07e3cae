using System.Text.Json;
using VmdkFast.Storage;
using VmdkFast.Tests.Support;
using Xunit;
using static VmdkFast.Tests.Creating.Created;

namespace VmdkFast.Tests.Creating;

public sealed class CreatedChildTests : IDisposable
{
    readonly TempFolder _folder = new();

    [Theory]
    [InlineData(VmdkDiskKind.MonolithicSparse)]
    [InlineData(VmdkDiskKind.TwoGbMaxExtentSparse)]
    [InlineData(VmdkDiskKind.VmfsSparse)]
    public async Task AChildReadsAsItsParentHereAndInQemu(VmdkDiskKind kind)
    {
        string parent = MakeParent("base.vmdk", 3 * MiB);
        string middle = await MakeAsync(_folder["middle.vmdk"], ChildOf(parent) with { Kind = kind });
        string path = await MakeAsync(_folder["child.vmdk"], ChildOf(middle) with { Kind = kind });

        JsonElement data = Assert.Single(
            QemuImg.Map(path).EnumerateArray(), run => run.GetProperty("data").GetBoolean());
        Assert.Equal(2, data.GetProperty("depth").GetInt32());
        Peers.Run("qemu-io", "-f", "vmdk", "-c", "read -P 5 1M 64k", path).MustSucceed();
        using VmdkDisk disk = VmdkDisk.Open(path);
        Assert.Equal(3 * MiB, disk.Length);
        Assert.Equal(["middle.vmdk", "base.vmdk", null], disk.Layers.Select(layer => layer.ParentFileNameHint));
        Assert.Equal(disk.Layers[1].Descriptor!.ContentId, disk.Layers[0].Descriptor!.ParentContentId);
        VmdkRun run = Assert.Single(
            disk.Map(TestContext.Current.CancellationToken), run => run.Kind == VmdkRunKind.Data);
        Assert.Equal((MiB, 65536L), (run.OffsetBytes, run.LengthBytes));
    }

    [Theory]
    [InlineData(2 * MiB)]
    [InlineData(5 * MiB)]
    public async Task AChildMayBeShorterOrLongerThanItsParent(long lengthBytes)
    {
        string path = await MakeAsync(
            _folder["child.vmdk"], ChildOf(MakeParent("base.vmdk", 3 * MiB)) with { LengthBytes = lengthBytes });
        Assert.Equal(lengthBytes, QemuImg.Info(path).GetProperty("virtual-size").GetInt64());
        using VmdkDisk disk = VmdkDisk.Open(path);
        Assert.Equal(lengthBytes, disk.Length);
        var bytes = new byte[MiB];
        Assert.Equal(bytes.Length, disk.Read(bytes, lengthBytes - MiB));
        Assert.Equal(lengthBytes > 3 * MiB ? -1 : 0, bytes.AsSpan().IndexOfAnyExcept((byte)0));
    }

    [Fact]
    public async Task AParentElsewhereIsNamedAsItWasGiven()
    {
        _folder.Subfolder("bases");
        _folder.Subfolder("children");
        string parent = MakeParent("bases/base.vmdk", MiB);
        Assert.Equal(parent, await HintAsync("children/absolute.vmdk", parent));
        string relative = Path.GetRelativePath(Directory.GetCurrentDirectory(), parent);
        Assert.Equal("../bases/base.vmdk", await HintAsync("children/relative.vmdk", relative));
        Assert.Equal("bases/base.vmdk", await HintAsync("above.vmdk", relative));
        Assert.Equal("base.vmdk", await HintAsync("bases/beside.vmdk", parent));
        Assert.Equal("base.vmdk", await HintAsync("bases/too.vmdk", relative));
        Peers.Run("qemu-io", "-f", "vmdk", "-c", "read -P 5 0 64k", _folder["children/relative.vmdk"]).MustSucceed();
    }

    [Fact]
    public async Task ARelativeNameThatALinkLeadsAstrayIsReplacedByTheFullOne()
    {
        _folder.Subfolder("real");
        _folder.Subfolder("real/inner");
        Directory.CreateSymbolicLink(_folder["link"], _folder["real/inner"]);
        string parent = MakeParent("base.vmdk", MiB);
        string relative = Path.GetRelativePath(Directory.GetCurrentDirectory(), parent);

        // As text, base.vmdk is one step above link; for the kernel that is the folder real.
        Assert.Equal(parent, await HintAsync("link/child.vmdk", relative));
    }

    [Fact]
    public async Task AnEsxDeltaSaysOnlyItsOwnIds()
    {
        string parent = MakeParent("base.vmdk", MiB);
        string path = await MakeAsync(_folder["disk-000001.vmdk"], ChildOf(parent) with
        {
            Kind = VmdkDiskKind.VmfsSparse,
            ContentId = 1,
            LongContentId = new string('0', 32),
        });
        string text = await File.ReadAllTextAsync(path, TestContext.Current.CancellationToken);
        Assert.EndsWith(
            "#DDB\n\nddb.longContentID = \"00000000000000000000000000000001\"\n", text, StringComparison.Ordinal);
        Assert.Contains("RW 2048 VMFSSPARSE \"disk-000001-delta.vmdk\"\n", text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task AParentThatIsNoVmdkIsRefused()
    {
        await File.WriteAllBytesAsync(_folder["raw.img"], new byte[65536], TestContext.Current.CancellationToken);
        await RefusedAsync(VmdkErrorCode.NotVmdk, ChildOf(_folder["raw.img"]));
        await RefusedAsync(VmdkErrorCode.FileMissing, ChildOf(_folder["absent.vmdk"]));
        string cowd = await MakeAsync(_folder["cowd.vmdk"], VmdkDiskKind.VmfsSparse, MiB);
        await RefusedAsync(VmdkErrorCode.DescriptorInvalid, ChildOf(_folder["cowd-delta.vmdk"]));
        Assert.Equal(["cowd-delta.vmdk", Path.GetFileName(cowd), "raw.img"], Names(_folder.Path));
    }

    [Fact]
    public async Task AFileOfTheChainIsNeverReplacedByTheChild()
    {
        string parent = await MakeAsync(_folder["base.vmdk"], VmdkDiskKind.MonolithicFlat, MiB);
        byte[] before = await File.ReadAllBytesAsync(parent, TestContext.Current.CancellationToken);
        foreach (string name in new[] { "base.vmdk", "base-flat.vmdk" })
        {
            VmdkException refused = await Assert.ThrowsAsync<VmdkException>(
                () => MakeAsync(_folder[name], ChildOf(parent) with { Overwrite = true }));
            Assert.Equal(VmdkErrorCode.TargetRefused, refused.Code);
        }

        Assert.Equal(before, await File.ReadAllBytesAsync(parent, TestContext.Current.CancellationToken));
        Assert.Equal(["base-flat.vmdk", "base.vmdk"], Names(_folder.Path));
    }

    [Fact]
    public async Task AParentThatAMachineWritesIsRefused()
    {
        string parent = MakeParent("base.vmdk", MiB);
        await using (VmdkDisk reader = await VmdkDisk.OpenAsync(parent, null, TestContext.Current.CancellationToken))
        {
            await MakeAsync(_folder["child.vmdk"], ChildOf(parent));
            Assert.Equal(MiB, reader.Length);
        }

        using var writer = LocalFile.Open(parent, FileAccessMode.ReadWrite);
        using var held = ImageLocks.Acquire([(writer, LockRole.Writer)]);
        await RefusedAsync(VmdkErrorCode.Locked, ChildOf(parent));
        await MakeAsync(_folder["second.vmdk"], ChildOf(parent) with
        {
            ParentOpenOptions = new VmdkOpenOptions { ForceShare = true },
        });
    }

    public void Dispose() => _folder.Dispose();

    static VmdkCreateOptions ChildOf(string parent) => new() { ParentPath = parent, Sync = false };

    string MakeParent(string name, long lengthBytes)
    {
        QemuImg.Create(_folder[name], lengthBytes);
        Peers.Run("qemu-io", "-f", "vmdk", "-c", $"write -P 5 {Math.Min(MiB, lengthBytes - 65536)} 64k", _folder[name])
            .MustSucceed();
        if (lengthBytes == MiB)
        {
            Peers.Run("qemu-io", "-f", "vmdk", "-c", "write -P 5 0 64k", _folder[name]).MustSucceed();
        }

        return _folder[name];
    }

    async Task<string?> HintAsync(string name, string parent)
    {
        string path = await MakeAsync(_folder[name], ChildOf(parent));
        using VmdkDisk disk = VmdkDisk.Open(
            path, new VmdkOpenOptions { References = VmdkReferencePolicy.Anywhere });
        Assert.Equal(2, disk.Layers.Count);
        return disk.Layers[0].ParentFileNameHint;
    }

    async Task RefusedAsync(VmdkErrorCode code, VmdkCreateOptions options)
    {
        string path = _folder["refused.vmdk"];
        VmdkException refused = await Assert.ThrowsAsync<VmdkException>(() => MakeAsync(path, options));
        Assert.Equal(code, refused.Code);
        Assert.False(File.Exists(path));
    }
}
