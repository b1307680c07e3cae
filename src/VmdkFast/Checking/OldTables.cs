using VmdkFast.Format;

namespace VmdkFast.Checking;

/// <summary>
/// The tables of an exported stream that are still there: where its directory says, or where a marker stands before
/// entries that name grains of one table, be it at the places where these were before the stream was damaged.
/// Not thread-safe.
/// </summary>
sealed class OldTables
{
    readonly SparseSubject _subject;
    readonly SparseShape _shape;
    readonly DirectoryCheck _directory;
    readonly StoredGrains _stored;
    readonly StreamDirectory _order;
    readonly OldTableTrust _trust;
    readonly EntryReader? _names;
    readonly Dictionary<int, long> _found = [];
    readonly HashSet<long> _foundSectors = [];
    readonly uint[] _entries;
    readonly uint[] _places;
    readonly long[] _shifts;
    readonly DoubledGrains _doubled;
    bool _hasMoved;

    /// <param name="subject">The extent.</param>
    /// <param name="directory">Its directory.</param>
    /// <param name="stored">The grains that have markers.</param>
    /// <param name="walk">Where the walk along the markers has met tables.</param>
    /// <param name="order">What the directory says of tables that have moved.</param>
    /// <param name="trust">What is known of the places that directory and footer name.</param>
    internal OldTables(
        SparseSubject subject, DirectoryCheck directory, StoredGrains stored, MarkerWalk walk, StreamDirectory order,
        OldTableTrust trust)
    {
        _subject = subject;
        _shape = subject.Shape;
        _directory = directory;
        _stored = stored;
        _order = order;
        _trust = trust;
        _doubled = new DoubledGrains(subject.File, stored);
        _names = trust.TrustsEmpty && _shape.DirectorySector != 0
            ? new EntryReader(subject.File, _shape.DirectorySector, _shape.DirectoryEntries)
            : null;
        _entries = new uint[_shape.TableEntries];
        _places = new uint[_shape.TableEntries];
        _shifts = new long[_shape.TableEntries];
        _hasMoved = trust.HasMoved;
        foreach (StreamTable table in walk.Tables)
        {
            bool isKnown = Identify(table.Sector, table.OwnGrain);
            _hasMoved |= !isKnown && _entries.AsSpan().ContainsAnyExcept(0u);
        }

        // A table whose marker was lost leaves a gap of its own length.
        foreach (StreamGap gap in walk.Gaps)
        {
            if (gap.EndSector - gap.StartSector == 1 + _shape.TableSectors
                && Identify(gap.StartSector + 1, gap.GrainBefore))
            {
                MarkerGaps.Add(gap.StartSector);
            }
        }
    }

    /// <summary>Gaps in which nothing was lost but the marker of a table.</summary>
    internal HashSet<long> MarkerGaps { get; } = [];

    /// <summary>Whether a table is there.</summary>
    internal bool IsFound(int table) => SectorOf(table) != 0;

    /// <summary>Whether it is known what a table named.</summary>
    internal bool IsKnown(int table) => IsFound(table)
        || (_order.IsTrusted ? !_order.Has(table) : _names?[table] == 0);

    /// <summary>
    /// Whether there was a table of which nothing is known, or may have been where nobody says which ones there were.
    /// </summary>
    internal bool IsMissed(int table) => (_order.IsTrusted || _hasMoved) && !IsKnown(table)
        && (_order.IsTrusted || _trust.HasFooter || table <= HighestTable);

    int HighestTable => _stored.Count == 0 ? -1 : (int)(_stored[^1].Grain / _shape.TableEntries);

    /// <summary>Where a grain is whose marker stands, once, or with the same bytes more than once.</summary>
    internal StoredPlace? PlaceOf(long grain) => _stored.Find(grain) ?? _doubled.Find(grain);

    /// <summary>
    /// The entries that a table should have, valid until the next call: where its grains are, or what its old entry
    /// was, so that a grain which is nowhere stays an error. All 0 when nothing is known of it.
    /// </summary>
    /// <param name="table">Its number.</param>
    /// <param name="limitSector">Stored grains that end behind are none.</param>
    internal ReadOnlySpan<uint> Resolve(int table, long limitSector)
    {
        Read(table);
        FindShifts(table);
        long first = (long)table * _shape.TableEntries;
        long shift = 0;
        for (int i = 0; i < _places.Length; i++)
        {
            shift = _shifts[i] != long.MinValue ? _shifts[i] : shift;
            StoredPlace? place = first + i < _shape.Grains ? PlaceOf(first + i) : null;
            _places[i] = place is { } there && there.Sector + there.LengthSectors <= limitSector ? there.Sector
                : _shape.IsPlaceless(_entries[i]) ? _entries[i]
                : Moved(first + i, _entries[i], shift, NextShift(i)) ?? _entries[i];
        }

        return _places;
    }

    /// <summary>
    /// Reports what only tables that nothing leads to name, and no marker confirms: new tables would name it, too.
    /// </summary>
    internal void Judge()
    {
        foreach ((int table, long sector) in _found.OrderBy(found => found.Key))
        {
            if (_directory.PlacesOf(table).Primary == sector)
            {
                continue;
            }

            long first = (long)table * _shape.TableEntries;
            ReadOnlySpan<uint> places = Resolve(table, long.MaxValue);
            for (int i = 0; i < places.Length && first + i < _shape.Grains; i++)
            {
                if (!_shape.IsPlaceless(places[i]) && _stored.Find(first + i, places[i]) < 0)
                {
                    string where = StandsAt(first + i, places[i])
                        ? $"its grain stands at sector {places[i]}, inside another one"
                        : "no marker of its grain stands there";
                    _subject.Find(
                        VmdkFindingKind.MarkerMismatch,
                        $"entry {i} of the table at sector {sector} is sector {_entries[i]}, and {where}",
                        (long)_entries[i] << Sector.Shift, _subject.GuestOfGrain(first + i));
                }
            }
        }
    }

    // What grains have proved first: an entry of the directory may lead to what only could be a table.
    long SectorOf(int table) => _found.TryGetValue(table, out long found) ? found
        : _directory.PlacesOf(table).Primary is > 0 and long named && !_trust.Doubted.Contains(table)
            && !_foundSectors.Contains(named) ? named
        : 0;

    void Read(int table)
    {
        if (SectorOf(table) is > 0 and long sector)
        {
            _subject.File.ReadEntries(sector << Sector.Shift, _entries);
        }
        else
        {
            _entries.AsSpan().Clear();
        }
    }

    // By how much each grain with one marker has moved.
    void FindShifts(int table)
    {
        long first = (long)table * _shape.TableEntries;
        for (int i = 0; i < _shifts.Length; i++)
        {
            _shifts[i] = !_shape.IsPlaceless(_entries[i]) && _stored.Find(first + i) is { } place
                ? (long)place.Sector - _entries[i]
                : long.MinValue;
        }
    }

    long NextShift(int index)
    {
        int next = _shifts.AsSpan(index).IndexOfAnyExcept(long.MinValue);
        return next < 0 ? 0 : _shifts[index + next];
    }

    // Where a grain must be whose neighbours have moved, when its marker is there; the walk may have gone past it.
    uint? Moved(long grain, uint entry, long shiftBefore, long shiftBehind)
    {
        foreach (long shift in (ReadOnlySpan<long>)[shiftBefore, shiftBehind, 0])
        {
            if (entry + shift is > 0 and <= uint.MaxValue and long sector && StandsAt(grain, (uint)sector))
            {
                return (uint)sector;
            }
        }

        return null;
    }

    bool StandsAt(long grain, uint sector)
    {
        if (_stored.Find(grain, sector) >= 0)
        {
            return true;
        }

        return sector >= _shape.FirstUsableSector && HeadAt(sector) is { IsGrain: true } marker
            && marker.LbaSectors == (ulong)(grain * _shape.GrainSectors)
            && _subject.File.Holds(sector, marker.NeededBytes);
    }

    StreamMarker? HeadAt(uint sector)
    {
        Span<byte> head = stackalloc byte[StreamMarker.HeadBytes];
        return _subject.File.File.Read(head, (long)sector << Sector.Shift) < head.Length
            ? null
            : StreamMarker.Read(head);
    }

    // By where the directory has its place among the others, by the first entry whose grain has its marker, or by the
    // grains that stand before it.
    bool Identify(long sector, long ownGrain)
    {
        _subject.File.ReadEntries(sector << Sector.Shift, _entries);
        int table = TableByOrder();
        if (table < 0)
        {
            table = TableByPlaces();
        }

        if (table < 0 && ownGrain >= 0)
        {
            int own = (int)(ownGrain / _shape.TableEntries);
            TableMatch match = TableMatch.Of(_shape, _stored, own, _entries);
            table = match.Agreeing > match.Against ? own : table;
        }

        if (table < 0)
        {
            return false;
        }

        // Of two, the later one: the stream was closed twice.
        _found[table] = sector;
        _foundSectors.Add(sector);
        _hasMoved |= TableMatch.Of(_shape, _stored, table, _entries).IsMoved;
        return true;
    }

    int TableByOrder()
    {
        uint low = uint.MaxValue;
        uint high = 0;
        foreach (uint entry in _entries)
        {
            if (!_shape.IsPlaceless(entry))
            {
                if (entry <= high)
                {
                    return -1;
                }

                (low, high) = (Math.Min(low, entry), entry);
            }
        }

        if (high == 0 || _order.TableOf(low, high) is not { } table)
        {
            return -1;
        }

        TableMatch match = TableMatch.Of(_shape, _stored, table, _entries);
        return match.Agreeing >= match.Against ? table : -1;
    }

    // Most of the entries must be grains of the same table.
    int TableByPlaces()
    {
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

        return good == 0 || good * 2 < used ? -1 : table;
    }

    int TableOf(uint entry, int index)
    {
        if (_subject.MarkedGrains?.Overlaps(entry, 1) != true || HeadAt(entry) is not { } marker)
        {
            return -1;
        }

        ulong grain = marker.LbaSectors / (ulong)_shape.GrainSectors;
        return grain < (ulong)_shape.Grains && (int)(grain % (ulong)_shape.TableEntries) == index
            ? (int)(grain / (ulong)_shape.TableEntries)
            : -1;
    }
}

/// <summary>What is known of the places that a directory and a footer name.</summary>
/// <param name="TrustsEmpty">Whether a table that the directory does not name is empty.</param>
/// <param name="HasFooter">Whether the stream was written to its end.</param>
/// <param name="HasMoved">Whether something is not where it was written.</param>
/// <param name="Doubted">The tables that are not where the directory says, or not whole there.</param>
readonly record struct OldTableTrust(bool TrustsEmpty, bool HasFooter, bool HasMoved, IReadOnlySet<int> Doubted);
