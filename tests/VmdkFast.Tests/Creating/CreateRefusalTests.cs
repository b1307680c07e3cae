using VmdkFast.Tests.Support;
using Xunit;
using static VmdkFast.Tests.Creating.Created;

namespace VmdkFast.Tests.Creating;

public sealed class CreateRefusalTests : IDisposable
{
    static readonly VmdkCreateOptions s_plain = new() { LengthBytes = MiB, Sync = false };
    static readonly VmdkCreateOptions s_flat = s_plain with { Kind = VmdkDiskKind.MonolithicFlat };

    readonly TempFolder _folder = new();

    public static TheoryData<string, VmdkCreateOptions> Impossible() => new()
    {
        { "needs a length", s_plain with { LengthBytes = null } },
        { "at least one byte", s_plain with { LengthBytes = 0 } },
        { "at least one byte", s_plain with { LengthBytes = -512 } },
        { "too long", s_plain with { LengthBytes = long.MaxValue } },
        { "too many grains", s_plain with { LengthBytes = 1L << 60 } },
        { "less than 2 TiB", s_plain with { Kind = VmdkDiskKind.VmfsSparse, LengthBytes = 2 * TiB } },
        { "4097 extents", s_plain with { Kind = VmdkDiskKind.TwoGbMaxExtentFlat, LengthBytes = (8 * TiB) + 512 } },
        { "Flat image can't have backing file", s_plain with { Kind = VmdkDiskKind.MonolithicFlat, ParentPath = "p" } },
        { "Flat image can't have backing file", s_plain with { Kind = VmdkDiskKind.Vmfs, ParentPath = "p" } },
        { "can't have a backing file", s_plain with { Kind = VmdkDiskKind.StreamOptimized, ParentPath = "p" } },
        { "Flat image can't enable zeroed grain", s_flat with { ZeroGrains = true } },
        { "can't enable zeroed grain", s_plain with { Kind = VmdkDiskKind.StreamOptimized, ZeroGrains = true } },
        { "can't enable zeroed grain", s_plain with { Kind = VmdkDiskKind.VmfsSparse, ZeroGrains = true } },
        { "has no grains", s_plain with { Kind = VmdkDiskKind.MonolithicFlat, GrainBytes = 65536 } },
        { "A grain of 2048 bytes", s_plain with { GrainBytes = 2048 } },
        { "A grain of 12288 bytes", s_plain with { GrainBytes = 12288 } },
        { "A grain of 2147483648 bytes", s_plain with { GrainBytes = 2 * GiB } },
        { "A grain of 256 bytes", s_plain with { Kind = VmdkDiskKind.VmfsSparse, GrainBytes = 256 } },
        { "A grain of 2097152 bytes", s_plain with { Kind = VmdkDiskKind.VmfsSparse, GrainBytes = 2 * MiB } },
        { "only by flat images", s_plain with { Preallocation = VmdkPreallocation.Full } },
        { "not by VmfsThin", s_flat with { Kind = VmdkDiskKind.VmfsThin, Preallocation = VmdkPreallocation.Full } },
        { "hardware is 1 or more", s_plain with { HardwareVersion = 0 } },
        { "no content IDs", s_plain with { ContentId = 0xffff_ffff } },
        { "no content IDs", s_plain with { ContentId = 0xffff_fffe } },
        { "no content ID", s_plain with { LongContentId = new string('f', 32) } },
        { "32 hexadecimal digits", s_plain with { LongContentId = "12" } },
        { "32 hexadecimal digits", s_plain with { LongContentId = new string('g', 32) } },
        { "parent's path is empty", s_plain with { ParentPath = "" } },
        { "kind SeSparse cannot", s_plain with { Kind = VmdkDiskKind.SeSparse } },
        { "kind Unknown cannot", s_plain with { Kind = VmdkDiskKind.Unknown } },
        { "adapter is not known", s_plain with { Adapter = (VmdkAdapter)9 } },
        { "preallocation is not known", s_flat with { Preallocation = (VmdkPreallocation)9 } },
    };

    [Theory]
    [MemberData(nameof(Impossible))]
    public async Task ImpossibleOptionsAreTheCallersFault(string expected, VmdkCreateOptions options)
    {
        ArgumentException fault = await Assert.ThrowsAnyAsync<ArgumentException>(
            () => MakeAsync(_folder["disk.vmdk"], options));
        Assert.Contains(expected, fault.Message, StringComparison.Ordinal);
        Assert.Empty(Names(_folder.Path));
    }

    [Theory]
    [InlineData("a\"b.vmdk")]
    [InlineData("a\nb.vmdk")]
    [InlineData("a\0b.vmdk")]
    [InlineData("folder/")]
    [InlineData("")]
    public async Task ANameThatADescriptorCannotHoldIsRefused(string name)
    {
        await Assert.ThrowsAnyAsync<ArgumentException>(
            () => MakeAsync(name.Length == 0 ? name : Path.Combine(_folder.Path, name), s_plain));
        Assert.Empty(Names(_folder.Path));
    }

    [Fact]
    public async Task ANameThatIsNoUnicodeIsRefused()
    {
        // Half of a surrogate pair; no attribute can hold it.
        await Assert.ThrowsAnyAsync<ArgumentException>(() => MakeAsync(_folder["\ud800.vmdk"], s_plain));
        Assert.Empty(Names(_folder.Path));
    }

    [Fact]
    public async Task AParentWhoseNameCannotBeWrittenIsRefused()
    {
        string parent = await MakeAsync(_folder["base.vmdk"], s_plain);
        File.Move(parent, _folder["ba\nse.vmdk"]);
        await Assert.ThrowsAnyAsync<ArgumentException>(() => MakeAsync(
            _folder["child.vmdk"], s_plain with { ParentPath = _folder["ba\nse.vmdk"], LengthBytes = null }));
        Assert.Equal(["ba\nse.vmdk"], Names(_folder.Path));
    }

    [Theory]
    [InlineData("disk.vmdk")]
    [InlineData("disk-s001.vmdk")]
    [InlineData("disk-s002.vmdk")]
    public async Task AnExistingFileOfTheImageIsRefusedAndNothingElseMade(string name)
    {
        await File.WriteAllTextAsync(_folder[name], "mine", TestContext.Current.CancellationToken);
        VmdkException refused = await Assert.ThrowsAsync<VmdkException>(
            () => MakeAsync(_folder["disk.vmdk"], VmdkDiskKind.TwoGbMaxExtentSparse, 5 * GiB));
        Assert.Equal((VmdkErrorCode.TargetRefused, _folder[name]), (refused.Code, refused.Path));
        Assert.Equal([name], Names(_folder.Path));
        Assert.Equal("mine", await File.ReadAllTextAsync(_folder[name], TestContext.Current.CancellationToken));
    }

    [Fact]
    public async Task ALinkThatLeadsNowhereCountsAsExisting()
    {
        File.CreateSymbolicLink(_folder["disk-flat.vmdk"], _folder["elsewhere"]);
        VmdkException refused = await Assert.ThrowsAsync<VmdkException>(
            () => MakeAsync(_folder["disk.vmdk"], VmdkDiskKind.MonolithicFlat, MiB));
        Assert.Equal(VmdkErrorCode.TargetRefused, refused.Code);
        Assert.Equal(["disk-flat.vmdk"], Names(_folder.Path));
    }

    [Fact]
    public async Task AnExtentThatAppearsMeanwhileStopsTheCreation()
    {
        // Two of the same name at once: the one that comes second must neither mix with nor replace the first.
        string path = _folder["disk.vmdk"];
        Task[] all = [.. Enumerable.Range(0, 8).Select(i => MakeAsync(path, s_plain with
        {
            Kind = VmdkDiskKind.TwoGbMaxExtentSparse, LengthBytes = 9 * GiB, ContentId = (uint)i,
        }))];
        await Task.WhenAll(all).ContinueWith(_ => { }, TaskScheduler.Default);
        _ = Assert.Single(all, task => task.IsCompletedSuccessfully);
        Assert.All(all.Where(task => task.IsFaulted), task => Assert.Equal(
            VmdkErrorCode.TargetRefused, Assert.IsType<VmdkException>(task.Exception!.InnerException).Code));
        Assert.Equal(6, Names(_folder.Path).Length);
    }

    [Theory]
    [InlineData("absent/disk.vmdk", VmdkErrorCode.FileMissing)]
    [InlineData("file/disk.vmdk", VmdkErrorCode.FileMissing)]
    public async Task AFolderThatIsNoneIsRefused(string name, VmdkErrorCode code)
    {
        await File.WriteAllTextAsync(_folder["file"], "", TestContext.Current.CancellationToken);
        VmdkException refused = await Assert.ThrowsAsync<VmdkException>(() => MakeAsync(_folder[name], s_plain));
        Assert.Equal(code, refused.Code);
        Assert.Equal(["file"], Names(_folder.Path));
    }

    [Fact]
    public async Task AFileSystemThatCannotHoldTheDiskLeavesNothing()
    {
        // Beyond the longest file of ext4, XFS and tmpfs alike; the first of its kind fails after it was created.
        VmdkException failed = await Assert.ThrowsAsync<VmdkException>(
            () => MakeAsync(_folder["disk.vmdk"], VmdkDiskKind.MonolithicFlat, long.MaxValue & ~511L));
        Assert.Equal(VmdkErrorCode.InputOutput, failed.Code);
        Assert.Empty(Names(_folder.Path));
    }

    [Fact]
    public async Task ACancelledCreationLeavesNothing()
    {
        using var cancellation = new CancellationTokenSource();
        Task creation = VmdkDisk.CreateAsync(
            _folder["disk.vmdk"],
            s_flat with { LengthBytes = 4 * GiB, Preallocation = VmdkPreallocation.Full },
            cancellation.Token);
        await WaitForAsync(() => HasBytes(_folder.Path));
        await cancellation.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => creation);
        Assert.Empty(Names(_folder.Path));
    }

    [Fact]
    public async Task OverwritingReplacesAllFilesAndKeepsTheirMode()
    {
        string path = await MakeAsync(_folder["disk.vmdk"], VmdkDiskKind.MonolithicFlat, MiB);
        await File.WriteAllBytesAsync(
            _folder["disk-flat.vmdk"], new byte[4 * MiB], TestContext.Current.CancellationToken);
        Peers.Run("chmod", "604", _folder["disk-flat.vmdk"]).MustSucceed();
        await MakeAsync(path, s_flat with { LengthBytes = 2 * MiB, Overwrite = true });
        Assert.Equal(["disk-flat.vmdk", "disk.vmdk"], Names(_folder.Path));
        Assert.Equal("604", Peers.Run("stat", "-c", "%a", _folder["disk-flat.vmdk"]).MustSucceed().Output.Trim());
        ReadsAsZeros(path, 2 * MiB);
    }

    [Fact]
    public async Task AnImageInUseIsNotOverwritten()
    {
        string path = await MakeAsync(_folder["disk.vmdk"], s_plain);
        using (VmdkDisk open = VmdkDisk.Open(path))
        {
            VmdkException refused = await Assert.ThrowsAsync<VmdkException>(
                () => MakeAsync(path, s_plain with { Overwrite = true, LengthBytes = 2 * MiB }));
            Assert.Equal(VmdkErrorCode.Locked, refused.Code);
            Assert.Equal(MiB, open.Length);
        }

        await MakeAsync(path, s_plain with { Overwrite = true, LengthBytes = 2 * MiB });
        ReadsAsZeros(path, 2 * MiB);
        Assert.Equal(["disk.vmdk"], Names(_folder.Path));
    }

    [Fact]
    public async Task ALinkThatIsOverwrittenStaysALink()
    {
        _folder.Subfolder("store");
        File.CreateSymbolicLink(_folder["disk.vmdk"], "store/real.vmdk");
        await MakeAsync(_folder["disk.vmdk"], s_plain with { Overwrite = true });
        Assert.Equal("store/real.vmdk", new FileInfo(_folder["disk.vmdk"]).LinkTarget);
        Assert.Equal(["real.vmdk"], Names(_folder["store"]));
        ReadsAsZeros(_folder["disk.vmdk"], MiB);
    }

    public void Dispose() => _folder.Dispose();

    static bool HasBytes(string folder) =>
        Directory.EnumerateFiles(folder, "*", SearchOption.AllDirectories).Any(file => new FileInfo(file).Length > 0);

    static async Task WaitForAsync(Func<bool> condition)
    {
        while (!condition())
        {
            await Task.Delay(1, TestContext.Current.CancellationToken);
        }
    }
}
