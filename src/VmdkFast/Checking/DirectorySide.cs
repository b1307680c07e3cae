using System.Collections;

namespace VmdkFast.Checking;

/// <summary>One of the two directories of an extent: where its tables are, and where they should be.</summary>
sealed class DirectorySide
{
    // More corrections than this are found by the next round.
    const int MaxCorrections = 1 << 20;

    readonly SparseSubject _subject;
    readonly EntryReader _entries;
    readonly BitArray _rejected;
    readonly BitArray _accepted;
    readonly Dictionary<int, long> _corrections = [];
    readonly long _base;

    internal DirectorySide(SparseSubject subject, long sector, bool isPrimary)
    {
        _subject = subject;
        IsPrimary = isPrimary;
        DirectorySector = sector;
        SparseShape shape = subject.Shape;
        _entries = new EntryReader(subject.File, sector, shape.DirectoryEntries);
        _rejected = new BitArray(shape.DirectoryEntries);
        _accepted = new BitArray(shape.DirectoryEntries);
        _base = FindBase(sector + shape.DirectorySectors);
    }

    internal bool IsPrimary { get; }

    /// <summary>Where the directory itself is.</summary>
    internal long DirectorySector { get; }

    /// <summary>Whether at least two entries say where the tables lie side by side.</summary>
    internal bool IsRegular { get; private set; }

    internal string Name => IsPrimary ? "grainDirectory" : "redundantGrainDirectory";

    internal VmdkFindingKind Fault => IsPrimary ? VmdkFindingKind.DirectoryEntryInvalid : VmdkFindingKind.CopyInvalid;

    /// <summary>The first table from a number on that has an entry; the number of all tables when none has.</summary>
    internal int Next(int table) => _entries.NextUsed(table);

    internal uint EntryOf(int table) => _entries[table];

    internal long OffsetOf(int table) => _entries.OffsetOf(table);

    /// <summary>Where the table would be if all lay side by side, as in every product's files but exports.</summary>
    internal long ExpectedSector(int table) => _base + (table * _subject.Shape.TableSectors);

    internal bool IsAsExpected(int table) => _entries[table] == ExpectedSector(table);

    /// <summary>Where the table is, as far as that is known; 0 when it is nowhere.</summary>
    internal long SectorOf(int table) =>
        _corrections.TryGetValue(table, out long corrected) ? corrected
        : _rejected[table] ? 0
        : _entries[table];

    internal bool IsRejected(int table) => _rejected[table];

    /// <summary>Whether it has been decided whether the entry is right.</summary>
    internal bool IsSettled(int table) =>
        _rejected[table] || _accepted[table] || _corrections.ContainsKey(table);

    /// <summary>Whether a table can be at a place, as far as the file's borders say.</summary>
    internal bool IsPossible(long sector)
    {
        SparseShape shape = _subject.Shape;
        long first = shape.IsCowd ? shape.FirstUsableSector : 1;
        return sector >= first && _subject.File.Holds(sector, shape.TableBytes)
            && _subject.MarkedGrains?.Overlaps(sector, shape.TableSectors) != true;
    }

    /// <summary>Takes an entry as it is, if nothing lies there yet.</summary>
    internal bool TryAccept(int table)
    {
        uint entry = _entries[table];
        if (entry == 0)
        {
            return true;
        }

        if (IsPossible(entry) && _subject.File.TryAddMetadata(entry, _subject.Shape.TableSectors))
        {
            _accepted[table] = true;
            return true;
        }

        _rejected[table] = true;
        return false;
    }

    internal void Reject(int table) => _rejected[table] = true;

    /// <summary>Goes by another place than the entry's from now on.</summary>
    internal bool TryCorrect(int table, long sector)
    {
        if (_corrections.Count == MaxCorrections
            || !_subject.File.TryAddMetadata(sector, _subject.Shape.TableSectors))
        {
            return false;
        }

        _corrections[table] = sector;
        return true;
    }

    // The place of table 0 that most entries speak for (by their majority vote), or else right behind the directory.
    long FindBase(long standard)
    {
        long tableSectors = _subject.Shape.TableSectors;
        long candidate = 0;
        long lead = 0;
        int count = _subject.Shape.DirectoryEntries;
        for (int i = Next(0); i < count; i = Next(i + 1))
        {
            long vote = _entries[i] - (i * tableSectors);
            candidate = lead == 0 ? vote : candidate;
            lead += vote == candidate ? 1 : -1;
        }

        long votes = 0;
        for (int i = Next(0); i < count && votes < 2; i = Next(i + 1))
        {
            votes += _entries[i] - (i * tableSectors) == candidate ? 1 : 0;
        }

        IsRegular = votes >= 2;
        return votes >= 2 ? candidate : standard;
    }
}
