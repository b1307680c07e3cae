using System.Buffers.Binary;
using VmdkFast.Extents;
using VmdkFast.Format;
using VmdkFast.Storage;

namespace VmdkFast.Writing;

/// <summary>
/// Finds where a stream with its directory in front ends: where its end-of-stream marker is, or would be.
/// </summary>
static class StreamEnd
{
    /// <summary>The sector for the next grain.</summary>
    /// <remarks>
    /// QEMU writes no end-of-stream marker, and pads its files; a power cut may leave a grain that no table names. So
    /// the tables decide: the stream goes on behind the last grain that one of them names, or at the last sector of
    /// the file if that is an end-of-stream marker.
    /// </remarks>
    internal static long Find(SparseExtent extent)
    {
        ImageFile file = extent.File;
        long endSector = Sector.CountFor(file.LengthBytes);
        long usedSector = Math.Max(LastGrainEnd(extent), extent.Layout.FirstUsableSector);
        Span<byte> last = stackalloc byte[Sector.Bytes];
        bool isMarker = usedSector < endSector && file.Read(last, (endSector - 1) << Sector.Shift) == last.Length
            && !last.ContainsAnyExcept((byte)0);
        return isMarker ? endSector - 1 : endSector;
    }

    static long LastGrainEnd(SparseExtent extent)
    {
        long last = 0;
        ExtentScan scan = extent.Scan();
        for (long offset = 0; offset < extent.LengthBytes;)
        {
            Mapping mapping = scan.Map(offset, extent.LengthBytes - offset);
            if (mapping.Kind == MappingKind.Compressed)
            {
                last = Math.Max(last, mapping.FileOffsetBytes);
            }

            offset += mapping.LengthBytes;
        }

        if (last == 0)
        {
            return 0;
        }

        // Both prefixes end with the length of the data.
        Span<byte> prefix = stackalloc byte[GrainMarker.SizeBytes];
        prefix = prefix[..extent.Layout.Compressed!.PrefixBytes];
        int read = extent.File.Read(prefix, last);
        return read < prefix.Length
            ? Sector.CountFor(extent.File.LengthBytes)
            : Sector.CountFor(
                last + prefix.Length + BinaryPrimitives.ReadUInt32LittleEndian(prefix[^sizeof(uint)..]));
    }
}
