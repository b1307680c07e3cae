using VmdkFast.Writing;

namespace VmdkFast.Checking;

/// <summary>
/// Finds the tables of an extent. Both directories are looked at together: an entry that leads nowhere, or away from
/// where all its neighbours lead, is judged by what the other directory's table holds.
/// </summary>
sealed class DirectoryCheck
{
    readonly SparseSubject _subject;
    readonly SparseShape _shape;
    readonly DirectorySide? _primary;
    readonly DirectorySide? _copy;
    readonly uint[] _table;
    readonly uint[] _other;

    internal DirectoryCheck(SparseSubject subject)
    {
        _subject = subject;
        _shape = subject.Shape;
        _primary = _shape.DirectorySector == 0 ? null : new DirectorySide(subject, _shape.DirectorySector, true);
        _copy = _shape.RedundantSector == 0 ? null : new DirectorySide(subject, _shape.RedundantSector, false);
        _table = new uint[_shape.TableEntries];
        _other = new uint[_shape.TableEntries];
    }

    /// <summary>The directory; null when it is nowhere.</summary>
    internal DirectorySide? Primary => _primary;

    /// <summary>The redundant one; null when there is none.</summary>
    internal DirectorySide? Copy => _copy;

    /// <summary>Where a table and its copy are; 0 where there is none.</summary>
    internal (long Primary, long Copy) PlacesOf(int table) =>
        (_primary?.SectorOf(table) ?? 0, _copy?.SectorOf(table) ?? 0);

    /// <summary>Whether any table is not where the primary directory says.</summary>
    internal bool HasLostTables { get; private set; }

    /// <summary>
    /// The first table from a number on that any directory names; the number of all tables when none does.
    /// </summary>
    internal int Next(int table) => Math.Min(
        _primary?.Next(table) ?? _shape.DirectoryEntries, _copy?.Next(table) ?? _shape.DirectoryEntries);

    /// <summary>Takes all tables for metadata, and reports those that cannot be where they are said to be.</summary>
    internal void Run(CancellationToken cancellationToken)
    {
        if (_primary is not null && _copy is not null)
        {
            RestoreWhole(_primary, _copy, cancellationToken);
            RestoreWhole(_copy, _primary, cancellationToken);
        }

        // First those that lie where their neighbours say, then those that nothing speaks against: a stray entry must
        // not push a good one aside, nor be set right to where another's table lies. Before all of them those whose
        // table the other directory knows, too: where it says that there is none, the entry may be another's.
        foreach (bool inBoth in _primary is null || _copy is null ? [false] : new[] { true, false })
        {
            foreach (Standing standing in new[] { Standing.Expected, Standing.Elsewhere, Standing.Stray })
            {
                for (int table = Next(0); table < _shape.DirectoryEntries; table = Next(table + 1))
                {
                    cancellationToken.ThrowIfCancellationRequested();
                    if (!inBoth || (_primary!.EntryOf(table) != 0 && _copy!.EntryOf(table) != 0))
                    {
                        Accept(_primary, _copy, table, standing);
                        Accept(_copy, _primary, table, standing);
                    }
                }
            }
        }

        for (int table = Next(0); table < _shape.DirectoryEntries; table = Next(table + 1))
        {
            Restore(_primary, _copy, table);
            Restore(_copy, _primary, table);
        }
    }

    // What a damaged directory held is known where the other one is as every product lays it, its tables behind it, and
    // behind this one lie tables that all equal those.
    void RestoreWhole(DirectorySide side, DirectorySide other, CancellationToken cancellationToken)
    {
        var places = new DirectoryPlaces(_subject.File, _shape);
        long first = side.DirectorySector + _shape.DirectorySectors;
        if (places.IsRegular(side.DirectorySector) || !places.IsRegular(other.DirectorySector)
            || first + (_shape.DirectoryEntries * _shape.TableSectors) > _shape.FirstUsableSector
            || !AllEqual(first, other.DirectorySector + _shape.DirectorySectors, cancellationToken))
        {
            return;
        }

        bool isWrong = false;
        for (int table = 0; table < _shape.DirectoryEntries; table++)
        {
            long place = first + (table * _shape.TableSectors);
            if (side.EntryOf(table) != place && side.TryCorrect(table, place))
            {
                isWrong = true;
                Report(side, table, $"the table lies at sector {place}, as its copy and all others prove");
                Write(side, table, (uint)place, isProved: true);
            }
        }

        int unused = (int)(_shape.DirectorySectors << Sector.Shift) - (_shape.DirectoryEntries * sizeof(uint));
        if (isWrong && unused > 0)
        {
            _subject.Log.Propose(new WriteStep(
                _subject.File, RepairClass.Restore, $"{side.Name}: empty behind its last entry",
                side.OffsetOf(_shape.DirectoryEntries), new byte[unused]));
        }
    }

    bool AllEqual(long sector, long otherSector, CancellationToken cancellationToken)
    {
        for (int table = 0; table < _shape.DirectoryEntries; table++)
        {
            cancellationToken.ThrowIfCancellationRequested();
            long offset = table * _shape.TableSectors;
            _subject.File.ReadEntries((sector + offset) << Sector.Shift, _table);
            _subject.File.ReadEntries((otherSector + offset) << Sector.Shift, _other);
            if (!_table.AsSpan().SequenceEqual(_other))
            {
                return false;
            }
        }

        return true;
    }

    void Accept(DirectorySide? side, DirectorySide? other, int table, Standing standing)
    {
        bool isExpected = standing == Standing.Expected;
        if (side is null || side.IsAsExpected(table) != isExpected || side.IsSettled(table))
        {
            return;
        }

        bool isStray = !isExpected && other is not null && (side.EntryOf(table) != 0 || other.EntryOf(table) != 0)
            && IsStray(side, other, table);
        if (standing == Standing.Elsewhere && isStray)
        {
            return;
        }

        if (isStray)
        {
            long place = side.ExpectedSector(table);
            if (side.TryCorrect(table, place))
            {
                side.Reject(table);
                Report(side, table, $"the table lies at sector {place}, as its copy proves");
                Write(side, table, (uint)place, isProved: true);
            }

            return;
        }

        if (!side.TryAccept(table))
        {
            HasLostTables |= side.IsPrimary;
            uint entry = side.EntryOf(table);
            if (side.IsPossible(entry) && side.IsPrimary)
            {
                _subject.Find(
                    VmdkFindingKind.TableOverlap,
                    $"{side.Name}[{table}]: the table at sector {entry} lies over other metadata",
                    side.OffsetOf(table), _subject.GuestOfTable(table));
            }
            else
            {
                Report(side, table, $"no table can be at sector {entry}");
            }
        }
    }

    // An entry is stray when a table equal to the copy lies where the neighbours say, and none at the entry.
    bool IsStray(DirectorySide side, DirectorySide other, int table)
    {
        long expected = side.ExpectedSector(table);
        long copy = other.IsPossible(other.EntryOf(table)) ? other.EntryOf(table) : other.ExpectedSector(table);
        if (!side.IsPossible(expected) || !other.IsPossible(copy) || expected == copy
            || _subject.File.Metadata.Overlaps(expected, _shape.TableSectors)
            || (copy != other.SectorOf(table) && _subject.File.Metadata.Overlaps(copy, _shape.TableSectors)))
        {
            return false;
        }

        _subject.File.ReadEntries(expected << Sector.Shift, _table);
        _subject.File.ReadEntries(copy << Sector.Shift, _other);
        if (!_table.AsSpan().SequenceEqual(_other))
        {
            return false;
        }

        if (!side.IsPossible(side.EntryOf(table)))
        {
            // An entry of 0 names no table where both directories may; an empty table would prove nothing.
            return side.EntryOf(table) != 0 || IsTable(_table);
        }

        if (!IsTable(_table))
        {
            return false;
        }

        _subject.File.ReadEntries((long)side.EntryOf(table) << Sector.Shift, _table);
        return !_table.AsSpan().SequenceEqual(_other);
    }

    void Restore(DirectorySide? side, DirectorySide? other, int table)
    {
        if (side is null)
        {
            return;
        }

        bool missing = side.SectorOf(table) == 0 && side.EntryOf(table) == 0 && other is not null
            && other.SectorOf(table) != 0;
        if (missing)
        {
            _subject.Find(
                VmdkFindingKind.CopiesDisagree,
                $"{side.Name}[{table}] names no table, and the other directory does", side.OffsetOf(table),
                _subject.GuestOfTable(table));
        }
        else if (!side.IsRejected(table) || side.SectorOf(table) != 0)
        {
            return;
        }

        long expected = side.ExpectedSector(table);
        bool isDoubted = other is not null && other.EntryOf(table) == 0;
        if (isDoubted && !missing)
        {
            // One directory says that there is no table: what lies here or there is no proof of the contrary.
            if (side.IsPrimary)
            {
                ProposeDrop(side, table);
            }
            else
            {
                _subject.Log.Propose(new WriteStep(
                    _subject.File, RepairClass.Restore, $"{side.Name}[{table}]: no table, as in the other directory",
                    side.OffsetOf(table), new byte[sizeof(uint)]));
            }
        }
        else if (!missing && IsPlausible(side, expected) && side.TryCorrect(table, expected))
        {
            Write(side, table, (uint)expected, isProved: false);
        }
        else if (other?.SectorOf(table) is { } copy and not 0 && (!missing || IsProved(other, table, copy)))
        {
            _subject.Log.Propose(new CopyStep(
                _subject.File, RepairClass.Restore, $"{side.Name}[{table}]: a table made from the other directory's",
                copy << Sector.Shift, _shape.TableBytes, _shape.IsAligned ? _shape.GrainSectors : 1,
                [side.OffsetOf(table)]));
        }
        else if (!missing)
        {
            ProposeDrop(side, table);
        }
    }

    // Against an entry that names no table only one that lies where its neighbours say, and is a table.
    bool IsProved(DirectorySide side, int table, long sector)
    {
        if (!side.IsRegular || side.ExpectedSector(table) != sector)
        {
            return false;
        }

        _subject.File.ReadEntries(sector << Sector.Shift, _table);
        return IsTable(_table);
    }

    void ProposeDrop(DirectorySide side, int table)
    {
        if (side.IsPrimary)
        {
            _subject.Log.Propose(new WriteStep(
                _subject.File, RepairClass.Drop, $"{side.Name}[{table}]: its table is lost", side.OffsetOf(table),
                new byte[sizeof(uint)])
            { Lost = _subject.GuestOfTable(table) });
        }
    }

    // Entries that all are possible, and not all empty: two stretches of zeros or of content are equal by chance.
    bool IsTable(ReadOnlySpan<uint> entries)
    {
        int used = 0;
        foreach (uint entry in entries)
        {
            if (entry != 0)
            {
                used++;
                if (!_shape.IsPlaceless(entry) && !_subject.CanBeginAt(entry))
                {
                    return false;
                }
            }
        }

        return used != 0;
    }

    // A table between its neighbours, none of whose entries is impossible.
    bool IsPlausible(DirectorySide side, long sector)
    {
        if (_shape.IsCowd || !side.IsPossible(sector) || sector + _shape.TableSectors > _shape.FirstUsableSector
            || _subject.File.Metadata.Overlaps(sector, _shape.TableSectors))
        {
            return false;
        }

        _subject.File.ReadEntries(sector << Sector.Shift, _table);
        int good = 0;
        int used = 0;
        foreach (uint entry in _table)
        {
            used += entry == 0 ? 0 : 1;
            good += entry != 0 && (_shape.IsPlaceless(entry) || _subject.LeadsToGrains(entry)) ? 1 : 0;
        }

        // A table that is damaged besides still counts when most of it is in order; an empty one, which any zeros are,
        // where more than one neighbour says that it is there.
        return used == 0 ? side.IsRegular : good * 2 >= used;
    }

    void Report(DirectorySide side, int table, string text) => _subject.Find(
        side.Fault, $"{side.Name}[{table}] is sector {side.EntryOf(table)}: {text}", side.OffsetOf(table),
        _subject.GuestOfTable(table));

    void Write(DirectorySide side, int table, uint sector, bool isProved) => _subject.Log.Propose(new WriteStep(
        _subject.File, RepairClass.Restore, $"{side.Name}[{table}]: the table is at sector {sector}",
        side.OffsetOf(table), SparseMarks.Bytes(sector))
    { ProvedTable = isProved && side.IsPrimary ? table : null });

    /// <summary>What speaks for an entry.</summary>
    enum Standing
    {
        /// <summary>It leads where its neighbours say.</summary>
        Expected,

        /// <summary>It leads elsewhere, and no proof says that this is wrong.</summary>
        Elsewhere,

        /// <summary>It leads elsewhere, and its table is proved to be where its neighbours say.</summary>
        Stray,
    }
}
