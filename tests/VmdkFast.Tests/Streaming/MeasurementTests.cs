using VmdkFast.Tests.Support;
using Xunit;

namespace VmdkFast.Tests.Streaming;

/// <summary>Sizes that were foretold, beside the sizes of the files that are then made.</summary>
public sealed class MeasurementTests : IDisposable
{
    readonly TempFolder _folder = new();

    public static TheoryData<VmdkDiskKind, long?> Exact => new()
    {
        { VmdkDiskKind.MonolithicSparse, null },
        { VmdkDiskKind.MonolithicSparse, 4096 },
        { VmdkDiskKind.MonolithicSparse, 2 << 20 },
        { VmdkDiskKind.TwoGbMaxExtentSparse, null },
        { VmdkDiskKind.TwoGbMaxExtentSparse, 8192 },
        { VmdkDiskKind.MonolithicFlat, null },
        { VmdkDiskKind.TwoGbMaxExtentFlat, null },
        { VmdkDiskKind.Vmfs, null },
        { VmdkDiskKind.VmfsThin, null },
        { VmdkDiskKind.VmfsSparse, null },
        { VmdkDiskKind.VmfsSparse, 65536 },
    };

    [Theory]
    [MemberData(nameof(Exact))]
    public async Task TheSizeIsExactForEveryKindThatDoesNotCompress(VmdkDiskKind kind, long? grainBytes)
    {
        // A length within a grain, and for split kinds a second extent with something in it.
        bool isSplit = kind is VmdkDiskKind.TwoGbMaxExtentSparse or VmdkDiskKind.TwoGbMaxExtentFlat;
        foreach (bool isEmpty in new[] { true, false })
        {
            var content = new GuestContent(isSplit ? (2L << 30) + (70 << 10) : (40 << 20) + 1536);
            if (!isEmpty)
            {
                Scatter(content);
            }

            await AssertForetoldAsync(content, new VmdkCreateOptions { Kind = kind, GrainBytes = grainBytes });
        }
    }

    [Theory]
    [InlineData(VmdkDiskKind.MonolithicSparse, 0)]
    [InlineData(VmdkDiskKind.MonolithicSparse, 512 << 10)]
    [InlineData(VmdkDiskKind.VmfsSparse, 0)]
    [InlineData(VmdkDiskKind.VmfsSparse, 512)]
    public async Task TheSizeIsExactWhateverZerosAreLeftOut(VmdkDiskKind kind, int sparseBytes) =>
        await AssertForetoldAsync(
            Scatter(new GuestContent((33 << 20) + 1536)), new VmdkCreateOptions { Kind = kind },
            sparseBytes: sparseBytes);

    [Theory]
    [InlineData(VmdkStreamLayout.Export, null)]
    [InlineData(VmdkStreamLayout.Export, 4096L)]
    [InlineData(VmdkStreamLayout.Export, 1L << 20)]
    [InlineData(VmdkStreamLayout.Local, null)]
    [InlineData(VmdkStreamLayout.Local, 8192L)]
    public async Task CompressedSizesLieWithinTheBounds(VmdkStreamLayout layout, long? grainBytes)
    {
        foreach (ContentPattern pattern in new[] { ContentPattern.Random, ContentPattern.Text, ContentPattern.Stamp })
        {
            var content = new GuestContent((40 << 20) + 1536);
            content.Fill(3 << 20, 2 << 20, pattern).Fill((40 << 20) + 1024, 512, pattern);
            await AssertForetoldAsync(
                content, new VmdkCreateOptions { Kind = VmdkDiskKind.StreamOptimized, GrainBytes = grainBytes },
                layout, exact: false);
        }
    }

    [Fact]
    public async Task AStreamWithoutGrainsIsExact() =>
        await AssertForetoldAsync(
            new GuestContent(1L << 40), new VmdkCreateOptions { Kind = VmdkDiskKind.StreamOptimized });

    [Fact]
    public async Task AWritersFileHasTheForetoldSizeToo()
    {
        GuestContent content = Scatter(new GuestContent(40 << 20));
        await using VmdkDisk source = VmdkDisk.Open(SparseImage.Write(_folder.Path, "source", content));
        foreach (VmdkDiskKind kind in new[] { VmdkDiskKind.MonolithicSparse, VmdkDiskKind.VmfsSparse })
        {
            string folder = _folder.Subfolder($"{kind}");
            string path = Path.Combine(folder, "disk.vmdk");
            var target = new VmdkCreateOptions { Kind = kind };
            await VmdkDisk.CreateAsync(
                path, target with { LengthBytes = content.LengthBytes }, TestContext.Current.CancellationToken);
            using (var disk = VmdkDisk.Open(path, new VmdkOpenOptions { Access = VmdkOpenAccess.ReadWrite }))
            {
                foreach (GuestRange range in content.WrittenRanges.Reverse())
                {
                    byte[] bytes = content.Read(range.OffsetBytes, (int)range.LengthBytes);
                    if (bytes.AsSpan().ContainsAnyExcept((byte)0))
                    {
                        disk.Write(bytes, range.OffsetBytes);
                    }
                }
            }

            VmdkMeasurement measured = await VmdkImage.MeasureAsync(
                source, new VmdkMeasureOptions { Target = target, SparseBytes = 512 }, null,
                TestContext.Current.CancellationToken);
            Assert.Equal(SizeOf(folder), measured.RequiredBytes);
        }
    }

    [Fact]
    public async Task ARawTargetIsAsLongAsTheDiskAndNothingIsRead()
    {
        await using VmdkDisk source = VmdkDisk.Open(SparseImage.Write(
            _folder.Path, "source", Scatter(new GuestContent(40 << 20))));
        VmdkMeasurement measured = await VmdkImage.MeasureAsync(
            source, cancellationToken: TestContext.Current.CancellationToken);
        Assert.Equal(new VmdkMeasurement(40 << 20, 40 << 20, 40 << 20), measured);
        Assert.Equal(1024, VmdkImage.Measure(1000).RequiredBytes);
    }

    [Fact]
    public void OptionsThatMeanNothingAreRefused()
    {
        Assert.ThrowsAny<ArgumentException>(() => VmdkImage.Measure(0));
        Assert.ThrowsAny<ArgumentException>(() => Measure(new VmdkCreateOptions { LengthBytes = 5 }));
        Assert.ThrowsAny<ArgumentException>(() => Measure(new VmdkCreateOptions { ParentPath = "a.vmdk" }));
        Assert.ThrowsAny<ArgumentException>(() => Measure(new VmdkCreateOptions { GrainBytes = 5 }));
        Assert.ThrowsAny<ArgumentException>(() => Measure(new VmdkCreateOptions { Kind = VmdkDiskKind.SeSparse }));

        static VmdkMeasurement Measure(VmdkCreateOptions target) =>
            VmdkImage.Measure(1 << 20, new VmdkMeasureOptions { Target = target });
    }

    public void Dispose() => _folder.Dispose();

    // Data at both ends, a grain of zeros that is stored, and pieces that begin inside grains.
    static GuestContent Scatter(GuestContent content) => content
        .Fill(0, 512, ContentPattern.Stamp)
        .Fill((5 << 20) + 512, 3 << 20, ContentPattern.Random)
        .Fill(20 << 20, 128 << 10, ContentPattern.Zeros)
        .Fill(30 << 20, 512, ContentPattern.Zeros)
        .Fill(content.LengthBytes - 512, 512, ContentPattern.Stamp);

    async Task AssertForetoldAsync(
        GuestContent content, VmdkCreateOptions target, VmdkStreamLayout layout = VmdkStreamLayout.Export,
        bool exact = true, int sparseBytes = 4096)
    {
        string name = Guid.NewGuid().ToString("N");
        var small = new SparseOptions { GrainSectors = 16 };
        await using VmdkDisk source = VmdkDisk.Open(SparseImage.Write(_folder.Path, name, content, small));
        CancellationToken cancellation = TestContext.Current.CancellationToken;
        var options = new VmdkMeasureOptions { Target = target, StreamLayout = layout, SparseBytes = sparseBytes };
        VmdkMeasurement measured = await VmdkImage.MeasureAsync(source, options, null, cancellation);
        string folder = _folder.Subfolder($"{name}.d");
        await VmdkImage.ConvertAsync(
            source, Path.Combine(folder, options.TargetName),
            new VmdkConvertOptions { Target = target, StreamLayout = layout, SparseBytes = sparseBytes }, null,
            cancellation);
        long size = SizeOf(folder);
        Directory.Delete(folder, recursive: true);
        Assert.InRange(size, measured.MinimumBytes, measured.RequiredBytes);
        Assert.InRange(measured.RequiredBytes, 1, measured.FullyAllocatedBytes);
        Assert.Equal(exact, measured.IsExact);
        if (content.WrittenRanges.Count == 0)
        {
            Assert.Equal(
                measured, VmdkImage.Measure(content.LengthBytes, options));
        }
    }

    static long SizeOf(string folder) => new DirectoryInfo(folder).GetFiles().Sum(file => file.Length);
}
