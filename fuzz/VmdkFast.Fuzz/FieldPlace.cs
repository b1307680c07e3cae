using VmdkFast.Layout;

namespace VmdkFast.Fuzz;

/// <summary>Where one number of an image's metadata is.</summary>
readonly record struct FieldPlace(PlaceGroup Group, int OffsetBytes, int SizeBytes, FieldUnit Unit);

/// <summary>What kind of structure a place belongs to.</summary>
[Flags]
enum PlaceGroup
{
    Header = 1,
    Footer = 2,
    Tables = 4,
    Markers = 8,
    MetadataMarkers = 16,
}
