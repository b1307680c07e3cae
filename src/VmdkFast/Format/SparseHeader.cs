using VmdkFast.Layout;

namespace VmdkFast.Format;

/// <summary>First sector of a hosted sparse extent, and its footer in a stream.</summary>
/// <remarks>Source: "Virtual Disk Format 5.0", VMware technical note, 2011. Most fields are not aligned.</remarks>
[OnDisk(512, Meaning = "Header and footer of a hosted sparse extent.")]
[Reserved(79, 433)]
readonly ref partial struct SparseHeader
{
    /// <summary>Value of <see cref="Magic"/>: the bytes <c>KDMV</c>.</summary>
    public const uint MagicValue = 0x564D_444B;

    /// <summary>Value of <see cref="DirectoryOffsetSectors"/> that sends the reader to the footer.</summary>
    public const ulong DirectoryAtEnd = ulong.MaxValue;

    /// <summary>
    /// Value of <see cref="NewlineTest"/>: the bytes <c>0A 20 0D 0A</c>, which a transfer in text mode changes.
    /// </summary>
    public const uint NewlineTestValue = 0x0A0D_200A;

    [Field(0, Unit = FieldUnit.Signature, Meaning = "The bytes KDMV.")]
    public partial uint Magic { get; }

    [Field(4, Meaning = "1; 2 with zero grains; 3 in streams and with change tracking.")]
    public partial uint Version { get; }

    [Field(8, Unit = FieldUnit.Flags, Meaning = "What the extent has; unknown high bits must be refused.")]
    public partial SparseFlags Flags { get; }

    [Field(12, Unit = FieldUnit.Sectors, Meaning = "Capacity of this extent.")]
    public partial ulong CapacitySectors { get; }

    [Field(20, Unit = FieldUnit.Sectors, Meaning = "Size of a grain; a power of two, 128 by default.")]
    public partial ulong GrainSizeSectors { get; }

    [Field(28, Unit = FieldUnit.Sectors, Meaning = "Where the embedded descriptor is; 0 when there is none.")]
    public partial ulong DescriptorOffsetSectors { get; }

    [Field(36, Unit = FieldUnit.Sectors, Meaning = "Room of the embedded descriptor.")]
    public partial ulong DescriptorSizeSectors { get; }

    [Field(44, Unit = FieldUnit.Entries, Meaning = "Entries of a grain table; 512.")]
    public partial uint GrainTableEntries { get; }

    [Field(48, Unit = FieldUnit.Sectors, Meaning = "Where the redundant grain directory is; 0 when there is none.")]
    public partial ulong RedundantDirectoryOffsetSectors { get; }

    [Field(56, Unit = FieldUnit.Sectors, Meaning = "Where the grain directory is; all ones: the footer knows.")]
    public partial ulong DirectoryOffsetSectors { get; }

    [Field(64, Unit = FieldUnit.Sectors, Meaning = "Metadata before the first grain; a multiple of the grain size.")]
    public partial ulong OverheadSectors { get; }

    [Field(72, Meaning = "Not 0 while a writer has the extent open, and after it died.")]
    public partial byte UncleanShutdown { get; }

    [Field(73, Unit = FieldUnit.Signature, Meaning = "The bytes 0A 20 0D 0A, which a transfer in text mode changes.")]
    public partial uint NewlineTest { get; }

    [Field(77, Meaning = "0 for no compression, 1 for deflate in a zlib wrapper.")]
    public partial ushort CompressAlgorithm { get; }
}
