using System.Buffers.Binary;
using System.IO.Compression;
using VmdkFast.Tests.Support;
using Xunit;

namespace VmdkFast.Tests.SupportTests;

public sealed class StreamImageTests
{
    const long MiB = 1 << 20;

    [Theory]
    [InlineData(StreamLayout.Export, 3u, 128, 1)]
    [InlineData(StreamLayout.Export, 1u, 16, 6)]
    [InlineData(StreamLayout.Export, 3u, 128, 0)]
    [InlineData(StreamLayout.Local, 3u, 128, 6)]
    [InlineData(StreamLayout.Local, 2u, 32, 9)]
    [InlineData(StreamLayout.Local, 3u, 64, 0)]
    [InlineData(StreamLayout.Qemu, 3u, 128, 6)]
    [InlineData(StreamLayout.Qemu, 1u, 8, 1)]
    [InlineData(StreamLayout.Qemu, 3u, 256, 0)]
    public void QemuReadsEveryLayout(StreamLayout layout, uint version, int grainSectors, int level)
    {
        using var folder = new TempFolder();
        GuestContent content = GuestContent.Scattered((40 * MiB) + (200 * 512), 60 + level);
        foreach (bool shortLastGrain in new[] { false, true })
        {
            string path = StreamImage.Write(folder.Path, $"disk-{shortLastGrain}", content, new StreamOptions
            {
                Layout = layout,
                Version = version,
                GrainSectors = grainSectors,
                Level = level,
                ShortLastGrain = shortLastGrain,
                ProgressEvery = layout == StreamLayout.Export ? 3 : 0,
            });
            Assert.Equal(0, new FileInfo(path).Length % 512);
            Judge.QemuReads(path, content);
        }
    }

    [Fact]
    public void AnExportEndsAsVMwareEndsIt()
    {
        using var folder = new TempFolder();
        GuestContent content = new GuestContent(100 * MiB)
            .Fill(0, 512, ContentPattern.Stamp)
            .Fill(70 * MiB, 512, ContentPattern.Stamp);
        string path = StreamImage.Write(folder.Path, "disk", content);
        var header = HostedHeader.Read(path);
        Assert.Equal(HostedHeader.DirectoryAtEnd, header.DirectorySector);
        Assert.Equal(0x30001u, header.Flags);
        Assert.Equal(1ul, header.DescriptorSectors);
        long end = new FileInfo(path).Length;
        var footer = HostedHeader.Read(path, end - 1024);
        Assert.Equal(header with { DirectorySector = footer.DirectorySector }, footer);
        Assert.Equal(StreamFile.FooterMarker, Patch.ReadUInt32(path, end - 1536 + 12));
        Assert.Equal(new byte[512], Patch.ReadBytes(path, end - 512, 512));
        long directory = (long)footer.DirectorySector * 512;
        Assert.Equal(StreamFile.DirectoryMarker, Patch.ReadUInt32(path, directory - 512 + 12));
        Assert.Equal(0u, Patch.ReadUInt32(path, directory + 4));
        Assert.NotEqual(0u, Patch.ReadUInt32(path, directory + 8));
        Judge.QemuReads(path, content);
    }

    [Fact]
    public void TheDirectoryMayBeInTheHeaderToo()
    {
        using var folder = new TempFolder();
        GuestContent content = GuestContent.Scattered(3 * MiB, 61);
        var options = new StreamOptions { DirectoryInHeaderToo = true };
        string path = StreamImage.Write(folder.Path, "disk", content, options);
        Assert.Equal(HostedHeader.Read(path, new FileInfo(path).Length - 1024), HostedHeader.Read(path));
        Judge.QemuReads(path, content);
    }

    [Fact]
    public void SmallStoredBlocksMakeDataMuchLargerThanTheGrain()
    {
        using var folder = new TempFolder();
        GuestContent content = new GuestContent(MiB).Fill(0, MiB, ContentPattern.Random);
        string path = StreamImage.Write(
            folder.Path, "disk", content, new StreamOptions { Level = 0, StoredBlockBytes = 100 });
        uint size = Patch.ReadUInt32(path, (128 * 512) + 8);
        Assert.Equal(2u + 65536 + (5 * 656) + 4, size);
        Judge.QemuReads(path, content);
    }

    [Fact]
    public void ZeroGrainsAreEntriesOfOne()
    {
        using var folder = new TempFolder();
        GuestContent content = new GuestContent(MiB).Fill(65536, 65536, ContentPattern.Text);
        string path = StreamImage.Write(folder.Path, "disk", content, new StreamOptions
        {
            Layout = StreamLayout.Local,
            ZeroRanges = [new GuestRange(0, 65536)],
        });
        Assert.Equal(1u, Patch.ReadUInt32(path, 22 * 512));
        Judge.QemuReads(path, content);
    }

    [Theory]
    [InlineData(StreamLayout.Local)]
    [InlineData(StreamLayout.Qemu)]
    public void WithoutMarkersASizeStandsBeforeTheData(StreamLayout layout)
    {
        using var folder = new TempFolder();
        GuestContent content = GuestContent.Scattered(3 * MiB, 62);
        string path = StreamImage.Write(
            folder.Path, "disk", content, new StreamOptions { Layout = layout, Markers = false });
        var header = HostedHeader.Read(path);
        Assert.Equal(0u, header.Flags & HostedHeader.MarkersFlag);
        uint table = Patch.ReadUInt32(path, (long)header.DirectorySector * 512);
        byte[] grain = new byte[65536];
        int found = 0;
        for (int i = 0; i < content.LengthBytes / grain.Length; i++)
        {
            long offset = Patch.ReadUInt32(path, (table * 512L) + (4 * i)) * 512L;
            Array.Clear(grain);
            if (offset != 0)
            {
                uint size = Patch.ReadUInt32(path, offset);
                using var zlib = new ZLibStream(
                    new MemoryStream(Patch.ReadBytes(path, offset + 4, (int)size)), CompressionMode.Decompress);
                zlib.ReadExactly(grain);
                Assert.Equal(-1, zlib.ReadByte());
                found++;
            }

            Assert.Equal(-1, content.FirstDifference(i * (long)grain.Length, grain));
        }

        Assert.True(found > 0);
    }

    [Theory]
    [InlineData(StreamDamage.DeflateGarbage)]
    [InlineData(StreamDamage.ShortData)]
    [InlineData(StreamDamage.ZeroSize)]
    [InlineData(StreamDamage.HugeSize)]
    [InlineData(StreamDamage.Truncated)]
    [InlineData(StreamDamage.BadFooter)]
    public void QemuStumblesOverDamage(StreamDamage damage)
    {
        using var folder = new TempFolder();
        GuestContent content = new GuestContent(MiB).Fill(0, MiB, ContentPattern.Mixed);
        string path = StreamImage.Write(
            folder.Path, "disk", content, new StreamOptions { Damage = damage, DamagedGrain = 15 });
        PeerResult result = QemuImg.Run("convert", "-f", "vmdk", "-O", "raw", path, folder["disk.raw"]);
        Assert.NotEqual(0, result.ExitCode);
    }

    [Fact]
    public void DamageThatQemuDoesNotSeeIsInTheFile()
    {
        using var folder = new TempFolder();
        GuestContent content = new GuestContent(MiB).Fill(0, MiB, ContentPattern.Text);
        string good = Write(StreamDamage.None, "good");
        string wrongLba = Write(StreamDamage.WrongLba, "lba");
        string checksum = Write(StreamDamage.BadChecksum, "checksum");
        string longData = Write(StreamDamage.LongData, "long");
        string footer = Write(StreamDamage.FooterDisagrees, "footer");
        const int First = 128 * 512;
        byte[] marker = Patch.ReadBytes(good, First, 12);
        int size = BinaryPrimitives.ReadInt32LittleEndian(marker.AsSpan(8));
        Assert.Equal(0ul, Patch.ReadUInt64(good, First));
        Assert.Equal(128ul, Patch.ReadUInt64(wrongLba, First));
        Assert.Equal(
            Patch.ReadBytes(good, First, 12 + size - 1), Patch.ReadBytes(checksum, First, 12 + size - 1));
        Assert.NotEqual(
            Patch.ReadBytes(good, First, 12 + size)[^1], Patch.ReadBytes(checksum, First, 12 + size)[^1]);
        Assert.True(Patch.ReadUInt32(longData, First + 8) > size);
        Assert.Equal(4096ul, HostedHeader.Read(footer, new FileInfo(footer).Length - 1024).CapacitySectors);

        string Write(StreamDamage damage, string name) =>
            StreamImage.Write(folder.Path, name, content, new StreamOptions { Damage = damage });
    }
}
