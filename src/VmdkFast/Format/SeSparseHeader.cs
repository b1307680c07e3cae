using VmdkFast.Layout;

namespace VmdkFast.Format;

/// <summary>First sector of an ESX space-efficient sparse extent, of type <c>SESPARSE</c>; it never changes.</summary>
/// <remarks>VMware has published nothing: names and rules are what QEMU, XO and vmdk-forensic agree on.</remarks>
[OnDisk(512, Meaning = "Constant header of an ESX space-efficient sparse extent.")]
readonly ref partial struct SeSparseHeader
{
    /// <summary>Value of <see cref="Magic"/>.</summary>
    public const ulong MagicValue = 0x0000_0000_CAFE_BABE;

    /// <summary>Value of <see cref="Version"/>: 2.1, a half of the field for each number.</summary>
    public const ulong VersionValue = 0x0000_0002_0000_0001;

    /// <summary>Value of <see cref="GrainSizeSectors"/>: 4 KiB.</summary>
    public const int GrainSectors = 8;

    /// <summary>Value of <see cref="TableSizeSectors"/>: 4,096 entries of 64 bits.</summary>
    public const int TableSectors = 64;

    [Field(0, Unit = FieldUnit.Signature, Meaning = "The bytes BE BA FE CA and four of zero.")]
    public partial ulong Magic { get; }

    [Field(8, Unit = FieldUnit.Flags, Meaning = "Version of the format, major in the high half; 2.1.")]
    public partial ulong Version { get; }

    [Field(16, Unit = FieldUnit.Sectors, Meaning = "Capacity of the extent.")]
    public partial ulong CapacitySectors { get; }

    [Field(24, Unit = FieldUnit.Sectors, Meaning = "Size of a grain; 8.")]
    public partial ulong GrainSizeSectors { get; }

    [Field(32, Unit = FieldUnit.Sectors, Meaning = "Size of a grain table; 64, which is 4096 entries.")]
    public partial ulong TableSizeSectors { get; }

    [Field(40, Unit = FieldUnit.Flags, Meaning = "Always 0.")]
    public partial ulong Flags { get; }

    [Field(48, LengthBytes = 32, Meaning = "Zeros; anything else is not understood.")]
    public partial ReadOnlySpan<byte> ReservedBytes { get; }

    [Field(80, Unit = FieldUnit.Sectors, Meaning = "Where the volatile header is.")]
    public partial ulong VolatileHeaderOffsetSectors { get; }

    [Field(88, Unit = FieldUnit.Sectors, Meaning = "Room of the volatile header.")]
    public partial ulong VolatileHeaderSizeSectors { get; }

    [Field(96, Unit = FieldUnit.Sectors, Meaning = "Where the journal's header is.")]
    public partial ulong JournalHeaderOffsetSectors { get; }

    [Field(104, Unit = FieldUnit.Sectors, Meaning = "Room of the journal's header.")]
    public partial ulong JournalHeaderSizeSectors { get; }

    [Field(112, Unit = FieldUnit.Sectors, Meaning = "Where the journal is; its records are not publicly known.")]
    public partial ulong JournalOffsetSectors { get; }

    [Field(120, Unit = FieldUnit.Sectors, Meaning = "Room of the journal.")]
    public partial ulong JournalSizeSectors { get; }

    [Field(128, Unit = FieldUnit.Sectors, Meaning = "Where the grain directory is.")]
    public partial ulong DirectoryOffsetSectors { get; }

    [Field(136, Unit = FieldUnit.Sectors, Meaning = "Room of the grain directory; 64 entries in a sector.")]
    public partial ulong DirectorySizeSectors { get; }

    [Field(144, Unit = FieldUnit.Sectors, Meaning = "Where the grain tables are, in the order of their making.")]
    public partial ulong TablesOffsetSectors { get; }

    [Field(152, Unit = FieldUnit.Sectors, Meaning = "Room of the grain tables.")]
    public partial ulong TablesSizeSectors { get; }

    [Field(160, Unit = FieldUnit.Sectors, Meaning = "Where the bitmap of free grains is.")]
    public partial ulong FreeBitmapOffsetSectors { get; }

    [Field(168, Unit = FieldUnit.Sectors, Meaning = "Room of the bitmap of free grains.")]
    public partial ulong FreeBitmapSizeSectors { get; }

    [Field(176, Unit = FieldUnit.Sectors, Meaning = "Where the map from grains back to the guest's disk is.")]
    public partial ulong BackMapOffsetSectors { get; }

    [Field(184, Unit = FieldUnit.Sectors, Meaning = "Room of the map back.")]
    public partial ulong BackMapSizeSectors { get; }

    [Field(192, Unit = FieldUnit.Sectors, Meaning = "Where the grains are.")]
    public partial ulong GrainsOffsetSectors { get; }

    [Field(200, Unit = FieldUnit.Sectors, Meaning = "Room of the grains; the file may end before it does.")]
    public partial ulong GrainsSizeSectors { get; }

    [Field(208, LengthBytes = 304, Meaning = "Zeros; anything else is not understood.")]
    public partial ReadOnlySpan<byte> PaddingBytes { get; }
}
