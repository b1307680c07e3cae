using VmdkFast.Extents;
using VmdkFast.Reading;

namespace VmdkFast.Streaming;

/// <summary>Walks the maps of two disks together, up to the end of the longer one.</summary>
/// <param name="first">The one disk.</param>
/// <param name="second">The other disk.</param>
/// <param name="strict">Whether the walk ends where one is allocated otherwise than the other.</param>
/// <remarks>Not thread-safe; the pipeline takes pieces one at a time.</remarks>
sealed class CommonWalk(Layer first, Layer second, bool strict)
{
    readonly Side _first = new(first);
    readonly Side _second = new(second);
    long _endBytes = Math.Max(first.LengthBytes, second.LengthBytes);
    long _offsetBytes;

    /// <summary>Where the allocation differs first, of what was walked so far; null when nowhere.</summary>
    internal long? MismatchBytes { get; private set; }

    /// <summary>Why the walk could not go on; null when it could.</summary>
    /// <remarks>Kept, not thrown: what was walked before it may still prove to differ.</remarks>
    internal VmdkException? Failure { get; private set; }

    /// <summary>Fills in the next window that has something to compare; false at the end.</summary>
    internal bool TryTake(ComparedPiece piece)
    {
        long startBytes = _offsetBytes;
        piece.Stretches.Clear();
        long windowEndBytes = long.MaxValue;
        while (_offsetBytes < Math.Min(windowEndBytes, _endBytes))
        {
            if (!TryMap(out Mapping one, out Mapping other))
            {
                break;
            }

            if (strict && one.Kind != other.Kind)
            {
                MismatchBytes = _offsetBytes;
                _endBytes = _offsetBytes;
                break;
            }

            bool zeros = IsZero(one) && IsZero(other);
            if (!zeros && piece.Stretches.Count == 0)
            {
                // Windows lie at multiples of their length, as grains do, so that few grains are cut.
                windowEndBytes = (_offsetBytes | (ComparedPiece.WindowBytes - 1)) + 1;
            }

            long length = Math.Min(Math.Min(one.LengthBytes, other.LengthBytes), _endBytes - _offsetBytes);
            if (!zeros)
            {
                length = Math.Min(length, windowEndBytes - _offsetBytes);
                piece.Stretches.Add(
                    new ComparedStretch(_offsetBytes, (int)length, one.Clip(length), other.Clip(length)));
            }

            _offsetBytes += length;
        }

        piece.CoveredBytes = _offsetBytes - startBytes;
        return piece.CoveredBytes > 0;
    }

    bool TryMap(out Mapping one, out Mapping other)
    {
        try
        {
            one = _first.At(_offsetBytes);
            other = _second.At(_offsetBytes);
            return true;
        }
        catch (VmdkException failure)
        {
            Failure = failure;
            _endBytes = _offsetBytes;
            (one, other) = (default, default);
            return false;
        }
    }

    /// <summary>Whether nothing has to be read.</summary>
    internal static bool IsZero(in Mapping mapping) => mapping.Kind is MappingKind.Zero or MappingKind.Unallocated;

    /// <summary>One of the disks; past its end there is nothing, for ever.</summary>
    sealed class Side(Layer top)
    {
        readonly ChainScan _scan = new(top);

        internal Mapping At(long offsetBytes) => offsetBytes < top.LengthBytes
            ? _scan.Map(offsetBytes, top.LengthBytes - offsetBytes).Mapping
            : Mapping.Unallocated(long.MaxValue - offsetBytes);
    }
}
