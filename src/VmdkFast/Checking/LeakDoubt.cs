using VmdkFast.Format;
using VmdkFast.Layout;

namespace VmdkFast.Checking;

/// <summary>
/// Says where what nothing uses may be used after all: the rest of grains that are longer than the header says, or the
/// grains of a table that has lost its entries.
/// </summary>
/// <param name="subject">The extent.</param>
/// <param name="directory">Its directories.</param>
/// <param name="leaks">What nothing uses in it.</param>
sealed class LeakDoubt(SparseSubject subject, DirectoryCheck directory, LeakCheck leaks)
{
    const long MaxGrainSectors = 2048;

    // One grain, and a leak behind it, is what any writer leaves that was cut short.
    const int FewestGrains = 2;

    readonly SparseShape _shape = subject.Shape;
    readonly CheckedFile _file = subject.File;

    /// <summary>Reports it; when all tables, and what they leave, have been looked at.</summary>
    internal void Run()
    {
        if (!_shape.Compressed && LongerGrain() is { } grainSectors)
        {
            IReadOnlyList<LayoutField> fields = [.. _shape.IsCowd ? CowdHeader.Fields : SparseHeader.Fields];
            subject.Find(
                VmdkFindingKind.HeaderOdd,
                $"header field {nameof(SparseHeader.GrainSizeSectors)}: found {_shape.GrainSectors} sectors; all that "
                + $"nothing uses lies behind single grains, as if {grainSectors} were right",
                fields.First(field => field.Name == nameof(SparseHeader.GrainSizeSectors)).OffsetBytes);
            subject.Log.WithdrawFree(_file);
        }

        if (_shape.IsCowd)
        {
            FindEmptyTables();
        }
    }

    // ESX makes a table for the first grain in it, and puts it where its file ends: all its grains lie behind.
    void FindEmptyTables()
    {
        var reader = new TableReader(_file, _shape);
        DirectorySide side = directory.Primary!;
        for (int table = side.Next(0); table < _shape.DirectoryEntries; table = side.Next(table + 1))
        {
            long sector = side.SectorOf(table);
            if (sector == 0 || sector >= leaks.EndSector
                || (!reader.IsHole(sector) && reader.Read(sector).ContainsAnyExcept(0u)))
            {
                continue;
            }

            subject.Find(
                VmdkFindingKind.DirectoryEntryInvalid,
                $"{side.Name}[{table}]: the table at sector {sector} has no entry, and what nothing uses may be its "
                + "grains", side.OffsetOf(table), subject.GuestOfTable(table));
            subject.Log.Propose(new WriteStep(
                _file, RepairClass.Drop, $"{side.Name}[{table}]: the entries of its table are lost",
                side.OffsetOf(table), new byte[sizeof(uint)])
            { Lost = subject.GuestOfTable(table) });
        }
    }

    // Null when the size of grains is proved, or some use or some leak does not fit a longer one.
    long? LongerGrain()
    {
        long grain = _shape.GrainSectors;
        while (grain < leaks.ReachSectors + _shape.GrainSectors)
        {
            grain *= 2;
        }

        if (!leaks.FollowsGrains || grain > MaxGrainSectors)
        {
            return null;
        }

        int fewest = FewestGrains;
        if (_shape.IsCowd)
        {
            // The header says how many tables there are, too.
            return _shape.DirectoryEntries == 1 && StandAlone(grain, fewest) ? grain : null;
        }

        var places = new DirectoryPlaces(_file, _shape);
        if (places.IsRegular(_shape.DirectorySector)
            && (_shape.RedundantSector == 0 || places.AreUsual(_shape.DirectorySector, _shape.RedundantSector)))
        {
            long end = _shape.DirectorySector + _shape.DirectorySectors
                + (_shape.DirectoryEntries * _shape.TableSectors);
            bool fits = Sector.RoundUp(end, _shape.GrainSectors) == _shape.FirstUsableSector;
            bool fitsLonger = Sector.RoundUp(end, grain) == _shape.FirstUsableSector;
            if (_shape.DirectoryEntries > 1 || (fits && !fitsLonger))
            {
                return null;
            }

            fewest = fits ? FewestGrains : 1;
        }

        return StandAlone(grain, fewest) ? grain : null;
    }

    // Whether no grain in use has another one directly behind it, and all could begin longer ones.
    bool StandAlone(long longerSectors, int fewest)
    {
        int count = 0;
        for (long at = _shape.FirstUsableSector; at < _file.LengthSectors;)
        {
            long start = _file.Used.NextUsed(at, _file.LengthSectors);
            long end = _file.Used.NextFree(start, _file.LengthSectors);
            at = Math.Max(end, at + 1);
            if (start == end || !AreAlone(start, end, longerSectors, ref count))
            {
                return start == end && count >= fewest;
            }
        }

        return count >= fewest;
    }

    // In ESX files tables lie among the grains.
    bool AreAlone(long start, long end, long longerSectors, ref int count)
    {
        for (long at = start; at < end;)
        {
            long grain = _file.Metadata.NextFree(at, end);
            at = _file.Metadata.NextUsed(grain, end);
            if (at - grain > _shape.GrainSectors || (_shape.IsAligned && grain % longerSectors != 0))
            {
                return false;
            }

            count += at > grain ? 1 : 0;
        }

        return true;
    }
}
