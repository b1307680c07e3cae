using VmdkFast.Writing;

namespace VmdkFast.Checking;

/// <summary>
/// The tables of a stream with its directory in front that no directory names any more: every product lays all of them
/// side by side behind the directory. Not thread-safe.
/// </summary>
sealed class FrontTables
{
    readonly SparseSubject _subject;
    readonly SparseShape _shape;
    readonly StoredGrains _stored;
    readonly DirectorySide[] _sides;
    readonly uint[] _entries;
    readonly HashSet<int> _proposed = [];
    int _table = -1;
    (long Primary, long Copy) _places;

    internal FrontTables(SparseSubject subject, StoredGrains stored)
    {
        _subject = subject;
        _shape = subject.Shape;
        _stored = stored;
        _entries = new uint[_shape.TableEntries];
        long[] sectors = _shape.DirectoryAtEnd ? [] : [_shape.DirectorySector, _shape.RedundantSector];
        _sides = [.. sectors.Where(sector => sector != 0).Select(
            sector => new DirectorySide(subject, sector, sector == _shape.DirectorySector))];
    }

    /// <summary>Where a table and its copy must have been; 0 where that is not known.</summary>
    internal (long Primary, long Copy) PlacesOf(int table)
    {
        if (table != _table)
        {
            _table = table;
            _places = default;
            foreach (DirectorySide side in _sides)
            {
                if (PlaceOf(side, table) is var place && side.IsPrimary)
                {
                    _places.Primary = place;
                }
                else
                {
                    _places.Copy = place;
                }
            }

            // A redundant directory alone is read by nobody.
            _places = _places.Primary == 0 ? default : _places;
        }

        return _places;
    }

    /// <summary>Proposes to name a table, and its copy, in the directories.</summary>
    internal void ProposeNames(int table)
    {
        if (!_proposed.Add(table))
        {
            return;
        }

        (long primary, long copy) = PlacesOf(table);
        foreach (DirectorySide side in _sides)
        {
            long place = side.IsPrimary ? primary : copy;
            if (place != 0)
            {
                _subject.Log.Propose(new WriteStep(
                    _subject.File, RepairClass.Restore,
                    $"{side.Name}[{table}]: the table is at sector {place}, where it belongs", side.OffsetOf(table),
                    SparseMarks.Bytes((uint)place)));
            }
        }
    }

    long PlaceOf(DirectorySide side, int table)
    {
        long sector = side.ExpectedSector(table);
        return side.EntryOf(table) == 0 && side.IsPossible(sector)
            && sector + _shape.TableSectors <= _shape.FirstUsableSector
            && !_subject.File.Used.Overlaps(sector, _shape.TableSectors) && IsPlausible(table, sector)
            ? sector
            : 0;
    }

    // Empty, or of this table's grains: none that is another's, and most of them confirmed by their markers.
    bool IsPlausible(int table, long sector)
    {
        _subject.File.ReadEntries(sector << Sector.Shift, _entries);
        int used = 0;
        int good = 0;
        for (int i = 0; i < _entries.Length; i++)
        {
            uint entry = _entries[i];
            if (entry == 0)
            {
                continue;
            }

            used++;
            if ((entry == 1 && _shape.ZeroGrains)
                || _stored.Find(((long)table * _shape.TableEntries) + i, entry) >= 0)
            {
                good++;
            }
            else if (!_subject.File.Holds(entry, 1) || _subject.MarkedGrains?.Overlaps(entry, 1) == true)
            {
                return false;
            }
        }

        return good * 2 >= used;
    }
}
