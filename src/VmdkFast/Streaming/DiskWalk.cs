using VmdkFast.Extents;
using VmdkFast.Reading;

namespace VmdkFast.Streaming;

/// <summary>
/// Cuts a disk into pieces, in order: stored bytes up to <see cref="DiskPiece.MaxBytes"/>, and zeros as long as they last.
/// </summary>
/// <remarks>Not thread-safe; the pipeline takes pieces one at a time.</remarks>
sealed class DiskWalk(Layer top)
{
    readonly ChainScan _scan = new(top);
    long _offsetBytes;
    ChainRun _pending;
    bool _hasPending;

    /// <summary>Fills in the next piece; false at the end of the disk.</summary>
    internal bool TryTake(DiskPiece piece)
    {
        if (!Advance())
        {
            return false;
        }

        if (IsZero(_pending.Mapping.Kind))
        {
            TakeZeros(piece);
            return true;
        }

        piece.BeginData(_offsetBytes);
        long left = DiskPiece.MaxBytes - (_offsetBytes & (DiskPiece.MaxBytes - 1));
        while (left > 0 && Advance() && !IsZero(_pending.Mapping.Kind))
        {
            Mapping part = _pending.Mapping.Clip(left);
            piece.Add(part);
            Consume(part.LengthBytes);
            left -= part.LengthBytes;
        }

        return true;
    }

    void TakeZeros(DiskPiece piece)
    {
        long start = _offsetBytes;
        while (Advance() && IsZero(_pending.Mapping.Kind))
        {
            Consume(_pending.Mapping.LengthBytes);
        }

        piece.SetZero(start, _offsetBytes - start);
    }

    bool Advance()
    {
        if (!_hasPending && _offsetBytes < top.LengthBytes)
        {
            _pending = _scan.Map(_offsetBytes, top.LengthBytes - _offsetBytes);
            _hasPending = true;
        }

        return _hasPending;
    }

    // What is left of a clipped run is mapped again from its new start: the answer is the same, and the scan has it.
    void Consume(long lengthBytes)
    {
        _offsetBytes += lengthBytes;
        _hasPending = false;
    }

    static bool IsZero(MappingKind kind) => kind is MappingKind.Zero or MappingKind.Unallocated;
}
