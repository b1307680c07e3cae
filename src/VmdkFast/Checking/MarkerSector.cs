using VmdkFast.Format;

namespace VmdkFast.Checking;

/// <summary>A marker of metadata as it stands in a stream.</summary>
static class MarkerSector
{
    /// <summary>Its sector.</summary>
    /// <param name="type">What follows.</param>
    /// <param name="lengthSectors">How long that is.</param>
    internal static byte[] Of(MarkerType type, long lengthSectors)
    {
        var bytes = new byte[MetadataMarker.SizeBytes];
        MetadataMarker.Writer marker = MetadataMarker.CreateWriter(bytes);
        marker.LengthSectors = (ulong)lengthSectors;
        marker.Type = type;
        return bytes;
    }
}
