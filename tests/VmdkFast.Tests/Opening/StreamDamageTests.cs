using VmdkFast.Tests.Support;
using Xunit;

namespace VmdkFast.Tests.Opening;

/// <summary>Damaged grains, markers and footers of compressed images.</summary>
public sealed class StreamDamageTests
{
    const int GrainBytes = 65536;
    const int DamagedGrain = 3;

    [Theory]
    [InlineData(StreamDamage.WrongLba, 0, "lba", "sector 512", "sector 384")]
    [InlineData(StreamDamage.DeflateGarbage, 12, "data", "damaged", "65536 bytes")]
    [InlineData(StreamDamage.BadChecksum, 12, "data", "damaged", "65536 bytes")]
    [InlineData(StreamDamage.ShortData, 12, "data", "32768 bytes", "65536 bytes")]
    [InlineData(StreamDamage.LongData, 12, "data", "too much", "65536 bytes")]
    [InlineData(StreamDamage.ZeroSize, 8, "size", "0 bytes", "1 to 131572 bytes")]
    [InlineData(StreamDamage.HugeSize, 8, "size", "4294967280 bytes", "1 to 131572 bytes")]
    public void ADamagedGrainIsRefusedAndTheOthersAreRead(
        StreamDamage damage, int offsetInGrain, string field, string found, string wanted)
    {
        using var folder = new TempFolder();
        GuestContent content = Content(1 << 20);
        string path = StreamImage.Write(folder.Path, "disk", content, new StreamOptions
        {
            Layout = StreamLayout.Local,
            Damage = damage,
            DamagedGrain = DamagedGrain,
        });

        VmdkException refusal = Refusal.OfReading(path, DamagedGrain * GrainBytes);

        refusal.Says(
            VmdkErrorCode.GrainInvalid, path, PlaceOf(path, DamagedGrain) + offsetInGrain, field, found, wanted);
        Assert.Contains("guest byte 196608", refusal.Message, StringComparison.Ordinal);
        using var disk = VmdkDisk.Open(path);
        byte[] bytes = new byte[DamagedGrain * GrainBytes];
        Assert.Equal(bytes.Length, disk.Read(bytes, 0));
        DiskAssert.SameBytes(content, 0, bytes);
        Assert.Equal(bytes.Length, disk.Read(bytes, (DamagedGrain + 1) * GrainBytes));
        DiskAssert.SameBytes(content, (DamagedGrain + 1) * GrainBytes, bytes);
        Assert.Throws<VmdkException>(() => disk.Read(bytes, GrainBytes));
    }

    [Theory]
    [InlineData(StreamDamage.WrongLba, "lba")]
    [InlineData(StreamDamage.DeflateGarbage, "data")]
    [InlineData(StreamDamage.ShortData, "data")]
    [InlineData(StreamDamage.ZeroSize, "size")]
    [InlineData(StreamDamage.HugeSize, "size")]
    public void ADamagedGiantGrainIsRefused(StreamDamage damage, string field)
    {
        using var folder = new TempFolder();
        string path = StreamImage.Write(folder.Path, "disk", Content(8 << 20), new StreamOptions
        {
            Layout = StreamLayout.Local,
            GrainSectors = 8192,
            Level = 1,
            Damage = damage,
            DamagedGrain = 1,
        });

        VmdkException refusal = Refusal.OfReading(path, (8 << 20) - 512);

        Assert.Equal(VmdkErrorCode.GrainInvalid, refusal.Code);
        Assert.Equal(field, refusal.Field);
        Assert.Equal(path, refusal.Path);
    }

    [Fact]
    public void AFileThatEndsInsideAGrainIsTruncated()
    {
        using var folder = new TempFolder();
        string path = StreamImage.Write(folder.Path, "disk", Content(1 << 20), new StreamOptions
        {
            Layout = StreamLayout.Local,
            Damage = StreamDamage.Truncated,
            DamagedGrain = 15,
        });

        Refusal.OfReading(path, 15 * GrainBytes).Says(
            VmdkErrorCode.Truncated, path, PlaceOf(path, 15), "size", "bytes", "bytes");
    }

    [Theory]
    [InlineData(StreamDamage.BadFooter, VmdkErrorCode.Truncated, "footer")]
    [InlineData(StreamDamage.FooterDisagrees, VmdkErrorCode.HeaderInvalid, "CapacitySectors")]
    [InlineData(StreamDamage.Truncated, VmdkErrorCode.Truncated, "footer")]
    public void AnExportWithoutItsFooterIsRefused(StreamDamage damage, VmdkErrorCode code, string field)
    {
        using var folder = new TempFolder();
        string path = StreamImage.Write(folder.Path, "disk", Content(1 << 20), new StreamOptions
        {
            Layout = StreamLayout.Export,
            Damage = damage,
            DamagedGrain = 15,
        });

        VmdkException refusal = Refusal.OfOpening(path);

        Assert.Equal(code, refusal.Code);
        Assert.Equal(field, refusal.Field);
        Assert.Equal(path, refusal.Path);
        Assert.InRange(refusal.OffsetBytes!.Value, new FileInfo(path).Length - 2048, new FileInfo(path).Length);
    }

    [Theory]
    [InlineData(4, 9u)]
    [InlineData(8, 0x0003_0003u)]
    [InlineData(20, 64u)]
    [InlineData(44, 256u)]
    [InlineData(77, 0u)]
    public void AFooterThatContradictsItsHeaderIsRefused(int field, uint value)
    {
        using var folder = new TempFolder();
        string path = StreamImage.Write(folder.Path, "disk", Content(1 << 20));
        long footer = new FileInfo(path).Length - 1024;
        Patch.WriteBytes(path, footer + field, BitConverter.GetBytes(value).AsSpan(0, field == 77 ? 2 : 4));

        VmdkException refusal = Refusal.OfOpening(path);

        Assert.Equal(VmdkErrorCode.HeaderInvalid, refusal.Code);
        Assert.Equal(footer + field, refusal.OffsetBytes);
        Assert.Contains("as the header says", refusal.Wanted, StringComparison.Ordinal);
    }

    [Fact]
    public void AFooterWhoseDirectoryIsAtTheEndAgainIsRefused()
    {
        using var folder = new TempFolder();
        string path = StreamImage.Write(folder.Path, "disk", Content(1 << 20));
        long footer = new FileInfo(path).Length - 1024;
        Patch.WriteUInt64(path, footer + 56, ulong.MaxValue);

        Refusal.OfOpening(path).Says(
            VmdkErrorCode.HeaderInvalid, path, footer + 56, "DirectoryOffsetSectors", "the end again");
    }

    [Fact]
    public void AnExportReadsAsQemusPatternSampleDoes()
    {
        const int Step = (640 * 1024) + 512;
        using var folder = new TempFolder();
        var content = new GuestContent(128 << 20);
        for (int i = 0; i < 100; i++)
        {
            byte[] sector = new byte[512];
            sector.AsSpan().Fill((byte)('0' + (i % 10)));
            content.Write((long)i * Step, sector);
        }

        string path = StreamImage.Write(folder.Path, "disk", content);
        using var disk = VmdkDisk.Open(path);
        byte[] read = new byte[512];
        for (int i = 0; i < 100; i++)
        {
            Assert.Equal(512, disk.Read(read, (long)i * Step));
            Assert.False(read.AsSpan().ContainsAnyExcept((byte)('0' + (i % 10))));
        }

        Assert.True(QemuImg.Compare(path, SparseImage.Write(folder.Path, "again", content)));
    }

    static GuestContent Content(int lengthBytes) =>
        new GuestContent(lengthBytes).Fill(0, lengthBytes, ContentPattern.Text, 1);

    static long PlaceOf(string path, int grain)
    {
        long directory = (long)HostedHeader.Read(path).DirectorySector * 512;
        long table = Patch.ReadUInt32(path, directory) * 512L;
        return Patch.ReadUInt32(path, table + (grain * 4)) * 512L;
    }
}
