namespace VmdkFast.Checking;

/// <summary>How the entries of a table agree with the stored grains of a table of the disk.</summary>
/// <param name="Used">Entries that are not 0.</param>
/// <param name="Agreeing">Entries whose grain stands where they say, or is moved as far as its neighbour is.</param>
/// <param name="Against">
/// Entries whose grain stands elsewhere, and stored grains of the table that no entry names. A grain that is stored
/// nowhere speaks for nothing: it may be lost.
/// </param>
/// <param name="IsMoved">Whether grains are elsewhere by a length that neighbours have in common.</param>
readonly record struct TableMatch(int Used, int Agreeing, int Against, bool IsMoved)
{
    /// <summary>Compares.</summary>
    /// <param name="shape">The numbers of the extent.</param>
    /// <param name="stored">Its grains, sorted.</param>
    /// <param name="table">The number of the table in the disk.</param>
    /// <param name="entries">What might be its entries.</param>
    /// <remarks>
    /// Where sectors were put into a stream, or taken out of it, all grains behind that place have moved by one length;
    /// so there is one more length for each such place, and neighbours share it.
    /// </remarks>
    internal static TableMatch Of(SparseShape shape, StoredGrains stored, int table, ReadOnlySpan<uint> entries)
    {
        long first = (long)table * shape.TableEntries;
        int used = 0;
        int agreeing = 0;
        int against = 0;
        long shift = 0;
        long? lone = null;
        bool isMoved = false;
        for (int i = 0; i < entries.Length; i++)
        {
            uint entry = entries[i];
            long grain = first + i;
            used += entry == 0 ? 0 : 1;
            if (shape.IsPlaceless(entry))
            {
                against += entry == 0 && stored.IsStored(grain) ? 1 : 0;
            }
            else if (StandsAt(stored, grain, entry + shift))
            {
                agreeing++;
            }
            else if (stored.Find(grain, entry) >= 0)
            {
                agreeing++;
                shift = 0;
            }
            else if (stored.Find(grain) is { } place)
            {
                // One length more; the next grain says whether it is one.
                long found = (long)place.Sector - entry;
                if (found == lone)
                {
                    agreeing += 2;
                    (shift, lone, isMoved) = (found, null, true);
                }
                else
                {
                    against += lone is null ? 0 : 1;
                    lone = found;
                }
            }
        }

        return lone is null ? new TableMatch(used, agreeing, against, isMoved)
            : against == 0 ? new TableMatch(used, agreeing + 1, 0, true)
            : new TableMatch(used, agreeing, against + 1, isMoved);
    }

    static bool StandsAt(StoredGrains stored, long grain, long sector) =>
        sector is > 0 and <= uint.MaxValue && stored.Find(grain, (uint)sector) >= 0;
}
