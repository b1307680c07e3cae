using System.Numerics;

namespace VmdkFast.Checking;

/// <summary>Which grains of a file have an owner, a bit for each. Not thread-safe.</summary>
/// <param name="shape">The numbers of the extent; its grains begin at multiples of their size.</param>
/// <param name="wholeGrains">How many grains the file has room for.</param>
sealed class GrainClaims(SparseShape shape, long wholeGrains)
{
    const int WordBits = 64;

    readonly ulong[] _words = new ulong[(wholeGrains + WordBits - 1) / WordBits];
    readonly int _grainShift = BitOperations.Log2((ulong)shape.GrainSectors);

    /// <summary>Claims the grains that entries name.</summary>
    /// <param name="entries">Entries that follow those which were summed up.</param>
    /// <param name="swept">What is known of these; the entries are added.</param>
    /// <returns>
    /// False when an entry is impossible or its grain has an owner; what becomes of the others is left open.
    /// </returns>
    /// <remarks>
    /// One short loop and no call in it, for what it waits for is memory: so the processor has a dozen words under way
    /// at once. With a call for each run of grains 1 TiB in random order took three times as long.
    /// </remarks>
    internal bool TryClaim(ReadOnlySpan<uint> entries, ref SweptGrains swept)
    {
        ulong[] words = _words;
        uint highestPlaceless = shape.ZeroGrains ? 1u : 0;
        uint inGrain = (uint)shape.GrainSectors - 1;
        ulong owned = 0;
        (long count, long breaks, long first, long next, long end) = swept;
        foreach (uint entry in entries)
        {
            if (entry <= highestPlaceless)
            {
                continue;
            }

            uint grain = entry >> _grainShift;
            if (entry < shape.FirstUsableSector || (entry & inGrain) != 0 || grain >= wholeGrains)
            {
                return false;
            }

            ref ulong word = ref words[grain / WordBits];
            ulong bit = 1UL << (int)(grain % WordBits);
            owned |= word & bit;
            word |= bit;
            first = count == 0 ? entry : first;
            breaks += count != 0 && entry != next ? 1 : 0;
            next = (long)entry + shape.GrainSectors;
            end = Math.Max(end, next);
            count++;
        }

        swept = new SweptGrains(count, breaks, first, next, end);
        return owned == 0;
    }

    /// <summary>Claims all that others, of the same file, have claimed.</summary>
    /// <returns>False when a grain had an owner here, too.</returns>
    internal bool TryClaim(GrainClaims others)
    {
        ulong owned = 0;
        for (int i = 0; i < _words.Length; i++)
        {
            owned |= _words[i] & others._words[i];
            _words[i] |= others._words[i];
        }

        return owned == 0;
    }

    /// <summary>The stretches of the file that have owners.</summary>
    internal IEnumerable<(long Sector, long Count)> Stretches()
    {
        for (long start = Next(0, 0); start < wholeGrains;)
        {
            long end = Next(start, ulong.MaxValue);
            yield return (start << _grainShift, (end - start) << _grainShift);
            start = Next(end, 0);
        }
    }

    long Next(long grain, ulong inverted)
    {
        for (; grain < wholeGrains; grain = (grain & -WordBits) + WordBits)
        {
            ulong found = (_words[grain / WordBits] ^ inverted) & (ulong.MaxValue << (int)(grain % WordBits));
            if (found != 0)
            {
                return Math.Min(wholeGrains, (grain & -WordBits) + BitOperations.TrailingZeroCount(found));
            }
        }

        return wholeGrains;
    }
}

/// <summary>What is known of grains in the order of the disk.</summary>
/// <param name="Count">How many there are.</param>
/// <param name="Breaks">How many do not follow in the file where the one before ends.</param>
/// <param name="FirstSector">Where the first is; 0 without any.</param>
/// <param name="NextSector">Behind the last; 0 without any.</param>
/// <param name="EndSector">Behind that which is farthest back in the file.</param>
readonly record struct SweptGrains(long Count, long Breaks, long FirstSector, long NextSector, long EndSector)
{
    /// <summary>These grains and those that follow them in the disk.</summary>
    internal SweptGrains Then(in SweptGrains next) => next.Count == 0 ? this : Count == 0 ? next : new SweptGrains(
        Count + next.Count, Breaks + next.Breaks + (next.FirstSector == NextSector ? 0 : 1), FirstSector,
        next.NextSector, Math.Max(EndSector, next.EndSector));
}
