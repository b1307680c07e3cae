namespace VmdkFast.Streaming;

/// <summary>A compressed grain of a piece.</summary>
/// <param name="OffsetInPiece">Where its bytes go.</param>
/// <param name="StoredStart">Where its compressed data begins in the piece's room for it.</param>
/// <param name="StoredBytes">Length of the compressed data.</param>
/// <param name="StreamOffsetBytes">Where its marker was in the stream, for messages.</param>
readonly record struct PieceGrain(int OffsetInPiece, int StoredStart, int StoredBytes, long StreamOffsetBytes);

/// <summary>The compressed grains of a piece whose source cannot be read again.</summary>
/// <remarks>The room grows to what the largest piece needed, and is used again.</remarks>
sealed class PieceGrains
{
    readonly List<PieceGrain> _grains = [];
    byte[] _stored = [];
    int _usedBytes;

    internal List<PieceGrain> Grains => _grains;

    internal void Clear()
    {
        _grains.Clear();
        _usedBytes = 0;
    }

    /// <summary>Makes room for a grain's compressed data, which the caller fills in.</summary>
    internal Span<byte> Add(int offsetInPiece, int storedBytes, long streamOffsetBytes)
    {
        int needed = checked(_usedBytes + storedBytes);
        if (needed > _stored.Length)
        {
            byte[] larger = GC.AllocateUninitializedArray<byte>((int)Math.Min(
                Array.MaxLength, (long)System.Numerics.BitOperations.RoundUpToPowerOf2((uint)needed)));
            _stored.AsSpan(0, _usedBytes).CopyTo(larger);
            _stored = larger;
        }

        _grains.Add(new PieceGrain(offsetInPiece, _usedBytes, storedBytes, streamOffsetBytes));
        Span<byte> room = _stored.AsSpan(_usedBytes, storedBytes);
        _usedBytes = needed;
        return room;
    }

    internal ReadOnlySpan<byte> Stored(in PieceGrain grain) => _stored.AsSpan(grain.StoredStart, grain.StoredBytes);
}
