using VmdkFast.Compression;
using VmdkFast.Writing;

namespace VmdkFast.Streaming;

/// <summary>A piece and the stored forms of its grains, one behind the other; grains of zeros have none.</summary>
/// <param name="cut">The cut of the pieces; its unit is the grain.</param>
sealed class PackedPiece(PieceCut cut) : DiskPiece(cut.MaxBytes)
{
    readonly byte[] _stored = GC.AllocateUninitializedArray<byte>(StoredBytesAtMost(cut), pinned: true);
    readonly StoredSize[] _grains = new StoredSize[cut.MaxBytes / cut.UnitBytes];
    int _grainCount;
    int _storedBytes;

    /// <summary>A grain that is stored.</summary>
    /// <param name="GrainIndex">Its number on the disk.</param>
    /// <param name="Sectors">Sectors of its stored form.</param>
    internal readonly record struct StoredSize(long GrainIndex, int Sectors);

    /// <summary>The grains that are stored, ascending.</summary>
    internal ReadOnlySpan<StoredSize> Grains => _grains.AsSpan(0, _grainCount);

    /// <summary>Their stored forms.</summary>
    internal ReadOnlySpan<byte> Stored => _stored.AsSpan(0, _storedBytes);

    /// <summary>Room for the stored forms of all grains.</summary>
    internal static int StoredBytesAtMost(PieceCut cut) =>
        cut.MaxBytes / cut.UnitBytes * GrainPacking.MaxStoredBytes(cut.UnitBytes);

    /// <summary>Deflates the piece's grains.</summary>
    internal void Pack(GrainCodec codec, VmdkCompression compression)
    {
        _grainCount = 0;
        _storedBytes = 0;
        int grainBytes = cut.UnitBytes;
        ReadOnlySpan<byte> bytes = WholeUnits(grainBytes);
        for (int start = 0; start < bytes.Length; start += grainBytes)
        {
            ReadOnlySpan<byte> grain = bytes.Slice(start, grainBytes);
            if (!grain.ContainsAnyExcept((byte)0))
            {
                continue;
            }

            long offsetBytes = OffsetBytes + start;
            int sectors = GrainPacking.Pack(
                codec, compression, grain, (ulong)offsetBytes >> Sector.Shift, _stored.AsSpan(_storedBytes));
            _grains[_grainCount++] = new StoredSize(offsetBytes / grainBytes, sectors);
            _storedBytes += sectors << Sector.Shift;
        }
    }
}
