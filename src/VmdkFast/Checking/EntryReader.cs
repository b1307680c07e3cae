namespace VmdkFast.Checking;

/// <summary>The entries of a directory, read in pieces as they are asked for. Not thread-safe.</summary>
sealed class EntryReader(CheckedFile file, long sector, int count)
{
    const int PieceEntries = 16 << 10;

    readonly uint[] _piece = new uint[Math.Min(count, PieceEntries)];
    int _first = -1;

    /// <summary>An entry, as it is in the file.</summary>
    internal uint this[int index]
    {
        get
        {
            int first = index - (index % PieceEntries);
            if (first != _first)
            {
                file.ReadEntries(OffsetOf(first), _piece.AsSpan(0, Math.Min(PieceEntries, count - first)));
                _first = first;
            }

            return _piece[index - first];
        }
    }

    /// <summary>The first entry from an index on that is not 0; the number of entries when all are.</summary>
    internal int NextUsed(int index)
    {
        while (index < count)
        {
            if (index % PieceEntries == 0)
            {
                // A directory in a hole is passed at once: its length is whatever a header claims.
                long data = file.File.NextData(OffsetOf(index)).StartBytes;
                long skipped = Math.Min((data - OffsetOf(index)) / sizeof(uint), count - index);
                if (skipped == count - index)
                {
                    return count;
                }

                index += (int)(skipped - (skipped % PieceEntries));
            }

            _ = this[index];
            int first = index - _first;
            int length = Math.Min(PieceEntries, count - _first);
            int found = _piece.AsSpan(first, length - first).IndexOfAnyExcept(0u);
            if (found >= 0)
            {
                return index + found;
            }

            index = _first + length;
        }

        return count;
    }

    /// <summary>Where an entry is in the file.</summary>
    internal long OffsetOf(int index) => (sector << Sector.Shift) + ((long)index * sizeof(uint));
}
