using VmdkFast.Extents;
using VmdkFast.Reading;

namespace VmdkFast.Streaming;

/// <summary>
/// Cuts a disk into pieces, in order: stored bytes up to the longest piece, and zeros as long as they last.
/// </summary>
/// <remarks>Not thread-safe; the pipeline takes pieces one at a time.</remarks>
sealed class DiskWalk(Layer top, PieceCut cut)
{
    const int LostStepBytes = 4096;

    readonly ChainScan _scan = new(top);
    long _offsetBytes;
    Mapping _pending;
    bool _hasPending;
    UnreadableRanges? _unreadable;
    long _lostUntilBytes;

    /// <summary>Fills in the next piece; false at the end of the disk.</summary>
    /// <param name="piece">The piece.</param>
    /// <param name="unreadable">Receives what no table can be read for, which then is zeros; null to throw.</param>
    internal bool TryTake(DiskPiece piece, UnreadableRanges? unreadable)
    {
        _unreadable = unreadable;
        if (!Advance())
        {
            return false;
        }

        piece.BeginData(_offsetBytes);
        if (IsZero(_pending.Kind) && TakeZeros(piece))
        {
            return true;
        }

        long left = cut.MaxBytes - (_offsetBytes & (cut.MaxBytes - 1));
        while (left > 0 && Advance())
        {
            // Zeros inside a unit are read with it; at its end they may be a piece of their own.
            long room = left;
            if (IsZero(_pending.Kind))
            {
                long inUnit = _offsetBytes & (cut.UnitBytes - 1);
                if (inUnit == 0 && piece.LengthBytes > 0)
                {
                    break;
                }

                room = cut.UnitBytes - inUnit;
            }

            Mapping part = _pending.Clip(room);
            piece.Add(part);
            Consume(part.LengthBytes);
            left -= part.LengthBytes;
        }

        return true;
    }

    // False when the zeros do not fill a unit: then they are pending as one run, for a piece of data.
    bool TakeZeros(DiskPiece piece)
    {
        long start = _offsetBytes;
        while (Advance() && IsZero(_pending.Kind))
        {
            Consume(_pending.LengthBytes);
        }

        long end = _offsetBytes == top.LengthBytes ? _offsetBytes : _offsetBytes & -(long)cut.UnitBytes;
        if (end < _offsetBytes)
        {
            _pending = Mapping.Zero(_offsetBytes - Math.Max(start, end));
            _hasPending = true;
            _offsetBytes = Math.Max(start, end);
        }

        if (end <= start)
        {
            return false;
        }

        piece.SetZero(start, end - start);
        return true;
    }

    bool Advance()
    {
        if (!_hasPending && _offsetBytes < top.LengthBytes)
        {
            _pending = Map();
            _hasPending = true;
        }

        return _hasPending;
    }

    Mapping Map()
    {
        try
        {
            return _scan.Map(_offsetBytes, top.LengthBytes - _offsetBytes).Mapping;
        }
        catch (VmdkException) when (_unreadable is not null)
        {
            // How far the fault reaches is not known here; the next attempt begins behind the smallest usual grain.
            long lengthBytes = Math.Min(
                LostStepBytes - (_offsetBytes & (LostStepBytes - 1)), top.LengthBytes - _offsetBytes);
            if (_offsetBytes >= _lostUntilBytes)
            {
                _unreadable.Add(_offsetBytes, lengthBytes);
                _lostUntilBytes = _offsetBytes + lengthBytes;
            }

            return Mapping.Zero(lengthBytes);
        }
    }

    // What is left of a clipped run is mapped again from its new start: the answer is the same, and the scan has it.
    void Consume(long lengthBytes)
    {
        _offsetBytes += lengthBytes;
        _hasPending = false;
    }

    static bool IsZero(MappingKind kind) => kind is MappingKind.Zero or MappingKind.Unallocated;
}
