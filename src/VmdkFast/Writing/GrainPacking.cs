using VmdkFast.Compression;
using VmdkFast.Format;

namespace VmdkFast.Writing;

/// <summary>One compressed grain as it is stored: marker, zlib data, zeros up to a whole sector.</summary>
static class GrainPacking
{
    // zlib's header and checksum, and what a stored block adds to each 65,535 bytes.
    const int WrapperBytes = 6, BlockBytes = 5, MaxBlockBytes = 65_535;

    /// <summary>
    /// Room for the stored form. Marker and data of grains up to 4 MiB stay within a grain and one sector, which is what
    /// VMware's readers have room for; larger ones need more for what cannot be compressed.
    /// </summary>
    internal static int MaxStoredBytes(int grainBytes)
    {
        int blocks = ((grainBytes - 1) / MaxBlockBytes) + 1;
        int longestBytes = GrainMarker.SizeBytes + WrapperBytes + grainBytes + (blocks * BlockBytes);
        return (longestBytes + Sector.Bytes - 1) & -Sector.Bytes;
    }

    /// <summary>Packs a grain.</summary>
    /// <param name="codec">Deflates.</param>
    /// <param name="level">How hard the codec tries.</param>
    /// <param name="grain">The whole grain: the last one of an extent too is stored in its full size.</param>
    /// <param name="lbaSectors">Where it belongs in the extent.</param>
    /// <param name="stored">Room of <see cref="MaxStoredBytes"/>.</param>
    /// <returns>Sectors that were filled.</returns>
    internal static int Pack(GrainCodec codec, int level, ReadOnlySpan<byte> grain, ulong lbaSectors, Span<byte> stored)
    {
        Span<byte> data = stored[GrainMarker.SizeBytes..MaxStoredBytes(grain.Length)];
        int dataBytes = codec.Deflate(grain, data, level);
        if (dataBytes < 0)
        {
            dataBytes = codec.Deflate(grain, data, GrainCodec.StoredLevel);
        }

        if (dataBytes < 0)
        {
            throw new InvalidOperationException("A stored grain does not fit into a grain and one sector.");
        }

        GrainMarker.Writer marker = GrainMarker.CreateWriter(stored);
        marker.LbaSectors = lbaSectors;
        marker.DataBytes = (uint)dataBytes;
        int usedBytes = GrainMarker.SizeBytes + dataBytes;
        int sectors = (int)Sector.CountFor(usedBytes);
        stored[usedBytes..(sectors << Sector.Shift)].Clear();
        return sectors;
    }
}
