using System.Buffers.Binary;
using System.Security.Cryptography;
using VmdkFast.Tests.Support;
using Xunit;
using PipedBytes = VmdkFast.Fuzz.PipedBytes;

namespace VmdkFast.Tests.Streaming;

/// <summary>streamOptimized images that come through a pipe: read once, forward, by their markers.</summary>
public sealed class StreamSourceTests : IDisposable
{
    const int GrainBytes = 1 << 16;
    const long LengthBytes = (70L << 20) + 1536;

    readonly TempFolder _folder = new();

    public static TheoryData<StreamLayout> Layouts => [StreamLayout.Export, StreamLayout.Local, StreamLayout.Qemu];

    public void Dispose() => _folder.Dispose();

    [Theory]
    [MemberData(nameof(Layouts))]
    public async Task EveryLayoutComesThroughAPipeIntoAFile(StreamLayout layout)
    {
        GuestContent content = GuestContent.Scattered(LengthBytes, seed: 3);
        byte[] stream = Make(content, new StreamOptions { Layout = layout });
        foreach (int step in new[] { 1, 511, 1 << 20 })
        {
            await ToFileAsync(new PipedBytes(stream, step));
            Holds(content);
        }
    }

    [Theory]
    [InlineData(StreamLayout.Export)]
    [InlineData(StreamLayout.Local)]
    public async Task AscendingStreamsGoFromPipeToPipe(StreamLayout layout)
    {
        GuestContent content = GuestContent.Scattered(8L << 20, seed: 4);
        using var target = new MemoryStream();
        await VmdkImage.ConvertAsync(
            new PipedBytes(Make(content, new StreamOptions { Layout = layout }), 4096), target,
            cancellationToken: TestContext.Current.CancellationToken);
        Assert.Equal(-1, content.FirstDifference(0, target.ToArray()));
        Assert.Equal(content.LengthBytes, target.Length);
    }

    [Theory]
    [InlineData(8, 0)]
    [InlineData(16, 2)]
    [InlineData(128, 3)]
    [InlineData(2048, 0)]
    [InlineData(8192, 1)]
    public async Task GrainsOfEverySizeAndShortLastOnesAreRead(int grainSectors, int progressEvery)
    {
        GuestContent content = GuestContent.Scattered((21L << 20) + 512, seed: 5);
        byte[] stream = Make(content, new StreamOptions
        {
            GrainSectors = grainSectors,
            ProgressEvery = progressEvery,
            ShortLastGrain = true,
        });
        await ToFileAsync(new PipedBytes(stream, 70_000));
        Holds(content);
        using var target = new MemoryStream();
        await VmdkImage.ConvertAsync(
            new MemoryStream(stream), target, cancellationToken: TestContext.Current.CancellationToken);
        Assert.Equal(-1, content.FirstDifference(0, target.ToArray()));
    }

    [Theory]
    [InlineData(8)]
    [InlineData(128)]
    [InlineData(4096)]
    public async Task TheGrainsOfTheTargetNeedNotBeTheSources(int grainSectors)
    {
        GuestContent content = GuestContent.Scattered((9L << 20) + 512, seed: 6);
        byte[] stream = Make(content, new StreamOptions { GrainSectors = grainSectors });
        foreach (long targetGrainBytes in new[] { 4096L, 65536L, 1L << 20 })
        {
            var kind = new VmdkCreateOptions { Kind = VmdkDiskKind.StreamOptimized, GrainBytes = targetGrainBytes };
            using var target = new MemoryStream();
            await VmdkImage.ConvertAsync(
                new PipedBytes(stream, 9999), target, new VmdkConvertOptions { Target = kind },
                cancellationToken: TestContext.Current.CancellationToken);
            await File.WriteAllBytesAsync(
                _folder["out.vmdk"], target.ToArray(), TestContext.Current.CancellationToken);
            using VmdkDisk disk = VmdkDisk.Open(_folder["out.vmdk"]);
            Assert.Equal(targetGrainBytes, disk.Layers[0].GrainBytes);
            DiskAssert.Holds(content, disk);
        }
    }

    [Fact]
    public async Task ShuffledGrainsAreRefusedWhereOrderCounts()
    {
        byte[] stream = Make(GuestContent.Scattered(8L << 20, 7), new StreamOptions { Layout = StreamLayout.Qemu });
        var refusal = await Assert.ThrowsAsync<VmdkException>(() => VmdkImage.ConvertAsync(
            new MemoryStream(stream), new MemoryStream(), cancellationToken: TestContext.Current.CancellationToken));
        Assert.Equal(VmdkErrorCode.OrderNotAscending, refusal.Code);
        Assert.Equal("lba", refusal.Field);
    }

    [Fact]
    public async Task ADigestIsOverTheDiskInItsOrder()
    {
        GuestContent content = GuestContent.Scattered(8L << 20, seed: 12);
        var options = new VmdkConvertOptions { Digest = VmdkDigestAlgorithm.Sha256, Verify = true };
        VmdkConvertResult result = await VmdkImage.ConvertAsync(
            new MemoryStream(Make(content, new StreamOptions())), _folder["out.raw"], options,
            cancellationToken: TestContext.Current.CancellationToken);
        Assert.Equal(content.Sha256(), result.Digest!.Hex);

        byte[] shuffled = Make(content, new StreamOptions { Layout = StreamLayout.Qemu });
        var refusal = await Assert.ThrowsAsync<VmdkException>(() => VmdkImage.ConvertAsync(
            new MemoryStream(shuffled), _folder["other.raw"], options,
            cancellationToken: TestContext.Current.CancellationToken));
        Assert.Equal(VmdkErrorCode.OrderNotAscending, refusal.Code);
    }

    [Fact]
    public async Task QemusOwnStreamIsRead()
    {
        GuestContent content = GuestContent.Scattered(20L << 20, seed: 8);
        content.WriteRaw(_folder["in.raw"]);
        QemuImg.Convert(_folder["in.raw"], _folder["q.vmdk"], "raw", "vmdk", "subformat=streamOptimized");
        await ToFileAsync(new PipedBytes(await File.ReadAllBytesAsync(
            _folder["q.vmdk"], TestContext.Current.CancellationToken), 3000));
        Holds(content);
    }

    [Fact]
    public async Task SamplesFromTheFieldAreRead()
    {
        int read = 0;
        foreach (Sample sample in Samples.Readable)
        {
            using var disk = VmdkDisk.Open(sample.FullPath);
            if (!disk.Layers[0].Compressed)
            {
                continue;
            }

            read++;
            byte[] stream = await File.ReadAllBytesAsync(sample.FullPath, TestContext.Current.CancellationToken);
            await ToFileAsync(new PipedBytes(stream, 100));
            using (FileStream raw = File.OpenRead(_folder["out.raw"]))
            {
                Assert.Equal(sample.CapacitySectors * 512, raw.Length);
                if (!sample.IsLarge)
                {
                    Assert.Equal(sample.ContentSha256, Convert.ToHexStringLower(SHA256.HashData(raw)));
                }
            }

            File.Delete(_folder["out.raw"]);
        }

        Assert.True(read >= 6, $"{read} samples");
    }

    [Theory]
    [MemberData(nameof(Layouts))]
    public async Task AStreamThatIsCutAnywhereIsTruncated(StreamLayout layout)
    {
        GuestContent content = GuestContent.Scattered(2L << 20, seed: 9, rangeCount: 6, maxRangeBytes: 60_000);
        byte[] stream = Make(content, new StreamOptions { Layout = layout });

        // Without its last sector alone a stream with its tables in front is what QEMU writes: nothing is missing.
        int missingBytes = layout == StreamLayout.Local ? 512 : 0;
        for (int length = 512; length < stream.Length - missingBytes; length += 512)
        {
            var refusal = await Assert.ThrowsAsync<VmdkException>(
                () => ToFileAsync(new PipedBytes(stream.AsMemory(0, length), 1 << 16)));
            Assert.Equal(VmdkErrorCode.Truncated, refusal.Code);
            Assert.False(File.Exists(_folder["out.raw"]));
        }

        await ToFileAsync(new PipedBytes((byte[])[.. stream, .. new byte[5000]], 4096));
        Holds(content);
        await ToFileAsync(new PipedBytes(stream.AsMemory(0, stream.Length - missingBytes), 4096));
        Holds(content);
    }

    [Theory]
    [InlineData(StreamDamage.WrongLba)]
    [InlineData(StreamDamage.DeflateGarbage)]
    [InlineData(StreamDamage.BadChecksum)]
    [InlineData(StreamDamage.ShortData)]
    [InlineData(StreamDamage.LongData)]
    [InlineData(StreamDamage.ZeroSize)]
    [InlineData(StreamDamage.HugeSize)]
    [InlineData(StreamDamage.BadFooter)]
    [InlineData(StreamDamage.FooterDisagrees)]
    public async Task DamageIsRefusedAndNothingIsLeft(StreamDamage damage)
    {
        GuestContent content = new GuestContent(4L << 20).Fill(0, 30 * GrainBytes, ContentPattern.Stamp);
        byte[] stream = Make(content, new StreamOptions { Damage = damage, DamagedGrain = 5 });
        await Assert.ThrowsAsync<VmdkException>(() => ToFileAsync(new MemoryStream(stream)));
        Assert.Empty(Directory.GetFiles(_folder.Path, "out*"));
    }

    [Theory]
    [InlineData(4, 9u, VmdkErrorCode.Unsupported)]
    [InlineData(8, 0x0001_0001u, VmdkErrorCode.Unsupported)]
    [InlineData(8, 0x0007_0001u, VmdkErrorCode.Unsupported)]
    [InlineData(20, 100u, VmdkErrorCode.HeaderInvalid)]
    [InlineData(20, 0x0020_0000u, VmdkErrorCode.LimitExceeded)]
    [InlineData(44, 1024u, VmdkErrorCode.HeaderInvalid)]
    [InlineData(64, 1u, VmdkErrorCode.HeaderInvalid)]
    [InlineData(36, 0x7FFF_FFFFu, VmdkErrorCode.LimitExceeded)]
    [InlineData(0, 0u, VmdkErrorCode.NotVmdk)]
    public async Task AHostileHeaderIsRefused(int offset, uint value, VmdkErrorCode code)
    {
        byte[] stream = Make(new GuestContent(1L << 20).Fill(0, 512, ContentPattern.Stamp), new StreamOptions());
        BinaryPrimitives.WriteUInt32LittleEndian(stream.AsSpan(offset), value);
        var refusal = await Assert.ThrowsAsync<VmdkException>(() => ToFileAsync(new MemoryStream(stream)));
        Assert.Equal(code, refusal.Code);
    }

    [Fact]
    public async Task EveryFlippedTableEntryIsFound()
    {
        GuestContent content = new GuestContent(64L << 20).Fill(0, 3 * GrainBytes, ContentPattern.Stamp)
            .Fill(40L << 20, GrainBytes, ContentPattern.Stamp);
        foreach (StreamLayout layout in new[] { StreamLayout.Export, StreamLayout.Local })
        {
            byte[] good = Make(content, new StreamOptions { Layout = layout });
            using var disk = VmdkDisk.Open(_folder["in.vmdk"]);
            foreach (VmdkRun run in disk.Map(TestContext.Current.CancellationToken)
                .Where(run => run.Kind == VmdkRunKind.Compressed))
            {
                uint sector = (uint)(run.FileOffsetBytes!.Value / 512);
                byte[] stream = [.. good];
                int entry = layout == StreamLayout.Export
                    ? LastIndexOf(stream, sector, stream.Length - (3 * 512))
                    : LastIndexOf(stream, sector, 128 * 512);
                BinaryPrimitives.WriteUInt32LittleEndian(stream.AsSpan(entry), sector + 1);
                var refusal = await Assert.ThrowsAsync<VmdkException>(() => ToFileAsync(new MemoryStream(stream)));
                Assert.Equal(VmdkErrorCode.TableInvalid, refusal.Code);
            }
        }
    }

    [Fact]
    public async Task AGrainThatComesTwiceIsRefused()
    {
        GuestContent content = new GuestContent(1L << 20).Fill(0, 2 * GrainBytes, ContentPattern.Stamp);
        byte[] stream = Make(content, new StreamOptions { Layout = StreamLayout.Local });
        int second;
        using (var disk = VmdkDisk.Open(_folder["in.vmdk"]))
        {
            // Not looked for in the bytes: compressed data may look like a marker, and isa-l's differs with the CPU.
            second = (int)disk.Map(TestContext.Current.CancellationToken)
                .Last(run => run.Kind == VmdkRunKind.Compressed).FileOffsetBytes!.Value;
        }

        Assert.Equal(128UL, BinaryPrimitives.ReadUInt64LittleEndian(stream.AsSpan(second)));
        stream.AsSpan(second, 8).Clear();
        var refusal = await Assert.ThrowsAsync<VmdkException>(() => ToFileAsync(new MemoryStream(stream)));
        Assert.Equal(VmdkErrorCode.GrainInvalid, refusal.Code);
        Assert.Equal(second, refusal.OffsetBytes);
    }

    [Fact]
    public async Task DataBehindTheEndIsRefused()
    {
        byte[] stream = Make(new GuestContent(1L << 20).Fill(0, 512, ContentPattern.Stamp), new StreamOptions());
        var refusal = await Assert.ThrowsAsync<VmdkException>(
            () => ToFileAsync(new MemoryStream([.. stream, .. new byte[700], 1])));
        Assert.Equal(VmdkErrorCode.HeaderInvalid, refusal.Code);
        Assert.Equal(stream.Length + 700, refusal.OffsetBytes);
    }

    static int LastIndexOf(byte[] stream, uint sector, int end)
    {
        for (int at = end - 4; at > 512; at -= 4)
        {
            if (BinaryPrimitives.ReadUInt32LittleEndian(stream.AsSpan(at)) == sector)
            {
                return at;
            }
        }

        throw new InvalidOperationException($"No entry names sector {sector}.");
    }

    byte[] Make(GuestContent content, StreamOptions options) =>
        File.ReadAllBytes(StreamImage.Write(_folder.Path, "in", content, options));

    Task<VmdkConvertResult> ToFileAsync(Stream stream) => VmdkImage.ConvertAsync(
        stream, _folder["out.raw"], cancellationToken: TestContext.Current.CancellationToken);

    void Holds(GuestContent content)
    {
        using VmdkDisk disk = VmdkDisk.OpenRaw(_folder["out.raw"]);
        DiskAssert.Holds(content, disk);
        disk.Dispose();
        File.Delete(_folder["out.raw"]);
    }
}
