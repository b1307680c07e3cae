using System.Collections;
using VmdkFast.Writing;

namespace VmdkFast.Checking;

/// <summary>
/// Judges every table entry, and every entry against its copy, where a <see cref="TableSweep"/> does not do. Entries on
/// which both copies agree take their grains first; then those in dispute are judged by what is still free.
/// </summary>
sealed class TableCheck
{
    readonly SparseSubject _subject;
    readonly SparseShape _shape;
    readonly DirectoryCheck _directory;
    readonly GrainCheck _grains;
    readonly TablePairReader _reader;
    readonly BitArray _disputed;
    readonly LostSectorCheck _lostSectors;
    ulong _touched;

    internal TableCheck(SparseSubject subject, DirectoryCheck directory, GrainCheck grains)
    {
        _subject = subject;
        _shape = subject.Shape;
        _directory = directory;
        _grains = grains;
        _reader = new TablePairReader(subject.File, subject.Shape);
        _lostSectors = new LostSectorCheck(subject, grains);
        _disputed = new BitArray(subject.Shape.DirectoryEntries);
    }

    /// <summary>Looks at every table.</summary>
    /// <param name="advance">Hears up to where the disk is done.</param>
    /// <param name="cancellationToken">Ends the work between two tables.</param>
    internal void Run(Action<long> advance, CancellationToken cancellationToken)
    {
        for (int table = _directory.Next(0); table < _shape.DirectoryEntries; table = _directory.Next(table + 1))
        {
            cancellationToken.ThrowIfCancellationRequested();
            Agree(table);
            GuestStretch done = _shape.CoverageOf(table);
            advance(done.OffsetBytes + done.LengthBytes);
        }

        for (int table = 0; table < _shape.DirectoryEntries; table++)
        {
            if (_disputed[table])
            {
                cancellationToken.ThrowIfCancellationRequested();
                Settle(table);
            }
        }

        _grains.Settle();
    }

    void Agree(int table)
    {
        (long Primary, long Copy) places = _directory.PlacesOf(table);
        if (!_reader.TryRead(places, out ReadOnlySpan<uint> truth, out ReadOnlySpan<uint> other))
        {
            return;
        }

        int count = _shape.CountOf(table);
        _disputed[table] = !truth.SequenceEqual(other);
        _touched ^= _subject.File.Used.Touch(truth[..count]);
        for (int index = 0; index < count;)
        {
            int run = 1;
            if (truth[index] != 0 && truth[index] == other[index])
            {
                run = _disputed[table] ? 1 : RunLength(truth[index..count]);
                Take(table, index, run, places, truth);
            }

            index += run;
        }
    }

    // What a writer laid down one after the other is judged at once: 16 million grains of 1 TiB in 0.1 s, not in 0.8.
    void Take(int table, int index, int run, (long Primary, long Copy) places, ReadOnlySpan<uint> entries)
    {
        if (_grains.TryTake(entries[index], run))
        {
            return;
        }

        for (int end = index + run; index < end; index++)
        {
            _grains.Take(PlaceOf(table, index, places.Primary, places.Copy), entries[index]);
        }
    }

    // How many entries name grains side by side.
    int RunLength(ReadOnlySpan<uint> entries)
    {
        int length = 1;
        while (length < entries.Length && entries[length] == entries[length - 1] + _shape.GrainSectors)
        {
            length++;
        }

        return length;
    }

    void Settle(int table)
    {
        (long primary, long copy) = _directory.PlacesOf(table);
        _reader.TryRead((primary, copy), out ReadOnlySpan<uint> entries, out ReadOnlySpan<uint> copies);
        int count = _shape.CountOf(table);
        for (int first = 0; first < count; first += LostSectorCheck.Entries)
        {
            int end = Math.Min(count, first + LostSectorCheck.Entries);
            bool isSettled = _lostSectors.TrySettle(
                PlaceOf(table, first, primary, copy), entries[first..end], copies[first..end]);
            for (int index = first; index < end && !isSettled; index++)
            {
                if (entries[index] != copies[index])
                {
                    Settle(PlaceOf(table, index, primary, copy), entries[index], copies[index]);
                }
            }
        }

        for (int index = count; index < _shape.TableEntries; index++)
        {
            if (entries[index] != copies[index])
            {
                SettleUnused(PlaceOf(table, index, primary, copy), entries[index], copies[index]);
            }
        }
    }

    // Behind the disk's end no entry means anything; they differ only where one was damaged.
    void SettleUnused(in EntryPlace place, uint primary, uint copy)
    {
        _subject.Find(
            primary != 0 ? VmdkFindingKind.TableEntryInvalid : VmdkFindingKind.CopyInvalid,
            $"{place.Name} is sector {primary} and in the copy sector {copy}, behind the end of the disk",
            place.OffsetBytes);
        foreach (long offset in place.OffsetsBytes)
        {
            _subject.Log.Propose(new WriteStep(
                _subject.File, RepairClass.Restore, $"{place.Name}: empty, behind the end of the disk", offset,
                SparseMarks.Bytes(0)));
        }
    }

    void Settle(in EntryPlace place, uint primary, uint copy)
    {
        bool primaryCan = _grains.IsPossible(place.Grain, primary);
        bool copyCan = _grains.IsPossible(place.Grain, copy);
        GuestStretch guest = _subject.GuestOfGrain(place.Grain);
        if (!primaryCan && (!copyCan || (copy == 0 && _grains.IsStored(place.Grain))))
        {
            _grains.Take(place, primary);
            return;
        }

        if (!copyCan && primary == 0 && _grains.IsStored(place.Grain))
        {
            _grains.Take(place, copy);
            return;
        }

        // A grain that nobody else owns outweighs an entry that names none: dropping it could lose data, keeping it
        // cannot. One of zeros holds none, and would hide what the parent has.
        bool takesCopy = !primaryCan || (copyCan && primary == 0 && copy > 1 && !IsOfZeros(copy));
        (VmdkFindingKind kind, string fault) = !primaryCan ? (VmdkFindingKind.TableEntryInvalid, "the entry")
            : !copyCan ? (VmdkFindingKind.CopyInvalid, "its copy")
            : (VmdkFindingKind.CopiesDisagree, "one of them");
        _subject.Find(
            kind, $"{place.Name} is sector {primary} and in the copy sector {copy}; {fault} is wrong",
            place.OffsetBytes, guest);
        uint chosen = takesCopy ? copy : primary;
        _subject.Log.Propose(new WriteStep(
            _subject.File, RepairClass.Restore, $"{place.Name}: {(takesCopy ? "from its copy" : "to its copy")}",
            takesCopy ? place.OffsetBytes : place.CopyOffsetBytes, SparseMarks.Bytes(chosen))
        {
            // One of the two was damaged, or both were, and a grain that nothing names is what they have lost.
            LostIfUnused = chosen <= 1 && !(primaryCan && copyCan) ? guest : null,
        });
        _grains.Take(place, chosen);
    }

    bool IsOfZeros(uint entry)
    {
        long start = (long)entry << Sector.Shift;
        return !_shape.Compressed && _subject.File.FirstUsedByte(start, start + _shape.GrainBytes) < 0;
    }

    EntryPlace PlaceOf(int table, int index, long primary, long copy)
    {
        long offset = (long)index * sizeof(uint);
        long first = (primary << Sector.Shift) + offset;
        long second = (copy << Sector.Shift) + offset;
        return new EntryPlace(
            ((long)table * _shape.TableEntries) + index, table, index, primary == 0 ? second : first,
            primary == 0 || copy == 0 ? 0 : second);
    }
}

/// <summary>An entry of a table.</summary>
/// <param name="Grain">The grain that it places.</param>
/// <param name="Table">Its table.</param>
/// <param name="Index">Its index there.</param>
/// <param name="OffsetBytes">Where it is in the file.</param>
/// <param name="CopyOffsetBytes">Where its copy is; 0 when there is none.</param>
readonly record struct EntryPlace(long Grain, int Table, int Index, long OffsetBytes, long CopyOffsetBytes)
{
    /// <summary>The entry that comes a number of entries behind this one.</summary>
    internal EntryPlace At(int index) => new(
        Grain + index, Table, Index + index, OffsetBytes + (index * sizeof(uint)),
        CopyOffsetBytes == 0 ? 0 : CopyOffsetBytes + (index * sizeof(uint)));

    internal string Name => $"grainTable[{Table}][{Index}]";

    /// <summary>All places that must hold the same.</summary>
    internal long[] OffsetsBytes => CopyOffsetBytes == 0 ? [OffsetBytes] : [OffsetBytes, CopyOffsetBytes];
}
