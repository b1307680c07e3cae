using VmdkFast.Tests.Support;
using Xunit;
using static VmdkFast.Tests.Streaming.Converted;

namespace VmdkFast.Tests.Streaming;

public sealed class StreamTargetTests : IDisposable
{
    const long KiB = 1L << 10, MiB = 1L << 20;

    readonly TempFolder _folder = new();

    static VmdkConvertOptions Export { get; } = To(VmdkDiskKind.StreamOptimized);

    public static TheoryData<long, long> LengthsAndGrains => new()
    {
        { 512, 64 * KiB }, { 64 * KiB, 64 * KiB }, { (64 * KiB) + 512, 64 * KiB }, { 100 * MiB, 64 * KiB },
        { (5 * MiB) + 1536, 4 * KiB }, { (9 * MiB) + 512, MiB }, { 20 * MiB, 8 * MiB }, { 3 * MiB, 8 * MiB },
    };

    [Theory]
    [MemberData(nameof(LengthsAndGrains))]
    public async Task AnExportKeepsEveryRuleOfItsReaders(long lengthBytes, long grainBytes)
    {
        int seed = (int)(lengthBytes % 97);
        GuestContent content = GuestContent.Scattered(lengthBytes, seed, maxRangeBytes: 99_000);
        content.WriteRaw(_folder["disk.raw"]);
        using VmdkDisk source = VmdkDisk.OpenRaw(_folder["disk.raw"]);
        byte[] bytes = await PipeAsync(
            source, Export with { Target = Export.Target! with { GrainBytes = grainBytes } });

        SortedDictionary<long, byte[]> grains = ExportRules.Check(bytes);
        foreach ((long index, byte[] grain) in grains)
        {
            DiskAssert.SameBytes(content, index * grainBytes, grain);
        }

        await File.WriteAllBytesAsync(_folder["disk.vmdk"], bytes, TestContext.Current.CancellationToken);
        MustHold(content, _folder["disk.vmdk"], VmdkDiskKind.StreamOptimized, _folder);
        Assert.Equal(0, QemuImg.Check(_folder["disk.vmdk"]).ExitCode);
        if (grainBytes > 4 * KiB)
        {
            // libvmdk 20200926 takes no smaller grains.
            Assert.Contains($"{lengthBytes} bytes", Peers.Run("vmdkinfo", _folder["disk.vmdk"]).MustSucceed().Output);
        }

        Peers.Run("7zz", "t", "-tvmdk", _folder["disk.vmdk"]).MustSucceed();
    }

    [Fact]
    public async Task AStreamWithoutCompressionIsStoredWithinAGrainAndASector()
    {
        GuestContent content = GuestContent.Scattered((3 * MiB) + 512, seed: 77);
        using VmdkDisk source = VmdkDisk.Open(SparseImage.Write(_folder.Path, "source", content));
        VmdkConvertOptions stored = Export with { Compression = VmdkCompression.None };
        byte[] bytes = await PipeAsync(source, stored);

        int grains = ExportRules.Check(bytes).Count;
        Assert.InRange(bytes.Length, grains * 64 * KiB, (grains * (64 * KiB + 512)) + MiB);
        await File.WriteAllBytesAsync(_folder["disk.vmdk"], bytes, TestContext.Current.CancellationToken);
        MustHold(content, _folder["disk.vmdk"], VmdkDiskKind.StreamOptimized, _folder);
        Assert.Equal(0, QemuImg.Check(_folder["disk.vmdk"]).ExitCode);
        Peers.Run("7zz", "t", "-tvmdk", _folder["disk.vmdk"]).MustSucceed();
    }

    [Fact]
    public async Task ContentIdAndUuidAloneFixEveryByte()
    {
        using VmdkDisk source = VmdkDisk.Open(SparseImage.Write(
            _folder.Path, "source", GuestContent.Scattered(MiB, seed: 78)));
        VmdkConvertOptions options = Export with
        {
            Target = new VmdkCreateOptions
            {
                Kind = VmdkDiskKind.StreamOptimized,
                ContentId = 0x1234_5678,
                Uuid = new Guid("00112233-4455-6677-8899-aabbccddeeff"),
            },
        };
        Assert.Equal(await PipeAsync(source, options), await PipeAsync(source, options with { Threads = 3 }));
    }

    [Fact]
    public async Task AnEmptyDiskIsAStreamToo()
    {
        using VmdkDisk source = VmdkDisk.Open(
            SparseImage.Write(_folder.Path, "source", new GuestContent(40 * MiB)));
        Assert.Empty(ExportRules.Check(await PipeAsync(source, Export)));
    }

    [Theory]
    [InlineData(VmdkStreamLayout.Export)]
    [InlineData(VmdkStreamLayout.Local)]
    public async Task TheBytesAreTheSameWhateverTheThreads(VmdkStreamLayout layout)
    {
        GuestContent content = GuestContent.Scattered(70 * MiB, seed: 5, rangeCount: 60);
        string source = SparseImage.Write(_folder.Path, "source", content);
        var found = new List<byte[]>();
        foreach (int threads in new[] { 1, 2, 7 })
        {
            string path = Path.Combine(_folder.Subfolder($"{threads}"), "disk.vmdk");
            await ConvertAsync(source, path, Export with { StreamLayout = layout, Threads = threads });
            found.Add(await File.ReadAllBytesAsync(path, TestContext.Current.CancellationToken));
        }

        Assert.Equal(found[0], found[1]);
        Assert.Equal(found[0], found[2]);
    }

    [Fact]
    public async Task EachLayoutConvertsToTheOthers()
    {
        GuestContent content = GuestContent.Scattered((37 * MiB) + 512, seed: 6);
        foreach (StreamLayout layout in Enum.GetValues<StreamLayout>())
        {
            string source = StreamImage.Write(
                _folder.Subfolder($"{layout}"), "source", content, new StreamOptions { Layout = layout });
            string export = _folder[$"{layout}.vmdk"], local = _folder[$"{layout}-local.vmdk"];
            await ConvertAsync(source, export, Export);
            await ConvertAsync(export, local, Export with { StreamLayout = VmdkStreamLayout.Local });
            ExportRules.Check(await File.ReadAllBytesAsync(export, TestContext.Current.CancellationToken));
            MustHold(content, export, VmdkDiskKind.StreamOptimized, _folder);
            MustHold(content, local, VmdkDiskKind.StreamOptimized, _folder);

            // 7-Zip (26.02) opens no stream with its tables in front, QEMU's neither.
            Peers.Run("7zz", "t", "-tvmdk", export).MustSucceed();
            Assert.Equal(0, QemuImg.Check(local).ExitCode);
        }
    }

    [Fact]
    public async Task ALocalStreamCanBeAppendedTo()
    {
        var content = new GuestContent(8 * MiB);
        content.Fill(0, MiB, ContentPattern.Mixed);
        string source = SparseImage.Write(_folder.Path, "source", content);
        await ConvertAsync(source, _folder["disk.vmdk"], Export with { StreamLayout = VmdkStreamLayout.Local });
        content.Fill(4 * MiB, 64 * KiB, ContentPattern.Random);
        using (VmdkDisk disk = VmdkDisk.Open(
            _folder["disk.vmdk"], new VmdkOpenOptions { Access = VmdkOpenAccess.ReadWrite }))
        {
            disk.Write(content.Read(4 * MiB, (int)(64 * KiB)), 4 * MiB);
        }

        MustHold(content, _folder["disk.vmdk"], VmdkDiskKind.StreamOptimized, _folder);
    }

    [Fact]
    public async Task ANameThatIsNotAsciiStaysOutOfAnExport()
    {
        var content = GuestContent.Scattered(MiB, seed: 7);
        string source = SparseImage.Write(_folder.Path, "source", content);
        await ConvertAsync(source, _folder["größe.vmdk"], Export);
        ExportRules.Check(await File.ReadAllBytesAsync(_folder["größe.vmdk"], TestContext.Current.CancellationToken));
        DiskAssert.Holds(content, _folder["größe.vmdk"]);
    }

    [Fact]
    public async Task OnlyAnExportGoesIntoAStream()
    {
        using VmdkDisk source = VmdkDisk.Open(SparseImage.Write(_folder.Path, "source", new GuestContent(MiB)));
        VmdkConvertOptions[] wrong =
        [
            To(VmdkDiskKind.MonolithicSparse), Export with { StreamLayout = VmdkStreamLayout.Local },
            VmdkConvertOptions.Default with { IntoExisting = true },
            Export with { Target = Export.Target! with { GrainBytes = 128 * MiB } },
        ];
        foreach (VmdkConvertOptions options in wrong)
        {
            await Assert.ThrowsAsync<ArgumentException>(() => PipeAsync(source, options));
        }
    }

    public void Dispose() => _folder.Dispose();
}
