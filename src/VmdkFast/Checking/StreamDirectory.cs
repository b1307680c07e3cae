namespace VmdkFast.Checking;

/// <summary>
/// What the directory of an exported stream says of tables whose places have changed since: which of them there were,
/// and in which order they and their grains lay. Not thread-safe.
/// </summary>
sealed class StreamDirectory
{
    readonly CheckedFile _file;
    readonly SparseShape _shape;
    readonly StoredGrains _stored;
    readonly EntryReader? _entries;
    readonly List<(int Table, uint Sector)> _named = [];

    /// <param name="subject">The extent.</param>
    /// <param name="stored">The grains that have markers.</param>
    /// <param name="walk">Where markers stand.</param>
    internal StreamDirectory(SparseSubject subject, StoredGrains stored, MarkerWalk walk)
    {
        _file = subject.File;
        _shape = subject.Shape;
        _stored = stored;
        DirectorySector = walk.DirectorySector != 0 ? walk.DirectorySector : _shape.DirectorySector;
        if (DirectorySector == 0)
        {
            return;
        }

        _entries = new EntryReader(subject.File, DirectorySector, _shape.DirectoryEntries);
        HashSet<uint> met = [.. walk.Tables.Select(table => table.Sector)];
        int namedAndMet = 0;
        uint last = 0;
        bool ascends = true;
        for (int table = _entries.NextUsed(0); table < _shape.DirectoryEntries; table = _entries.NextUsed(table + 1))
        {
            uint entry = _entries[table];
            ascends &= entry > last && entry >= _shape.FirstUsableSector;
            last = entry;
            namedAndMet += met.Contains(entry) ? 1 : 0;
            _named.Add((table, entry));
        }

        bool namesAll = true;
        for (int i = 0; i < stored.Count && namesAll; i++)
        {
            namesAll = _entries[(int)(stored[i].Grain / _shape.TableEntries)] != 0;
        }

        IsInPlace = namesAll && namedAndMet == _named.Count && met.Count == namedAndMet;
        IsTrusted = IsInPlace ? _named.Count > 0 || walk.DirectorySector != 0
            : namesAll && ascends && walk.DirectorySector != 0;
    }

    /// <summary>Where it is: behind its marker, else where the footer says; 0 when it is nowhere.</summary>
    internal long DirectorySector { get; }

    /// <summary>Whether it names the tables that have markers, and no others.</summary>
    internal bool IsInPlace { get; }

    /// <summary>
    /// Whether it can be gone by as to which tables there were: it has its marker or its tables, names a table for each
    /// stored grain, and its entries ascend.
    /// </summary>
    internal bool IsTrusted { get; }

    /// <summary>Whether the tables that it names hold all stored grains, each where it stands.</summary>
    internal bool NamesWholeTables()
    {
        var entries = new uint[_shape.TableEntries];
        foreach ((int table, uint sector) in _named)
        {
            _file.ReadEntries((long)sector << Sector.Shift, entries);
            if (TableMatch.Of(_shape, _stored, table, entries) is not { Used: > 0, Against: 0, IsMoved: false })
            {
                return false;
            }
        }

        return true;
    }

    /// <summary>Whether there was such a table.</summary>
    internal bool Has(int table) => _entries![table] != 0;

    /// <summary>
    /// The table that lay behind a stretch, and behind no other table that lay behind it: an export stores each table
    /// behind its grains. Null when there was none.
    /// </summary>
    /// <param name="firstSector">The lowest entry of the table, as it was written.</param>
    /// <param name="lastSector">The highest one.</param>
    internal int? TableOf(uint firstSector, uint lastSector)
    {
        if (!IsTrusted)
        {
            return null;
        }

        int low = 0;
        for (int high = _named.Count; low < high;)
        {
            int middle = (low + high) / 2;
            if (_named[middle].Sector > lastSector)
            {
                high = middle;
            }
            else
            {
                low = middle + 1;
            }
        }

        return low < _named.Count && (low == 0 || _named[low - 1].Sector < firstSector) ? _named[low].Table : null;
    }
}
