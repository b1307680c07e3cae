using VmdkFast.Tests.Storage;
using VmdkFast.Tests.Support;
using Xunit;

namespace VmdkFast.Tests.Safety;

/// <summary>Makes one malformed image in a folder; returns the file to open.</summary>
delegate string MalformedImageWriter(TempFolder folder);

/// <summary>The malformed images of docs/safety.md, in its order.</summary>
static class MalformedImages
{
    const long DiskBytes = 1 << 20;
    const int GrainBytes = 1 << 16;

    /// <summary>What the table calls each image, and how it is made.</summary>
    internal static IReadOnlyList<(string Name, MalformedImageWriter Write)> All { get; } =
    [
        ("an empty file", folder => Raw(folder, [])),
        ("a signature and nothing else", folder => Raw(folder, "KDMV"u8)),
        ("another program's signature", folder => Raw(folder, "QFI\u00fb and more"u8)),
        .. Headers,
        .. Tables,
        .. Streams,
        .. Cowds,
        .. Descriptors,
        .. References,
        .. Parents,
    ];

    static (string, MalformedImageWriter)[] Headers =>
    [
        ("header version 4", Header(header => header with { Version = 4 })),
        ("an unknown incompatible flag", Header(header => header with { Flags = header.Flags | (1u << 18) })),
        ("line ends changed by a text-mode transfer", folder => Patched(folder, 73, [0x0d, 0x0a, 0x20, 0x0a])),
        ("capacity 0, no descriptor", Header(header => header with { CapacitySectors = 0, DescriptorSectors = 0 })),
        ("capacity of afl9: 0x1EFFFFFFC1B00001",
            Header(header => header with { CapacitySectors = 0x1EFF_FFFF_C1B0_0001 })),
        ("capacity of 2^40 sectors in a small file", Header(header => header with { CapacitySectors = 1UL << 40 })),
        ("iotest 059: directory of 2^32 entries", Header(header => header with
        {
            CapacitySectors = header.CapacitySectors | 0xFFFF_FFFF_0000_0000, TableEntries = 1,
        })),
        ("grain of 0 sectors", Header(header => header with { GrainSectors = 0 })),
        ("grain of 24 sectors", Header(header => header with { GrainSectors = 24 })),
        ("iotest 059: grain of 2^64 - 1 sectors", Header(header => header with { GrainSectors = ulong.MaxValue })),
        ("grain of 2 GiB", Header(header => header with { GrainSectors = 1 << 22 })),
        ("0 entries in a table", Header(header => header with { TableEntries = 0 })),
        ("iotest 059: 2^32 - 1 entries in a table", Header(header => header with { TableEntries = uint.MaxValue })),
        ("overhead beyond the file", Header(header => header with { OverheadSectors = 1 << 24 })),
        ("directory beyond the file", Header(header => header with { DirectorySector = 1 << 24 })),
        ("directory in the header", Header(header => header with { DirectorySector = 0 })),
        ("descriptor beyond the file", Header(header => header with { DescriptorSector = 1 << 24 })),
        ("descriptor of 2^55 sectors", Header(header => header with { DescriptorSectors = 1UL << 55 })),
        ("compression algorithm 2", Header(header => header with { CompressAlgorithm = 2 })),
        ("iotest 059: cut below its overhead", folder =>
        {
            string path = Sparse(folder);
            Patch.SetLength(path, 20_000);
            return path;
        }),
    ];

    static (string, MalformedImageWriter)[] Tables =>
    [
        ("a table entry beyond the file, a good copy", folder => WithEntry(folder, 1 << 24, copies: true)),
        ("a table entry beyond the file, no copy", folder => WithEntry(folder, 1 << 24)),
        ("a table entry inside the header", folder => WithEntry(folder, 1)),
        ("two table entries on one grain", folder => WithEntry(folder, null)),
        ("a directory entry beyond the file, no copy", folder =>
        {
            string path = Sparse(folder, redundant: false);
            Patch.WriteUInt32(path, (long)HostedHeader.Read(path).DirectorySector * 512, 1 << 24);
            return path;
        }),
    ];

    static (string, MalformedImageWriter)[] Streams =>
    [
        ("a grain marker of another place", Stream(StreamDamage.WrongLba)),
        ("a grain of 0 bytes", Stream(StreamDamage.ZeroSize)),
        ("a grain of 4 GiB", Stream(StreamDamage.HugeSize)),
        ("a grain that is no zlib data", Stream(StreamDamage.DeflateGarbage)),
        ("a grain with a wrong checksum", Stream(StreamDamage.BadChecksum)),
        ("a grain that inflates to half of it", Stream(StreamDamage.ShortData)),
        ("a grain that inflates to four of it", Stream(StreamDamage.LongData)),
        ("a file that ends inside a grain", Stream(StreamDamage.Truncated, StreamLayout.Local)),
        ("a stream without its footer", Stream(StreamDamage.BadFooter)),
        ("a footer that contradicts the header", Stream(StreamDamage.FooterDisagrees)),
        ("a stream that was cut off", Stream(StreamDamage.Truncated)),
    ];

    static (string, MalformedImageWriter)[] Cowds =>
    [
        ("COWD: version 2", folder => Cowd(folder, 4, 2)),
        ("COWD: grain of 0 sectors", folder => Cowd(folder, 16, 0)),
        ("COWD: capacity of 2 TiB in a small file", folder => Cowd(folder, 12, uint.MaxValue)),
        ("COWD: directory beyond the file", folder => Cowd(folder, 20, uint.MaxValue)),
    ];

    static (string, MalformedImageWriter)[] Descriptors =>
    [
        ("no createType", folder => Text(folder, new DescriptorText { CreateType = "" })),
        ("an unknown createType", folder => Text(folder, new DescriptorText { CreateType = "floppy" })),
        ("no extent", folder => Text(folder, new DescriptorText(), [])),
        ("iotest 059: VMFS with an offset", folder => Text(folder, "RW 12582912 VMFS \"dummy.vmdk\" 1")),
        ("a length that is no number", folder => Text(folder, "RW x FLAT \"beside.img\" 0")),
        ("a length of 2^63 sectors", folder => Text(folder, "RW 9223372036854775808 ZERO")),
        ("lengths whose sum overflows",
            folder => Text(folder, "RW 18014398509481983 ZERO", "RW 18014398509481983 ZERO")),
        ("a negative offset", folder => Text(folder, "RW 1 FLAT \"beside.img\" -1")),
        ("a name without its end", folder => Text(folder, "RW 1 FLAT \"beside.img 0")),
        ("a flat file that is too short", folder => Text(folder, "RW 4096 FLAT \"beside.img\" 0")),
        ("10,000 extents", folder => Text(folder, new DescriptorText(),
            [.. Enumerable.Range(0, 10_000).Select(i => $"RW 1 FLAT \"beside.img\" {i}")])),
    ];

    static (string, MalformedImageWriter)[] References =>
    [
        ("an extent `../outside.img`", folder => Text(folder, "RW 1 FLAT \"../outside.img\" 0")),
        ("an extent `/etc/passwd`", folder => Text(folder, "RW 1 FLAT \"/etc/passwd\" 0")),
        ("an extent `/dev/zero`", folder => Text(folder, "RW 1 FLAT \"/dev/zero\" 0")),
        ("an extent `/proc/self/maps`", folder => Text(folder, "RW 1 FLAT \"/proc/self/maps\" 0")),
        ("an extent that is a link out", folder => Text(folder, "RW 1 FLAT \"link.img\" 0")),
        ("an extent that is a pipe", folder => Text(folder, "RW 1 FLAT \"fifo.img\" 0")),
        ("an extent that is a folder", folder => Text(folder, "RW 1 FLAT \"folder\" 0")),
        ("an extent that is its own descriptor", folder => Text(folder, "RW 1 FLAT \"disk.vmdk\" 0")),
        ("one range of a file twice",
            folder => Text(folder, "RW 1 FLAT \"beside.img\" 0", "RW 1 FLAT \"beside.img\" 0")),
    ];

    static (string, MalformedImageWriter)[] Parents =>
    [
        ("a parent that is missing", folder => Child(folder, "gone.vmdk", 7)),
        ("a parent that is the image itself", folder => Child(folder, "disk.vmdk", 7)),
        ("a parent that is no image", folder => Child(folder, "beside.img", 7)),
        ("a parent that has changed", folder => Child(folder, "parent.vmdk", 7)),
        ("a parent `../outside.img`", folder => Child(folder, "../outside.img", 7)),
        ("a parent `/dev/zero`", folder => Child(folder, "/dev/zero", 7)),
        ("a parent that is a pipe", folder => Child(folder, "fifo.img", 7)),
        ("a parent's name of 5,000 bytes", folder => Child(folder, new string('p', 5000), 7)),
    ];

    /// <summary>What lies around the images of the references.</summary>
    static string Surroundings(TempFolder folder)
    {
        string images = folder.Subfolder("images");
        Directory.CreateDirectory(Path.Combine(images, "folder"));
        File.WriteAllBytes(folder["outside.img"], new byte[512]);
        File.WriteAllBytes(Path.Combine(images, "beside.img"), new byte[512]);
        File.CreateSymbolicLink(Path.Combine(images, "link.img"), folder["outside.img"]);
        Assert.Equal(0, TestCalls.MakeFifo(Path.Combine(images, "fifo.img"), 0x1b6));
        return images;
    }

    static string Raw(TempFolder folder, ReadOnlySpan<byte> bytes)
    {
        File.WriteAllBytes(folder["disk.vmdk"], bytes);
        return folder["disk.vmdk"];
    }

    static string Sparse(TempFolder folder, bool redundant = true) =>
        SparseImage.Write(
            folder.Path, "disk", new GuestContent(DiskBytes).Fill(0, DiskBytes, ContentPattern.Text),
            new SparseOptions { Redundant = redundant });

    static string Patched(TempFolder folder, long offset, ReadOnlySpan<byte> bytes)
    {
        string path = Sparse(folder);
        Patch.WriteBytes(path, offset, bytes);
        return path;
    }

    static MalformedImageWriter Header(Func<HostedHeader, HostedHeader> change) => folder =>
    {
        string path = Sparse(folder);
        change(HostedHeader.Read(path)).WriteTo(path);
        return path;
    };

    // Null gives the second grain's entry the first one's place.
    static string WithEntry(TempFolder folder, uint? entry, bool copies = false)
    {
        string path = Sparse(folder, copies);
        long table = Patch.ReadUInt32(path, (long)HostedHeader.Read(path).DirectorySector * 512) * 512L;
        Patch.WriteUInt32(path, table + sizeof(uint), entry ?? Patch.ReadUInt32(path, table));
        return path;
    }

    static MalformedImageWriter Stream(StreamDamage damage, StreamLayout layout = StreamLayout.Export) => folder =>
        StreamImage.Write(
            folder.Path, "disk", new GuestContent(DiskBytes).Fill(0, 4 * GrainBytes, ContentPattern.Text),
            new StreamOptions { Damage = damage, Layout = layout, DamagedGrain = 3, Level = 0 });

    static string Cowd(TempFolder folder, long offset, uint value)
    {
        string path = CowdImage.WriteBare(folder.Path, "disk", new GuestContent(DiskBytes));
        Patch.WriteUInt32(path, offset, value);
        return path;
    }

    static string Text(TempFolder folder, params string[] lines) => Text(folder, new DescriptorText(), lines);

    static string Text(TempFolder folder, DescriptorText text) =>
        Text(folder, text, ["RW 1 FLAT \"beside.img\" 0"]);

    static string Text(TempFolder folder, DescriptorText text, string[] lines)
    {
        string path = Path.Combine(Surroundings(folder), "disk.vmdk");
        text = text.CreateType == "" ? text with { CreateType = null, Verbatim = WithoutType(lines) } : text;
        File.WriteAllBytes(path, text.Completed("disk", "monolithicFlat", 1, lines, null).ToBytes());
        return path;
    }

    static string WithoutType(string[] lines) =>
        $"# Disk DescriptorFile\nversion=1\nCID=00000001\nparentCID=ffffffff\n{string.Join('\n', lines)}\n";

    static string Child(TempFolder folder, string hint, uint parentId)
    {
        string images = Surroundings(folder);
        SparseImage.Write(images, "parent", new GuestContent(DiskBytes));
        var text = new DescriptorText { ParentCid = parentId, ParentHint = hint };
        return SparseImage.Write(images, "disk", new GuestContent(DiskBytes), new SparseOptions { Descriptor = text });
    }
}
