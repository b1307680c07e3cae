using VmdkFast.Compression;
using VmdkFast.Tests.Opening;
using VmdkFast.Tests.Support;
using Xunit;

namespace VmdkFast.Tests.Fuzzing;

/// <summary>What campaigns found (fuzz/FINDINGS.md), each as small as it can be said.</summary>
public sealed class FindingTests
{
    const int GrainBytes = 4096;

    static readonly StreamOptions s_small = new() { Layout = StreamLayout.Local, GrainSectors = GrainBytes / 512 };

    public static TheoryData<string> Codecs => ["zlib", "libdeflate"];

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
}
