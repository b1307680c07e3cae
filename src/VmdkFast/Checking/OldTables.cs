using VmdkFast.Format;

namespace VmdkFast.Checking;

/// <summary>
/// The tables of an exported stream that are still there: where its directory says, or where a marker stands before
/// entries that name grains of one table. Not thread-safe.
/// </summary>
sealed class OldTables
{
    readonly SparseSubject _subject;
    readonly SparseShape _shape;
    readonly DirectoryCheck _directory;
    readonly StoredGrains _stored;
    readonly EntryReader? _names;
    readonly Dictionary<int, long> _found = [];
    readonly uint[] _entries;

    /// <param name="subject">The extent.</param>
    /// <param name="directory">Its directory.</param>
    /// <param name="stored">The grains that have markers.</param>
    /// <param name="walk">Where the walk along the markers has met tables.</param>
    /// <param name="trustsEmpty">Whether a table that the directory does not name is empty.</param>
    internal OldTables(
        SparseSubject subject, DirectoryCheck directory, StoredGrains stored, MarkerWalk walk, bool trustsEmpty)
    {
        _subject = subject;
        _shape = subject.Shape;
        _directory = directory;
        _stored = stored;
        _names = trustsEmpty && _shape.DirectorySector != 0
            ? new EntryReader(subject.File, _shape.DirectorySector, _shape.DirectoryEntries)
            : null;
        _entries = new uint[_shape.TableEntries];
        foreach (uint sector in walk.Tables)
        {
            Identify(sector);
        }

        // A table whose marker was lost leaves a gap of its own length.
        foreach (StreamGap gap in walk.Gaps)
        {
            if (gap.EndSector - gap.StartSector == 1 + _shape.TableSectors && Identify(gap.StartSector + 1))
            {
                MarkerGaps.Add(gap.StartSector);
            }
        }
    }

    /// <summary>Gaps in which nothing was lost but the marker of a table.</summary>
    internal HashSet<long> MarkerGaps { get; } = [];

    /// <summary>Whether it is known what a table named.</summary>
    internal bool IsKnown(int table) => SectorOf(table) != 0 || _names?[table] == 0;

    /// <summary>The entries of a table, valid until the next call; empty when it is nowhere.</summary>
    internal ReadOnlySpan<uint> Read(int table)
    {
        if (SectorOf(table) is not (> 0 and long sector))
        {
            return [];
        }

        _subject.File.ReadEntries(sector << Sector.Shift, _entries);
        return _entries;
    }

    /// <summary>
    /// Reports what only tables that nothing leads to name, and no marker confirms: new tables would name it, too.
    /// </summary>
    internal void Judge()
    {
        foreach ((int table, long sector) in _found.OrderBy(found => found.Key))
        {
            ReadOnlySpan<uint> entries = _directory.PlacesOf(table).Primary == 0 ? Read(table) : [];
            long first = (long)table * _shape.TableEntries;
            for (int i = 0; i < entries.Length && first + i < _shape.Grains; i++)
            {
                uint entry = entries[i];
                if (!_shape.IsPlaceless(entry) && _stored.Find(first + i, entry) < 0
                    && _stored.Find(first + i) is null)
                {
                    _subject.Find(
                        VmdkFindingKind.MarkerMismatch,
                        $"entry {i} of the table at sector {sector} is sector {entry}, where no marker of its grain "
                        + "stands", (long)entry << Sector.Shift, _subject.GuestOfGrain(first + i));
                }
            }
        }
    }

    // What grains have proved first: an entry of the directory may lead to what only could be a table.
    long SectorOf(int table) =>
        _found.TryGetValue(table, out long found) ? found : _directory.PlacesOf(table).Primary;

    // By the first entry whose grain has its marker; most of the others must be grains of the same table.
    bool Identify(long sector)
    {
        _subject.File.ReadEntries(sector << Sector.Shift, _entries);
        int used = 0;
        int good = 0;
        int table = -1;
        for (int i = 0; i < _entries.Length; i++)
        {
            uint entry = _entries[i];
            if (_shape.IsPlaceless(entry))
            {
                continue;
            }

            used++;
            if (table < 0)
            {
                table = TableOf(entry, i);
            }

            good += table >= 0 && _stored.Find(((long)table * _shape.TableEntries) + i, entry) >= 0 ? 1 : 0;
        }

        if (good == 0 || good * 2 < used)
        {
            return false;
        }

        // Of two, the later one: the stream was closed twice.
        _found[table] = sector;
        return true;
    }

    int TableOf(uint entry, int index)
    {
        if (_subject.MarkedGrains?.Overlaps(entry, 1) != true)
        {
            return -1;
        }

        Span<byte> head = stackalloc byte[GrainMarker.SizeBytes];
        if (_subject.File.File.Read(head, (long)entry << Sector.Shift) < head.Length)
        {
            return -1;
        }

        ulong grain = GrainMarker.Read(head).LbaSectors / (ulong)_shape.GrainSectors;
        return grain < (ulong)_shape.Grains && (int)(grain % (ulong)_shape.TableEntries) == index
            ? (int)(grain / (ulong)_shape.TableEntries)
            : -1;
    }
}
