using VmdkFast.Compression;
using VmdkFast.Fuzz;
using VmdkFast.Tests.Support;
using VmdkFast.Tests.Writing;
using Xunit;

namespace VmdkFast.Tests.Fuzzing;

/// <summary>What campaigns found (fuzz/FINDINGS.md), each as small as it can be said.</summary>
public sealed class FindingTests
{
    const int GrainBytes = 4096;

    static readonly StreamOptions s_small = new() { Layout = StreamLayout.Local, GrainSectors = GrainBytes / 512 };

    public static TheoryData<string> Codecs => ["zlib", "libdeflate", "isal"];

    static GuestContent Content => new GuestContent(16 * GrainBytes).Fill(0, 16 * GrainBytes, ContentPattern.Text);

    [Fact]
    public void AStoredGrainServesOnlyTheEntryThatItsMarkerNames()
    {
        using var folder = new TempFolder();
        string path = StreamImage.Write(folder.Path, "disk", Content, s_small);
        long table = Patch.ReadUInt32(path, (long)HostedHeader.Read(path).DirectorySector * 512) * 512L;
        Patch.WriteUInt32(path, table + (5 * sizeof(uint)), Patch.ReadUInt32(path, table + sizeof(uint)));
        using VmdkDisk disk = VmdkDisk.Open(path);
        byte[] sector = new byte[512];

        // The cache now has the grain that two entries name.
        Assert.Equal(512, disk.Read(sector, GrainBytes));
        var refused = Assert.Throws<VmdkException>(() => disk.Read(sector, 5 * GrainBytes));
        Assert.Equal(VmdkErrorCode.GrainInvalid, refused.Code);
        Assert.Equal("lba", refused.Field);
    }

    [Theory]
    [MemberData(nameof(Codecs))]
    public void DataThatWantsAPresetDictionaryIsDamaged(string codec)
    {
        byte[] data = [0x78, 0xbb, 1, 2, 3, 4, 3, 0, 0, 0, 0, 1];
        Assert.Equal(-1, GrainCodec.Choose(codec).Inflate(data, new byte[GrainBytes]));
    }

    [Theory]
    [InlineData(8)]
    [InlineData(4096)]
    public void AGrainThatWantsAPresetDictionaryIsRefused(int grainSectors)
    {
        // The larger ones are read through a cursor, the smaller ones through the cache.
        using var folder = new TempFolder();
        string path = StreamImage.Write(
            folder.Path, "disk", Content, s_small with { GrainSectors = grainSectors });
        HostedHeader header = HostedHeader.Read(path);
        Patch.WriteBytes(path, ((long)header.OverheadSectors * 512) + 12, [0x78, 0xbb]);
        using VmdkDisk disk = VmdkDisk.Open(path);
        Assert.Equal(
            VmdkErrorCode.GrainInvalid, Assert.Throws<VmdkException>(() => disk.Read(new byte[512], 0)).Code);
    }

    [Theory]
    [MemberData(nameof(Codecs))]
    public void DataWithoutItsEndIsDamaged(string codec)
    {
        byte[] grain = Content.Read(0, GrainBytes);
        byte[] data = GrainDeflater.Deflate(grain, 6, 65535);
        GrainCodec inflater = GrainCodec.Choose(codec);
        Assert.Equal(GrainBytes, inflater.Inflate(data, new byte[GrainBytes]));
        for (int length = 0; length < data.Length; length++)
        {
            Assert.Equal(-1, inflater.Inflate(data.AsSpan(0, length), new byte[GrainBytes]));
        }
    }

    [Fact]
    public void AppendingToAStreamWithoutMarkersWritesNone()
    {
        using var folder = new TempFolder();
        GuestContent content = new GuestContent(16 * GrainBytes).Fill(0, GrainBytes, ContentPattern.Text);
        string path = StreamImage.Write(
            folder.Path, "disk", content, s_small with { Layout = StreamLayout.Qemu, Markers = false });
        content.Fill(9 * GrainBytes, 2 * GrainBytes, ContentPattern.Stamp);
        Writable.Change(path, disk => disk.Write(content.Read(9 * GrainBytes, 2 * GrainBytes), 9 * GrainBytes));
        using VmdkDisk disk = VmdkDisk.Open(path);
        DiskAssert.Holds(content, disk);
    }

    [Fact]
    public void ACowdHeaderDoesNotChooseHowLongTheFileBecomes()
    {
        using var folder = new TempFolder();
        string path = CowdImage.WriteBare(folder.Path, "disk", new GuestContent(1 << 20));
        Patch.WriteUInt32(path, 28, 0x4000_0000);
        Writable.Change(path, disk => disk.Write(new byte[512], 0));
        Assert.InRange(new FileInfo(path).Length, 0, 8 << 20);
    }

    [Fact]
    public void ACopyBehindTheEndDoesNotComeToLieOverNewGrains()
    {
        using var folder = new TempFolder();
        GuestContent content = Content;
        string path = WriteSparse(folder, new GuestContent(content.LengthBytes));
        HostedHeader header = HostedHeader.Read(path);
        Patch.WriteUInt32(
            path, (long)header.RedundantDirectorySector * 512, (uint)(new FileInfo(path).Length / 512));
        Writable.Change(path, disk => disk.Write(content.Read(0, (int)content.LengthBytes), 0));
        using VmdkDisk disk = VmdkDisk.Open(path);
        DiskAssert.Holds(content, disk);
    }

    [Fact]
    public void AnEntryBehindTheEndIsRefusedBeforeTheFileGrowsOverIt()
    {
        using var folder = new TempFolder();
        string path = WriteSparse(folder, new GuestContent(16 * GrainBytes));
        HostedHeader header = HostedHeader.Read(path);
        long table = Patch.ReadUInt32(path, (long)header.DirectorySector * 512) * 512L;
        Patch.WriteUInt32(path, table + (3 * sizeof(uint)), (uint)(new FileInfo(path).Length / 512));
        byte[] before = File.ReadAllBytes(path);
        using (VmdkDisk disk = VmdkDisk.Open(path, Writable.Options))
        {
            var refused = Assert.Throws<VmdkException>(() => disk.Write(new byte[GrainBytes], 12 * GrainBytes));
            Assert.Equal(VmdkErrorCode.TablesDisagree, refused.Code);
            Assert.Equal("grainTable[0][3]", refused.Field);
        }

        Assert.Equal(before, File.ReadAllBytes(path));
    }

    [Fact]
    public void APipeWhoseHeaderNamesAnotherDirectoryThanItsFooterIsRefused()
    {
        using var folder = new TempFolder();
        string path = StreamImage.Write(
            folder.Path, "disk", Content,
            s_small with { Layout = StreamLayout.Export, DirectoryInHeaderToo = true });
        Assert.Equal(Content.Read(0, (int)Content.LengthBytes), FromPipe(path));

        // The last sector is the end of the stream; as a directory it says that there are no grains.
        const int DirectoryField = 56;
        Patch.WriteUInt64(path, DirectoryField, (ulong)(new FileInfo(path).Length / 512) - 1);
        var refused = Assert.Throws<VmdkException>(() => FromPipe(path));
        Assert.Equal(VmdkErrorCode.HeaderInvalid, refused.Code);
        Assert.Equal("DirectoryOffsetSectors", refused.Field, ignoreCase: true);
        Assert.Equal(DirectoryField, refused.OffsetBytes);
    }

    [Fact]
    public async Task APlanForACutStreamLooksForNoGrainOfTablesThatHaveNone()
    {
        using var folder = new TempFolder();
        // 4 TiB, of which the file holds 64 KiB: to look for each of 2^30 grains took half a minute.
        string path = WriteStreamThatClaims(folder, 8UL << 30);
        using (FileStream file = File.OpenWrite(path))
        {
            file.SetLength(file.Length - 512);
        }

        using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(20));
        VmdkRepairOptions plan = new() { Check = new VmdkCheckOptions { Deep = true } };
        VmdkRepairResult result = await Task.Run(() => VmdkImage.RepairAsync(path, plan)).WaitAsync(patience.Token);
        Assert.NotEmpty(result.Changes);
    }

    // The directory alone would be 16 MiB, in memory and on disk, for a file of 70 KiB.
    [Fact]
    public async Task NoDirectoryIsMadeForASizeThatNobodyUses()
    {
        using var folder = new TempFolder();
        string path = WriteStreamThatClaims(folder, 8UL << 31);
        using (FileStream file = File.OpenWrite(path))
        {
            file.SetLength(file.Length - 512);
        }

        Assert.Empty((await VmdkImage.RepairAsync(path, new VmdkRepairOptions(), cancellationToken: Cancel)).Changes);
    }

    // An empty table, and a grain whose marker was damaged so that it says what another one says.
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task OfTwoGrainsThatClaimOnePlaceNoneIsTakenWithoutATable(bool hasTable)
    {
        using var folder = new TempFolder();
        string path = StreamImage.Write(
            folder.Path, "disk", Content, s_small with { Layout = StreamLayout.Export });
        long[] places;
        using (VmdkDisk disk = VmdkDisk.Open(path))
        {
            places = [.. disk.Map(Cancel).Where(run => run.Kind == VmdkRunKind.Compressed)
                .Select(run => run.FileOffsetBytes!.Value)];
        }

        Patch.WriteUInt64(path, places[1], 0);
        using (FileStream file = File.OpenWrite(path))
        {
            // Without the end of the stream, the footer and its marker: the header's directory is at the end.
            file.SetLength(file.Length - (3 * 512));
        }

        VmdkRepairOptions repair = new() { Apply = true, JournalPath = folder["journal"] };
        byte[] grain = new byte[GrainBytes];
        if (hasTable)
        {
            // The table says which is which, and the damaged one stays an error.
            Assert.Empty((await VmdkImage.RepairAsync(path, repair, cancellationToken: Cancel)).Lost);
            using VmdkDisk whole = VmdkDisk.Open(path);
            whole.Read(grain, 0);
            Assert.Equal(Content.Read(0, GrainBytes), grain);
            Assert.Throws<VmdkException>(() => whole.Read(grain, GrainBytes));
            return;
        }

        // Behind the last grain: the marker of the table, and the table.
        long end = places[^1] + ((12 + Patch.ReadUInt32(path, places[^1] + 8) + 511) / 512 * 512);
        Patch.WriteBytes(path, end, new byte[(int)(new FileInfo(path).Length - end)]);
        Assert.Empty((await VmdkImage.RepairAsync(path, repair, cancellationToken: Cancel)).Changes);
        VmdkRepairResult result = await VmdkImage.RepairAsync(
            path, repair with { DropLost = true }, cancellationToken: Cancel);
        VmdkLostRange lost = Assert.Single(result.Lost);
        Assert.Equal((0, 2 * GrainBytes), (lost.OffsetBytes, lost.LengthBytes));
        using VmdkDisk repaired = VmdkDisk.Open(path);
        Assert.Equal(places.Length - 2, repaired.Map(Cancel).Count(run => run.Kind == VmdkRunKind.Compressed));
        repaired.Read(grain, 0);
        Assert.False(grain.AsSpan().ContainsAnyExcept((byte)0));
    }

    static CancellationToken Cancel => TestContext.Current.CancellationToken;

    static byte[] FromPipe(string path)
    {
        using var target = new MemoryStream();
        VmdkImage.ConvertAsync(new PipedBytes(File.ReadAllBytes(path)), target).GetAwaiter().GetResult();
        return target.ToArray();
    }

    // In the header and in the descriptor: where these disagree, no repair is made at all.
    static string WriteStreamThatClaims(TempFolder folder, ulong sectors)
    {
        string path = StreamImage.Write(
            folder.Path, "disk", Content, s_small with { Layout = StreamLayout.Export, DescriptorSectors = 20 });
        Patch.WriteUInt64(path, 12, sectors);
        string text = System.Text.Encoding.ASCII.GetString(Patch.ReadBytes(path, 512, 20 * 512));
        string claimed = text.Replace(
            $" {Content.LengthSectors} SPARSE", $" {sectors} SPARSE", StringComparison.Ordinal);
        Assert.NotEqual(text, claimed);
        Patch.WriteBytes(path, 512, System.Text.Encoding.ASCII.GetBytes(claimed).AsSpan(0, 20 * 512));
        return path;
    }

    static string WriteSparse(TempFolder folder, GuestContent content) =>
        SparseImage.Write(
            folder.Path, "disk", content, new SparseOptions { GrainSectors = GrainBytes / 512, TableEntries = 8 });
}
