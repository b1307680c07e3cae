using System.Buffers.Binary;
using VmdkFast.Tests.Support;
using Xunit;

namespace VmdkFast.Tests.Opening;

/// <summary>Streams that are opened by their markers, because they were cut short or lost their tables.</summary>
public sealed class RecoveredStreamTests : IDisposable
{
    const int GrainBytes = 1 << 16;

    static readonly VmdkOpenOptions s_recover = new() { RecoverStreams = true };

    readonly TempFolder _folder = new();

    public static TheoryData<StreamLayout> Layouts => [StreamLayout.Export, StreamLayout.Local, StreamLayout.Qemu];

    public void Dispose() => _folder.Dispose();

    [Theory]
    [MemberData(nameof(Layouts))]
    public void AWholeStreamIsTheSameDiskByItsMarkers(StreamLayout layout)
    {
        GuestContent content = GuestContent.Scattered((80L << 20) + 1536, seed: 2);
        string path = StreamImage.Write(_folder.Path, "disk", content, new StreamOptions { Layout = layout });
        using var disk = VmdkDisk.Open(path, s_recover);
        DiskAssert.Holds(content, disk);
        DiskAssert.HoldsByMap(content, disk);
        VmdkStreamRecovery recovery = disk.Layers[0].Extents[0].Recovery!;
        using var usual = VmdkDisk.Open(path);
        Assert.Equal(CompressedRuns(usual).Count(), recovery.Grains);
        Assert.Null(usual.Layers[0].Extents[0].Recovery);
        Assert.Equal(0, recovery.IgnoredBytes);
        Assert.Equal(
            layout == StreamLayout.Qemu ? "the file ends without an end-of-stream marker" : null, recovery.Problem);
    }

    [Theory]
    [MemberData(nameof(Layouts))]
    public void OfAStreamThatIsCutAnywhereTheGrainsBeforeAreThere(StreamLayout layout)
    {
        GuestContent content = GuestContent.Scattered(2L << 20, seed: 9, rangeCount: 6, maxRangeBytes: 60_000);
        string path = StreamImage.Write(_folder.Path, "disk", content, new StreamOptions { Layout = layout });
        var grains = new List<(long Offset, long FileOffset, long FileEnd)>();
        using (var whole = VmdkDisk.Open(path))
        {
            foreach (VmdkRun run in CompressedRuns(whole))
            {
                grains.Add((run.OffsetBytes, run.FileOffsetBytes!.Value, 0));
            }
        }

        byte[] bytes = File.ReadAllBytes(path);
        long front = grains.Min(grain => grain.FileOffset);
        for (int i = 0; i < grains.Count; i++)
        {
            uint size = BinaryPrimitives.ReadUInt32LittleEndian(bytes.AsSpan((int)grains[i].FileOffset + 8));
            grains[i] = grains[i] with { FileEnd = grains[i].FileOffset + 12 + size };
        }

        string cut = _folder["cut.vmdk"];
        byte[] grain = new byte[GrainBytes];
        for (int length = 512; length < bytes.Length; length += 512)
        {
            File.WriteAllBytes(cut, bytes[..length]);
            if (length < front)
            {
                Assert.Equal(
                    VmdkErrorCode.Truncated, Assert.Throws<VmdkException>(() => VmdkDisk.Open(cut, s_recover)).Code);
                continue;
            }

            using var disk = VmdkDisk.Open(cut, s_recover);
            VmdkStreamRecovery recovery = disk.Layers[0].Extents[0].Recovery!;
            Assert.Equal(grains.Count(g => g.FileEnd <= length), recovery.Grains);
            Assert.NotNull(recovery.Problem);
            Assert.Equal(length - recovery.EndBytes, recovery.IgnoredBytes);
            foreach ((long offset, _, long fileEnd) in grains)
            {
                disk.Read(grain, offset);
                byte[] wanted = fileEnd <= length ? content.Read(offset, GrainBytes) : new byte[GrainBytes];
                Assert.Equal(wanted, grain);
            }
        }
    }

    [Fact]
    public void TablesThatWereNeverWrittenAreNotMissed()
    {
        GuestContent content = GuestContent.Scattered(20L << 20, seed: 4);
        string path = StreamImage.Write(
            _folder.Path, "disk", content, new StreamOptions { Layout = StreamLayout.Qemu });
        using (FileStream file = File.OpenWrite(path))
        {
            // Directories and tables: everything between the descriptor and the first grain.
            file.Position = 21 * 512;
            file.Write(new byte[(128 - 21) * 512]);
        }

        using (var blind = VmdkDisk.Open(path))
        {
            Assert.Empty(CompressedRuns(blind));
        }

        DiskAssert.Holds(content, path, s_recover);
    }

    [Fact]
    public void AnImpossibleMarkerEndsTheWalkAndIsNamed()
    {
        GuestContent content = new GuestContent(4L << 20).Fill(0, 10 * GrainBytes, ContentPattern.Stamp);
        string path = StreamImage.Write(
            _folder.Path, "disk", content, new StreamOptions { Damage = StreamDamage.HugeSize, DamagedGrain = 4 });
        using var disk = VmdkDisk.Open(path, s_recover);
        VmdkStreamRecovery recovery = disk.Layers[0].Extents[0].Recovery!;
        Assert.Equal(4, recovery.Grains);
        Assert.Equal(3 * GrainBytes, recovery.LastGrainOffsetBytes);
        Assert.StartsWith(
            "no marker of this stream: size is 4294967280 bytes", recovery.Problem, StringComparison.Ordinal);
        Assert.True(recovery.IgnoredBytes > 0);
    }

    [Fact]
    public void WritingAndRecoveringDoNotGoTogether() => Assert.Throws<ArgumentException>(
        () => VmdkDisk.Open("any.vmdk", s_recover with { Access = VmdkOpenAccess.ReadWrite }));

    static IEnumerable<VmdkRun> CompressedRuns(VmdkDisk disk) =>
        disk.Map(TestContext.Current.CancellationToken).Where(run => run.Kind == VmdkRunKind.Compressed);

    [Fact]
    public void ImagesOfOtherKindsOpenAsUsual()
    {
        GuestContent content = GuestContent.Scattered(3L << 20, seed: 5);
        string path = SparseImage.Write(_folder.Path, "disk", content);
        DiskAssert.Holds(content, path, s_recover);
    }
}
