using System.Buffers.Binary;
using VmdkFast.Compression;
using VmdkFast.Format;

namespace VmdkFast.Writing;

/// <summary>One compressed grain as it is stored: marker or length, zlib data, zeros up to a whole sector.</summary>
static class GrainPacking
{
    /// <summary>Room for the stored form.</summary>
    /// <remarks>
    /// Marker and data of grains up to 4 MiB stay within a grain and one sector, which is what VMware's readers have
    /// room for; larger ones, which they do not read at all, need more when their bytes do not become fewer.
    /// </remarks>
    internal static int MaxStoredBytes(int grainBytes) =>
        (int)Sector.CountFor(GrainMarker.SizeBytes + StoredForm.LengthBytes(grainBytes)) << Sector.Shift;

    /// <summary>Packs a grain.</summary>
    /// <param name="codec">Deflates.</param>
    /// <param name="compression">How much work goes into it.</param>
    /// <param name="grain">The whole grain: the last one of an extent too is stored in its full size.</param>
    /// <param name="lbaSectors">
    /// Where it belongs in the extent, for its marker; null in a file without markers, which has only the length there.
    /// </param>
    /// <param name="stored">Room of <see cref="MaxStoredBytes"/>.</param>
    /// <returns>Sectors that were filled.</returns>
    internal static int Pack(
        GrainCodec codec, VmdkCompression compression, ReadOnlySpan<byte> grain, ulong? lbaSectors, Span<byte> stored)
    {
        int prefixBytes = lbaSectors is null ? sizeof(uint) : GrainMarker.SizeBytes;
        int dataBytes = codec.DeflateWithin(grain, stored[prefixBytes..], compression);
        if (lbaSectors is { } lba)
        {
            GrainMarker.Writer marker = GrainMarker.CreateWriter(stored);
            marker.LbaSectors = lba;
            marker.DataBytes = (uint)dataBytes;
        }
        else
        {
            BinaryPrimitives.WriteUInt32LittleEndian(stored, (uint)dataBytes);
        }

        int usedBytes = prefixBytes + dataBytes;
        int sectors = (int)Sector.CountFor(usedBytes);
        stored[usedBytes..(sectors << Sector.Shift)].Clear();
        return sectors;
    }
}
