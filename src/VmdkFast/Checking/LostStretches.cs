namespace VmdkFast.Checking;

/// <summary>
/// Where grains may have been of which nothing is left: neither a marker, nor a table that would still name them.
/// </summary>
sealed class LostStretches(SparseSubject subject, OldTables old, StoredGrains stored)
{
    readonly SparseShape _shape = subject.Shape;

    /// <summary>The stretches, in the disk's order, each as long as can be.</summary>
    internal IEnumerable<GuestStretch> Find(IReadOnlyList<StreamGap> gaps)
    {
        List<(long First, long End)> ranges =
        [
            .. gaps.Where(IsSuspect).Select(RangeOf).Concat(Doubled()).Concat(Missed())
                .Where(range => range.First < range.End).Order(),
        ];
        long done = 0;
        GuestStretch? open = null;
        foreach ((long first, long end) in ranges)
        {
            for (long at = Math.Max(first, done); at < end;)
            {
                int table = (int)(at / _shape.TableEntries);
                long next = Math.Min(end, ((long)table + 1) * _shape.TableEntries);
                if (!old.IsKnown(table))
                {
                    GuestStretch piece = PieceOf(at, next);
                    if (open is { } before && before.OffsetBytes + before.LengthBytes == piece.OffsetBytes)
                    {
                        open = before with { LengthBytes = before.LengthBytes + piece.LengthBytes };
                    }
                    else
                    {
                        if (open is { } whole)
                        {
                            yield return whole;
                        }

                        open = piece;
                    }
                }

                at = next;
            }

            done = Math.Max(done, end);
        }

        if (open is { } last)
        {
            yield return last;
        }
    }

    bool IsSuspect(StreamGap gap) => gap.MayHoldGrains && !old.MarkerGaps.Contains(gap.StartSector);

    // An export ascends: what was between two grains belongs between them. Where it does not, it may be anywhere.
    (long First, long End) RangeOf(StreamGap gap)
    {
        long end = gap.GrainBehind < 0 ? _shape.Grains : gap.GrainBehind;
        return gap.GrainBefore < end ? (gap.GrainBefore + 1, end) : (0, _shape.Grains);
    }

    // What is not stored of tables that were there and are not found.
    IEnumerable<(long First, long End)> Missed()
    {
        for (int table = 0; table < _shape.DirectoryEntries; table++)
        {
            if (!old.IsMissed(table))
            {
                continue;
            }

            long at = (long)table * _shape.TableEntries;
            long end = at + _shape.CountOf(table);
            for (int i = stored.EndOf(at - 1); i < stored.Count && stored[i].Grain < end; i++)
            {
                yield return (at, stored[i].Grain);
                at = stored[i].Grain + 1;
            }

            yield return (at, end);
        }
    }

    // Of grains that claim one place none is taken.
    IEnumerable<(long First, long End)> Doubled() => Enumerable.Range(1, Math.Max(0, stored.Count - 1))
        .Where(index => stored[index].Grain == stored[index - 1].Grain && old.PlaceOf(stored[index].Grain) is null)
        .Select(index => (stored[index].Grain, stored[index].Grain + 1));

    GuestStretch PieceOf(long firstGrain, long endGrain)
    {
        long start = firstGrain * _shape.GrainBytes;
        long end = Math.Min(endGrain * _shape.GrainBytes, _shape.CapacitySectors << Sector.Shift);
        return subject.Guest(new GuestStretch(start, end - start));
    }
}
