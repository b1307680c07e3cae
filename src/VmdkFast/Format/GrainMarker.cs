using VmdkFast.Layout;

namespace VmdkFast.Format;

/// <summary>Stands directly in front of a compressed grain in an extent with markers.</summary>
/// <remarks>
/// The data starts at byte 12 and is padded with zeros to a whole sector. Data of 0 bytes makes the sector a
/// <see cref="MetadataMarker"/>.
/// </remarks>
[OnDisk(12, Meaning = "Marker of a compressed grain; its data follows at once.")]
readonly ref partial struct GrainMarker
{
    [Field(0, Unit = FieldUnit.Sectors, Meaning = "Where the grain belongs in the extent.")]
    public partial ulong LbaSectors { get; }

    [Field(8, Unit = FieldUnit.Bytes, Meaning = "Length of the compressed data; at least 1.")]
    public partial uint DataBytes { get; }
}
