namespace VmdkFast.Streaming;

/// <summary>What of a disk could not be read. Thread-safe.</summary>
sealed class UnreadableRanges
{
    readonly List<VmdkRange> _ranges = [];

    /// <summary>Notes a range, in any order.</summary>
    internal void Add(long offsetBytes, long lengthBytes)
    {
        lock (_ranges)
        {
            // Neighbours mostly come one after the other: a disk that is lost as a whole must not fill the memory.
            if (_ranges.Count > 0 && _ranges[^1] is var last && last.OffsetBytes + last.LengthBytes == offsetBytes)
            {
                _ranges[^1] = last with { LengthBytes = last.LengthBytes + lengthBytes };
                return;
            }

            _ranges.Add(new VmdkRange(offsetBytes, lengthBytes));
        }
    }

    /// <summary>All of them, ascending, neighbours joined.</summary>
    internal IReadOnlyList<VmdkRange> ToList()
    {
        lock (_ranges)
        {
            var joined = new List<VmdkRange>();
            foreach (VmdkRange range in _ranges.OrderBy(range => range.OffsetBytes))
            {
                if (joined.Count > 0 && joined[^1].OffsetBytes + joined[^1].LengthBytes == range.OffsetBytes)
                {
                    joined[^1] = joined[^1] with { LengthBytes = joined[^1].LengthBytes + range.LengthBytes };
                }
                else
                {
                    joined.Add(range);
                }
            }

            return joined;
        }
    }
}
