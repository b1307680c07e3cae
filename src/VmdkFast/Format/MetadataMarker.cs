using VmdkFast.Layout;

namespace VmdkFast.Format;

/// <summary>A sector that announces the metadata in the sectors after it, in an extent with markers.</summary>
[OnDisk(512, Meaning = "Marker of metadata; what it announces starts in the next sector.")]
[Reserved(16, 496)]
readonly ref partial struct MetadataMarker
{
    [Field(0, Unit = FieldUnit.Sectors, Meaning = "Length of the metadata that follows.")]
    public partial ulong LengthSectors { get; }

    [Field(8, Unit = FieldUnit.Bytes, Meaning = "0, which tells this marker from that of a grain.")]
    public partial uint DataBytes { get; }

    [Field(12, Meaning = "0 end of stream, 1 grain table, 2 grain directory, 3 footer, 4 progress.")]
    public partial MarkerType Type { get; }
}
