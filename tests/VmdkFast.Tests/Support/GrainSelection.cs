namespace VmdkFast.Tests.Support;

/// <summary>Decides which grains of an extent exist.</summary>
static class GrainSelection
{
    /// <summary>
    /// Without a parent, grains that were written anywhere exist. With one, those that differ from it do.
    /// Grains wholly within a zero range exist as zero grains, whatever else is true.
    /// </summary>
    public static List<SelectedGrain> Select(
        GuestSlice slice, int grainSectors, GuestContent? parent, IReadOnlyList<GuestRange> zeroRanges)
    {
        long grainBytes = grainSectors * 512L;
        var zero = new HashSet<long>(ZeroGrains(slice, grainBytes, zeroRanges));
        var candidates = new SortedSet<long>(zero);
        candidates.UnionWith(Touched(slice.Inside(slice.Content.WrittenRanges), grainBytes));
        if (parent is not null)
        {
            candidates.UnionWith(Touched(slice.Inside(parent.WrittenRanges), grainBytes));
            candidates.RemoveWhere(grain => !zero.Contains(grain) && SameAsParent(slice, grain, grainBytes, parent));
        }

        return [.. candidates.Select(grain => new SelectedGrain(grain, zero.Contains(grain)))];
    }

    /// <summary>Puts the grains in the order wanted.</summary>
    public static void Arrange(List<SelectedGrain> grains, GrainOrder order, int seed)
    {
        if (order == GrainOrder.Reversed)
        {
            grains.Reverse();
        }
        else if (order == GrainOrder.Shuffled)
        {
            new SplitMix((ulong)seed).Shuffle(System.Runtime.InteropServices.CollectionsMarshal.AsSpan(grains));
        }
    }

    static IEnumerable<long> Touched(IEnumerable<GuestRange> ranges, long grainBytes)
    {
        foreach (GuestRange range in ranges)
        {
            for (long grain = range.OffsetBytes / grainBytes; grain * grainBytes < range.EndBytes; grain++)
            {
                yield return grain;
            }
        }
    }

    static IEnumerable<long> ZeroGrains(GuestSlice slice, long grainBytes, IReadOnlyList<GuestRange> zeroRanges)
    {
        byte[] bytes = new byte[grainBytes];
        foreach (GuestRange range in slice.Inside(zeroRanges))
        {
            foreach (long grain in Touched([range], grainBytes))
            {
                long start = grain * grainBytes;
                long length = Math.Min(grainBytes, slice.LengthBytes - start);
                if (!range.Covers(start, length))
                {
                    continue;
                }

                slice.Read(start, bytes);
                if (bytes.AsSpan().ContainsAnyExcept((byte)0))
                {
                    throw new ArgumentException($"Grain {grain} shall be a zero grain, but holds data.");
                }

                yield return grain;
            }
        }
    }

    static bool SameAsParent(GuestSlice slice, long grain, long grainBytes, GuestContent parent)
    {
        int length = (int)Math.Min(grainBytes, slice.LengthBytes - (grain * grainBytes));
        byte[] child = new byte[length];
        byte[] below = new byte[length];
        slice.Read(grain * grainBytes, child);
        parent.Read(slice.OffsetBytes + (grain * grainBytes), below);
        return child.AsSpan().SequenceEqual(below);
    }
}
