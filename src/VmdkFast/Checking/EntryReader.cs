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

    /// <summary>Where an entry is in the file.</summary>
    internal long OffsetOf(int index) => (sector << Sector.Shift) + ((long)index * sizeof(uint));
}
