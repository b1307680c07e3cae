using VmdkFast.Storage;
using VmdkFast.Tests.Creating;
using VmdkFast.Tests.Durability;
using VmdkFast.Tests.Support;
using Xunit;
using static VmdkFast.Tests.Streaming.Converted;

namespace VmdkFast.Tests.Streaming;

public sealed class ConversionFaultTests : IDisposable
{
    const long KiB = 1L << 10, MiB = 1L << 20;

    readonly TempFolder _folder = new();

    public static TheoryData<VmdkDiskKind> Targets =>
    [
        VmdkDiskKind.Unknown, VmdkDiskKind.MonolithicSparse, VmdkDiskKind.TwoGbMaxExtentFlat,
        VmdkDiskKind.StreamOptimized, VmdkDiskKind.VmfsSparse,
    ];

    [Theory]
    [MemberData(nameof(Targets))]
    public async Task ACancelledConversionLeavesNothing(VmdkDiskKind kind)
    {
        string source = SparseImage.Write(_folder.Path, "source", GuestContent.Scattered(20 * MiB, seed: 51));
        string target = Path.Combine(_folder.Subfolder("target"), "disk.vmdk");
        using var cancellation = new CancellationTokenSource();
        using VmdkDisk disk = VmdkDisk.Open(source);
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => VmdkImage.ConvertAsync(
            disk, target, OptionsFor(kind) with { Threads = 2 }, new Cancelling(cancellation), cancellation.Token));
        Assert.Empty(Created.Names(_folder["target"]));
    }

    [Theory]
    [MemberData(nameof(Targets))]
    public async Task AFullDiskIsOneErrorAndLeavesNothing(VmdkDiskKind kind)
    {
        var content = new GuestContent(8 * MiB);
        content.Fill(0, 8 * MiB, ContentPattern.Random);
        string source = SparseImage.Write(_folder.Path, "source", content);
        using var small = new SmallFileSystem(4 * MiB);
        VmdkException full = await Assert.ThrowsAsync<VmdkException>(
            () => ConvertAsync(source, small["disk.vmdk"], OptionsFor(kind)));
        Assert.Equal(VmdkErrorCode.InputOutput, full.Code);
        Assert.Contains("No space left", full.Message, StringComparison.Ordinal);
        Assert.Empty(Created.Names(small.Path));
    }

    [Theory]
    [MemberData(nameof(Targets))]
    public async Task ADamagedSourceLeavesNothing(VmdkDiskKind kind)
    {
        string source = StreamImage.Write(_folder.Path, "source", GuestContent.Scattered(4 * MiB, seed: 52),
            new StreamOptions { Damage = StreamDamage.BadChecksum, DamagedGrain = 3 });
        string target = Path.Combine(_folder.Subfolder("target"), "disk.vmdk");
        VmdkException damaged = await Assert.ThrowsAsync<VmdkException>(
            () => ConvertAsync(source, target, OptionsFor(kind)));
        Assert.Equal(VmdkErrorCode.GrainInvalid, damaged.Code);
        Assert.Empty(Created.Names(_folder["target"]));
    }

    [Fact]
    public async Task SalvageLosesExactlyTheSectorsThatCannotBeRead()
    {
        var content = new GuestContent(4 * MiB);
        content.Fill(0, 4 * MiB, ContentPattern.Random);
        string source = FlatImage.Write(_folder.Path, "source", content);
        FaultyFile? faulty = null;
        using VmdkDisk disk = VmdkDisk.Open(
            source, new VmdkOpenOptions { Access = VmdkOpenAccess.ReadWrite },
            file => file.Path.EndsWith("-flat.vmdk", StringComparison.Ordinal) ? faulty = new FaultyFile(file) : file);
        faulty!.UnreadableRange = new ByteRange(MiB + 1000, MiB + 1030);
        VmdkConvertOptions options = To(VmdkDiskKind.MonolithicSparse);
        await Assert.ThrowsAsync<VmdkException>(() => VmdkImage.ConvertAsync(
            disk, _folder["disk.vmdk"], options, cancellationToken: TestContext.Current.CancellationToken));

        VmdkConvertResult result = await VmdkImage.ConvertAsync(
            disk, _folder["disk.vmdk"], options with { Salvage = true },
            cancellationToken: TestContext.Current.CancellationToken);
        Assert.Equal([new VmdkRange(MiB + 512, 1024)], result.Unreadable);
        content.Fill(MiB + 512, 1024, ContentPattern.Zeros);
        DiskAssert.Holds(content, _folder["disk.vmdk"]);
    }

    [Fact]
    public async Task SalvageLosesAGrainThatDoesNotInflateAndJoinsNeighbours()
    {
        var content = new GuestContent(2 * MiB);
        content.Fill(0, 2 * MiB, ContentPattern.Text);
        string source = StreamImage.Write(_folder.Path, "source", content,
            new StreamOptions { Damage = StreamDamage.BadChecksum, DamagedGrain = 3 });
        VmdkConvertResult result = await ConvertAsync(
            source, _folder["disk.raw"], new VmdkConvertOptions { Salvage = true });
        Assert.Equal([new VmdkRange(3 * 64 * KiB, 64 * KiB)], result.Unreadable);
        content.Fill(3 * 64 * KiB, 64 * KiB, ContentPattern.Zeros);
        DiskAssert.SameBytes(
            content, 0, await File.ReadAllBytesAsync(_folder["disk.raw"], TestContext.Current.CancellationToken));
    }

    [Fact]
    public async Task SalvageGoesOnBehindAnEntryThatLeadsNowhere()
    {
        var content = new GuestContent(2 * MiB);
        content.Fill(0, 2 * MiB, ContentPattern.Text);
        string source = SparseImage.Write(_folder.Path, "source", content, new SparseOptions { Redundant = false });
        byte[] bytes = await File.ReadAllBytesAsync(source, TestContext.Current.CancellationToken);
        int directory = BitConverter.ToInt32(bytes, 56) * 512;
        int table = BitConverter.ToInt32(bytes, directory) * 512;
        BitConverter.GetBytes(0x7fff_ff80).CopyTo(bytes, table + (5 * 4));
        await File.WriteAllBytesAsync(source, bytes, TestContext.Current.CancellationToken);
        await Assert.ThrowsAsync<VmdkException>(() => ConvertAsync(source, _folder["disk.raw"]));

        VmdkConvertResult result = await ConvertAsync(
            source, _folder["disk.raw"], new VmdkConvertOptions { Salvage = true });
        Assert.Equal([new VmdkRange(5 * 64 * KiB, 64 * KiB)], result.Unreadable);
        content.Fill(5 * 64 * KiB, 64 * KiB, ContentPattern.Zeros);
        DiskAssert.SameBytes(
            content, 0, await File.ReadAllBytesAsync(_folder["disk.raw"], TestContext.Current.CancellationToken));
    }

    [Fact]
    public async Task ASourceThatChangesMeanwhileLeavesNothing()
    {
        string source = FlatImage.Write(_folder.Path, "source", GuestContent.Scattered(4 * MiB, seed: 53));
        string target = Path.Combine(_folder.Subfolder("target"), "disk.vmdk");
        using VmdkDisk disk = VmdkDisk.Open(source, new VmdkOpenOptions { ForceShare = true });
        using var changing = new Changing(_folder["source-flat.vmdk"]);
        VmdkException changed = await Assert.ThrowsAsync<VmdkException>(() => VmdkImage.ConvertAsync(
            disk, target, To(VmdkDiskKind.MonolithicSparse), changing, TestContext.Current.CancellationToken));
        Assert.Equal(VmdkErrorCode.SourceChanged, changed.Code);
        Assert.Empty(Created.Names(_folder["target"]));
    }

    // Unknown stands for raw.
    static VmdkConvertOptions OptionsFor(VmdkDiskKind kind) =>
        kind == VmdkDiskKind.Unknown ? VmdkConvertOptions.Default : To(kind);

    public void Dispose() => _folder.Dispose();

    sealed class Cancelling(CancellationTokenSource cancellation) : IProgress<VmdkProgress>
    {
        public void Report(VmdkProgress value) => cancellation.Cancel();
    }

    sealed class Changing(string path) : IProgress<VmdkProgress>, IDisposable
    {
        readonly FileStream _file = new(path, FileMode.Open, FileAccess.Write, FileShare.ReadWrite);

        public void Report(VmdkProgress value)
        {
            _file.WriteByte(1);
            _file.Flush();
        }

        public void Dispose() => _file.Dispose();
    }
}
