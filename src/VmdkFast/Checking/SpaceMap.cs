using System.Numerics;

namespace VmdkFast.Checking;

/// <summary>
/// Which sectors of a file are in use: one bit each, in pages that exist only where a part of them is used. Memory is
/// at most a 4,096th of the file's real length, and next to nothing where stretches are wholly free or wholly used.
/// </summary>
/// <remarks>Not thread-safe. Sectors behind the end are ignored: no entry can point there.</remarks>
sealed class SpaceMap
{
    const int PageShift = 12;
    const int PageSectors = 1 << PageShift;
    const int WordBits = 64;

    static readonly ulong[] s_full = CreateFull();

    readonly ulong[]?[] _pages;
    readonly short[] _used;

    internal SpaceMap(long lengthSectors)
    {
        // Entries have 32 bits: nothing in a sparse file is used behind 2 TiB.
        LengthSectors = Math.Min(lengthSectors, 1L << 32);
        int pages = (int)((LengthSectors + PageSectors - 1) >> PageShift);
        _pages = new ulong[]?[pages];
        _used = new short[pages];
    }

    internal long LengthSectors { get; }

    /// <summary>Marks a stretch as used.</summary>
    internal void Add(long sector, long count)
    {
        for (long end = Math.Min(sector + count, LengthSectors); sector < end;)
        {
            int page = (int)(sector >> PageShift);
            int from = (int)(sector & (PageSectors - 1));
            int length = (int)Math.Min(end - sector, PageSectors - from);
            AddToPage(page, from, length);
            sector += length;
        }
    }

    /// <summary>Whether any sector of a stretch is used.</summary>
    internal bool Overlaps(long sector, long count)
    {
        long end = Math.Min(sector + count, LengthSectors);
        return sector < end && NextUsed(sector, end) < end;
    }

    /// <summary>The first used sector of a stretch; its end when there is none.</summary>
    internal long NextUsed(long sector, long end) => Next(sector, end, used: true);

    /// <summary>The first free sector of a stretch; its end when there is none.</summary>
    internal long NextFree(long sector, long end) => Next(sector, end, used: false);

    long Next(long sector, long end, bool used)
    {
        end = Math.Min(end, LengthSectors);
        while (sector < end)
        {
            ulong[]? page = _pages[sector >> PageShift];
            if (page is null ? !used : used && ReferenceEquals(page, s_full))
            {
                return sector;
            }

            if (page is null || ReferenceEquals(page, s_full))
            {
                sector = ((sector >> PageShift) + 1) << PageShift;
                continue;
            }

            int bit = (int)(sector & (PageSectors - 1));
            ulong word = page[bit / WordBits];
            ulong wanted = (used ? word : ~word) & (ulong.MaxValue << (bit % WordBits));
            if (wanted != 0)
            {
                return Math.Min(end, (sector & -WordBits) + BitOperations.TrailingZeroCount(wanted));
            }

            sector = (sector & -WordBits) + WordBits;
        }

        return end;
    }

    void AddToPage(int number, int from, int length)
    {
        if (length == PageSectors || ReferenceEquals(_pages[number], s_full))
        {
            _pages[number] = s_full;
            return;
        }

        ulong[] page = _pages[number] ??= new ulong[PageSectors / WordBits];
        int added = 0;
        for (int end = from + length; from < end;)
        {
            int bit = from % WordBits;
            int count = Math.Min(end - from, WordBits - bit);
            ulong mask = (count == WordBits ? ulong.MaxValue : (1UL << count) - 1) << bit;
            added += BitOperations.PopCount(mask & ~page[from / WordBits]);
            page[from / WordBits] |= mask;
            from += count;
        }

        _used[number] += (short)added;
        if (_used[number] == PageSectors)
        {
            _pages[number] = s_full;
        }
    }

    static ulong[] CreateFull()
    {
        var page = new ulong[PageSectors / WordBits];
        page.AsSpan().Fill(ulong.MaxValue);
        return page;
    }
}
