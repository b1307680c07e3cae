using VmdkFast.Layout;

namespace VmdkFast.Format;

/// <summary>First four sectors of an ESX host sparse extent, of type <c>VMFSSPARSE</c>.</summary>
/// <remarks>
/// Source: "Virtual Disk Format 5.0", VMware technical note, 2011. Bytes 32 to 43 are a union: in a root they hold a
/// geometry, which <see cref="CowdRootGeometry"/> reads from the start of <see cref="ParentFileName"/>.
/// </remarks>
[OnDisk(2048, Meaning = "Header of an ESX host sparse extent.")]
[Reserved(1640, 8)]
[Reserved(1652, 396)]
readonly ref partial struct CowdHeader
{
    /// <summary>Value of <see cref="Magic"/>: the bytes <c>COWD</c>.</summary>
    public const uint MagicValue = 0x4457_4F43;

    [Field(0, Unit = FieldUnit.Signature, Meaning = "The bytes COWD.")]
    public partial uint Magic { get; }

    [Field(4, Meaning = "Version of the format; 1.")]
    public partial uint Version { get; }

    [Field(8, Unit = FieldUnit.Flags, Meaning = "Always 3.")]
    public partial uint Flags { get; }

    [Field(12, Unit = FieldUnit.Sectors, Meaning = "Capacity of the base disk.")]
    public partial uint CapacitySectors { get; }

    [Field(16, Unit = FieldUnit.Sectors, Meaning = "Size of a grain; 1 by default, at most 2048.")]
    public partial uint GrainSizeSectors { get; }

    [Field(20, Unit = FieldUnit.Sectors, Meaning = "Where the grain directory is; 4.")]
    public partial uint DirectoryOffsetSectors { get; }

    [Field(24, Unit = FieldUnit.Entries, Meaning = "Entries of the grain directory; a grain table has 4096.")]
    public partial uint DirectoryEntries { get; }

    [Field(28, Unit = FieldUnit.Sectors, Meaning = "Where the next grain or grain table is appended.")]
    public partial uint FreeSector { get; }

    [Field(32, LengthBytes = 1024, Meaning = "Name of the parent; empty in recent files, geometry in a root.")]
    public partial ReadOnlySpan<byte> ParentFileName { get; }

    [Field(1056, Meaning = "Generation of the parent when this child was made.")]
    public partial uint ParentGeneration { get; }

    [Field(1060, Meaning = "Generation of this file.")]
    public partial uint Generation { get; }

    [Field(1064, LengthBytes = 60, Meaning = "Name of the disk, ended by a zero byte.")]
    public partial ReadOnlySpan<byte> Name { get; }

    [Field(1124, LengthBytes = 512, Meaning = "Description of the disk, ended by a zero byte.")]
    public partial ReadOnlySpan<byte> Description { get; }

    [Field(1636, Meaning = "Generation at the last clean close; at first 0.")]
    public partial uint SavedGeneration { get; }

    [Field(1648, Meaning = "Not 0 while a writer has the extent open, and after it died.")]
    public partial uint UncleanShutdown { get; }
}
