using VmdkFast.Compression;
using VmdkFast.Storage;

namespace VmdkFast.Streaming;

/// <summary>A streamOptimized image that comes in order as a source of pieces: by its markers, once, forward.</summary>
/// <remarks>
/// Taking a piece reads the compressed bytes of its grains; many threads inflate them. A target that takes any order
/// gets grains as they come, and what never came as zeros at the end; any other target needs grains that ascend.
/// </remarks>
sealed class StreamSource : PieceSource
{
    readonly MarkerReader _markers;
    readonly GrainCodec _codec;
    readonly PieceCut _cut;
    readonly int _grainBytes;
    readonly bool _anyOrder;
    readonly string _path;
    IEnumerator<ByteRange>? _gaps;
    long _offsetBytes;
    byte[]? _large;
    long _largeOffsetBytes;
    long _largeEndBytes;

    /// <param name="incoming">Read up to its first marker.</param>
    /// <param name="codec">Inflates.</param>
    /// <param name="cut">The pieces that are wanted.</param>
    /// <param name="inOrder">Whether pieces must ascend.</param>
    internal StreamSource(IncomingStream incoming, GrainCodec codec, PieceCut cut, bool inOrder)
    {
        _codec = codec;
        _cut = cut;
        _path = incoming.Input.Path;
        _grainBytes = (int)incoming.Shape.GrainBytes;
        LengthBytes = incoming.Shape.CapacityBytes;

        // A piece of several grains that need not come one after the other could be begun twice.
        _anyOrder = !inOrder && cut.UnitBytes <= _grainBytes;
        _markers = new MarkerReader(incoming);
    }

    internal override long LengthBytes { get; }

    /// <summary>Receives what does not inflate, which then counts as zeros; null ends the work there.</summary>
    internal UnreadableRanges? Unreadable { get; init; }

    internal override bool TryTake(DiskPiece piece)
    {
        if (_largeOffsetBytes < _largeEndBytes)
        {
            TakeOfLarge(piece);
            return true;
        }

        if (!_markers.HasGrain && !_markers.MoveNext())
        {
            return TryTakeRest(piece);
        }

        long grainOffset = _markers.GrainOffsetBytes;
        if (!_anyOrder)
        {
            if (grainOffset < _offsetBytes)
            {
                throw _markers.NotAscending(_offsetBytes);
            }

            long start = grainOffset & -(long)_cut.UnitBytes;
            if (start > _offsetBytes)
            {
                TakeZeros(piece, new ByteRange(_offsetBytes, start));
                return true;
            }
        }

        if (_grainBytes > _cut.MaxBytes)
        {
            BeginLarge(grainOffset);
            TakeOfLarge(piece);
        }
        else
        {
            TakeGrains(piece, grainOffset);
        }

        return true;
    }

    internal override void Read(DiskPiece piece)
    {
        if (piece.IsFilled)
        {
            return;
        }

        int filled = 0;
        foreach (PieceGrain grain in piece.Incoming.Grains)
        {
            piece.Room(filled, grain.OffsetInPiece - filled).Clear();
            Inflate(
                piece.Incoming.Stored(grain), piece.Room(grain.OffsetInPiece, _grainBytes),
                piece.OffsetBytes + grain.OffsetInPiece, grain.StreamOffsetBytes);
            filled = grain.OffsetInPiece + _grainBytes;
        }

        if (filled < piece.LengthBytes)
        {
            piece.Room(filled, (int)piece.LengthBytes - filled).Clear();
        }
    }

    void TakeGrains(DiskPiece piece, long grainOffset)
    {
        long unit = _cut.UnitBytes;
        long start = grainOffset & -unit;
        long windowEnd = (grainOffset & -(long)_cut.MaxBytes) + _cut.MaxBytes;
        long end = start;
        piece.BeginData(start);
        do
        {
            grainOffset = _markers.GrainOffsetBytes;
            _markers.TakeGrain(piece.Incoming, (int)(grainOffset - start));
            end = grainOffset + _grainBytes;
        }
        while (_markers.MoveNext() && _markers.GrainOffsetBytes >= end && _markers.GrainOffsetBytes < windowEnd
            && (_markers.GrainOffsetBytes & -unit) <= ((end + unit - 1) & -unit));

        _offsetBytes = Math.Min((end + unit - 1) & -unit, LengthBytes);
        piece.SetLength(_offsetBytes - start);
    }

    // A grain that is longer than a piece is inflated here, once, by one thread, and copied out piece by piece.
    void BeginLarge(long grainOffset)
    {
        _large ??= GC.AllocateUninitializedArray<byte>(_grainBytes);
        var stored = new PieceGrains();
        _markers.TakeGrain(stored, 0);
        PieceGrain grain = stored.Grains[0];
        Inflate(stored.Stored(grain), _large, grainOffset, grain.StreamOffsetBytes);
        _largeOffsetBytes = grainOffset;
        _largeEndBytes = Math.Min(grainOffset + _grainBytes, LengthBytes);
    }

    void TakeOfLarge(DiskPiece piece)
    {
        int length = (int)Math.Min(_cut.MaxBytes, _largeEndBytes - _largeOffsetBytes);
        piece.BeginData(_largeOffsetBytes);
        piece.SetLength(length);
        piece.IsFilled = true;
        _large.AsSpan((int)(_largeOffsetBytes & (_grainBytes - 1)), length).CopyTo(piece.Bytes);
        _largeOffsetBytes += length;
        _offsetBytes = _largeOffsetBytes;
    }

    bool TryTakeRest(DiskPiece piece)
    {
        if (!_anyOrder)
        {
            if (_offsetBytes == LengthBytes)
            {
                return false;
            }

            TakeZeros(piece, new ByteRange(_offsetBytes, LengthBytes));
            return true;
        }

        _gaps ??= _markers.Seen.Gaps().GetEnumerator();
        if (!_gaps.MoveNext())
        {
            return false;
        }

        TakeZeros(piece, _gaps.Current);
        return true;
    }

    void TakeZeros(DiskPiece piece, ByteRange range)
    {
        piece.SetZero(range.StartBytes, range.EndBytes - range.StartBytes);
        _offsetBytes = range.EndBytes;
    }

    void Inflate(ReadOnlySpan<byte> stored, Span<byte> grain, long offsetBytes, long streamOffsetBytes)
    {
        Telemetry.Inflations.Add(1);
        int produced = _codec.Inflate(stored, grain);
        long neededBytes = Math.Min(_grainBytes, LengthBytes - offsetBytes);
        if (produced >= neededBytes)
        {
            grain[produced..].Clear();
            return;
        }

        if (Unreadable is null)
        {
            throw new VmdkException(
                VmdkErrorCode.GrainInvalid, _path, $"a compressed grain does not inflate (disk byte {offsetBytes})",
                streamOffsetBytes, "data", produced < 0 ? "damaged data, or too much of it" : $"{produced} bytes",
                $"{neededBytes} bytes");
        }

        grain.Clear();
        Unreadable.Add(offsetBytes, neededBytes);
    }
}
