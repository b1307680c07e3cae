namespace VmdkFast.Extents;

/// <summary>
/// Where the grains of a stream lie, found by its markers: the answer that its tables would have given.
/// </summary>
/// <remarks>
/// 16 bytes for each grain, of which every one takes 512 bytes of the file at least. Immutable, hence thread-safe.
/// </remarks>
sealed class RecoveredGrains
{
    readonly (long Grain, uint Sector)[] _grains;

    RecoveredGrains((long Grain, uint Sector)[] grains, VmdkStreamRecovery recovery)
    {
        _grains = grains;
        Recovery = recovery;
    }

    /// <summary>What was found, and what was not.</summary>
    internal VmdkStreamRecovery Recovery { get; }

    /// <summary>Walks to the end of what can be read.</summary>
    /// <param name="walk">At its start.</param>
    /// <param name="grainBytes">Bytes of a grain.</param>
    internal static RecoveredGrains Collect(MarkerWalk walk, long grainBytes)
    {
        int grainShift = System.Numerics.BitOperations.Log2((ulong)grainBytes) - Sector.Shift;
        var found = new List<(long Grain, uint Sector)>();
        long lastOffsetBytes = -1;
        string? problem = null;
        while (problem is null && walk.MoveNext())
        {
            if (!walk.Marker.IsGrain)
            {
                continue;
            }

            if (walk.OffsetBytes >> Sector.Shift > uint.MaxValue)
            {
                problem = "grains lie beyond 2 TiB, where no table could point";
                break;
            }

            lastOffsetBytes = (long)walk.Marker.LbaSectors << Sector.Shift;
            found.Add(((long)(walk.Marker.LbaSectors >> grainShift), (uint)(walk.OffsetBytes >> Sector.Shift)));
        }

        (long Grain, uint Sector)[] grains = Sort(found);
        return new RecoveredGrains(grains, new VmdkStreamRecovery
        {
            Grains = grains.Length,
            LastGrainOffsetBytes = lastOffsetBytes < 0 ? null : lastOffsetBytes,
            EndBytes = walk.OffsetBytes,
            IgnoredBytes = walk.MetEndOfStream ? 0 : Math.Max(0, walk.FileLengthBytes - walk.OffsetBytes),
            Problem = problem ?? walk.Problem,
        });
    }

    /// <summary>Whether table <paramref name="tableIndex"/> holds a grain.</summary>
    internal bool HasTable(int tableIndex, int tableShift)
    {
        int at = IndexOf((long)tableIndex << tableShift);
        return at < _grains.Length && _grains[at].Grain >> tableShift == tableIndex;
    }

    /// <summary>Fills in the entries of a table.</summary>
    internal void FillTable(int tableIndex, int tableShift, Span<uint> entries)
    {
        entries.Clear();
        long first = (long)tableIndex << tableShift;
        for (int at = IndexOf(first); at < _grains.Length && _grains[at].Grain < first + entries.Length; at++)
        {
            entries[(int)(_grains[at].Grain - first)] = _grains[at].Sector;
        }
    }

    // Of a grain that is there twice the later one counts: whoever appended it knew of the first.
    static (long Grain, uint Sector)[] Sort(List<(long Grain, uint Sector)> found)
    {
        (long Grain, uint Sector)[] grains = [.. found];
        Array.Sort(grains);
        int count = 0;
        for (int i = 0; i < grains.Length; i++)
        {
            if (i + 1 == grains.Length || grains[i + 1].Grain != grains[i].Grain)
            {
                grains[count++] = grains[i];
            }
        }

        Array.Resize(ref grains, count);
        return grains;
    }

    // The first grain that is not below an index.
    int IndexOf(long grain)
    {
        int low = 0;
        int high = _grains.Length;
        while (low < high)
        {
            int middle = low + ((high - low) / 2);
            if (_grains[middle].Grain < grain)
            {
                low = middle + 1;
            }
            else
            {
                high = middle;
            }
        }

        return low;
    }
}
