using System.Buffers.Binary;
using VmdkFast.Format;
using VmdkFast.Writing;

namespace VmdkFast.Checking;

/// <summary>Judges where entries point, and gives each grain its space. Not thread-safe.</summary>
sealed class GrainCheck(SparseSubject subject, StoredGrains stored)
{
    readonly CheckedFile _file = subject.File;
    // More faults than a repair takes steps are found by its next round.
    const int MaxFaults = 1 << 19;

    readonly SparseShape _shape = subject.Shape;
    readonly List<(EntryPlace Place, GuestStretch Guest)> _faults = [];
    readonly HashSet<uint> _doubted = [];
    long _next;

    internal long Allocated { get; private set; }

    internal long Fragmented { get; private set; }

    /// <summary>Behind the last used byte of a grain.</summary>
    internal long EndBytes { get; private set; }

    /// <summary>The highest sector that an entry of a compressed grain names, right or wrong.</summary>
    internal long HighestSector { get; private set; }

    /// <summary>Compressed grains that the walk along the markers has not met.</summary>
    internal StoredGrains Unlisted { get; } = new();

    /// <summary>Whether an entry could be right: what it points to is in the file, free, and the grain's own.</summary>
    internal bool IsPossible(long grain, uint entry)
    {
        if (_shape.IsPlaceless(entry))
        {
            return true;
        }

        if (!subject.CanBeginAt(entry))
        {
            return false;
        }

        long? length = LengthOf(grain, entry, out _);
        return length is { } sectors && !_file.Used.Overlaps(entry, sectors);
    }

    /// <summary>Takes the space of grains that lie side by side, when nothing at all is to be said of them.</summary>
    /// <returns>False, and nothing is taken, when each must be looked at by itself.</returns>
    internal bool TryTake(uint entry, int count)
    {
        long sectors = count * _shape.GrainSectors;
        if (_shape.Compressed || entry < _shape.FirstUsableSector || !_file.Holds(entry, sectors << Sector.Shift)
            || (_shape.IsAligned && entry % _shape.GrainSectors != 0) || !_file.Used.TryAdd(entry, sectors))
        {
            return false;
        }

        Fragmented += Allocated != 0 && entry != _next ? 1 : 0;
        Allocated += count;
        _next = entry + sectors;
        EndBytes = Math.Max(EndBytes, _next << Sector.Shift);
        return true;
    }

    /// <summary>Counts grains that have their space already.</summary>
    internal void Take(in SweptGrains swept)
    {
        if (swept.Count != 0)
        {
            Fragmented += swept.Breaks;
            Allocated += swept.Count;
            _next = swept.NextSector;
            EndBytes = swept.EndSector << Sector.Shift;
        }
    }

    /// <summary>Takes the space that an entry points to, or reports why it cannot have it.</summary>
    internal void Take(in EntryPlace place, uint entry)
    {
        if (_shape.IsPlaceless(entry))
        {
            return;
        }

        HighestSector = Math.Max(HighestSector, entry);
        GuestStretch guest = subject.GuestOfGrain(place.Grain);
        if (!subject.LeadsToGrains(entry))
        {
            Fault(
                VmdkFindingKind.TableEntryInvalid, place, entry, $"sector {entry}, where no grain can be", guest);
            return;
        }

        long? length = LengthOf(place.Grain, entry, out string? fault);
        if (length is not { } sectors)
        {
            Fault(
                VmdkFindingKind.MarkerMismatch, place, entry, $"sector {entry}: {fault}", guest,
                (long)entry << Sector.Shift);
            return;
        }

        if (_file.Metadata.Overlaps(entry, sectors))
        {
            Fault(VmdkFindingKind.GrainOverMetadata, place, entry, $"sector {entry}, where metadata lies", guest);
            return;
        }

        if (_file.Used.Overlaps(entry, sectors))
        {
            Share(place, entry, sectors, guest);
            return;
        }

        Note(place, entry, guest);
        if (_shape.Compressed)
        {
            List(place.Grain, entry, sectors);
        }

        Own(entry, sectors);
    }

    void Note(in EntryPlace place, uint entry, GuestStretch guest)
    {
        if (_shape.IsAligned && entry % _shape.GrainSectors != 0)
        {
            subject.Find(
                VmdkFindingKind.GrainMisaligned, $"{place.Name} is sector {entry}, no multiple of the grain",
                place.OffsetBytes, guest);
        }

        long start = (long)entry << Sector.Shift;
        if (!_shape.Compressed && start + guest.LengthBytes > _file.LengthBytes)
        {
            subject.Find(
                VmdkFindingKind.GrainCutOff,
                $"{place.Name}: the file ends {_file.LengthBytes - start} bytes into the grain",
                start, guest);
        }
    }

    void List(long grain, uint entry, long sectors)
    {
        int known = stored.Find(grain, entry);
        if (known >= 0)
        {
            stored.SetNamed(known);
        }
        else
        {
            Unlisted.Add(new StoredPlace(grain, entry, (uint)sectors));
        }
    }

    void Own(uint entry, long sectors)
    {
        Fragmented += Allocated != 0 && entry != _next ? 1 : 0;
        Allocated++;
        _next = entry + sectors;
        _file.Used.Add(entry, sectors);
        EndBytes = Math.Max(EndBytes, Math.Min(_file.LengthBytes, (entry + sectors) << Sector.Shift));
    }

    void Share(in EntryPlace place, uint entry, long sectors, GuestStretch guest)
    {
        subject.Find(
            VmdkFindingKind.GrainShared, $"{place.Name} is sector {entry}, which another grain owns",
            place.OffsetBytes, guest);

        // Of compressed grains only one can be meant, and its marker says which; LengthOf has asked it.
        if (!_shape.Compressed)
        {
            subject.Log.Propose(new CopyStep(
                _file, RepairClass.Restore, $"{place.Name}: a copy of its own of the grain at sector {entry}",
                (long)entry << Sector.Shift, sectors << Sector.Shift, _shape.IsAligned ? _shape.GrainSectors : 1,
                place.OffsetsBytes)
            { PartsOwners = true });
        }

        Allocated++;
        _next = entry + sectors;
    }

    void Fault(
        VmdkFindingKind kind, in EntryPlace place, uint entry, string text, GuestStretch guest,
        long? offsetBytes = null)
    {
        subject.Find(kind, $"{place.Name} is {text}", offsetBytes ?? place.OffsetBytes, guest);
        if (_faults.Count < MaxFaults)
        {
            _faults.Add((place, guest));
            if (_shape.Markers)
            {
                _doubted.Add(entry);
            }
        }
    }

    /// <summary>Whether a stored grain says that it belongs to a place, and no other one does.</summary>
    internal bool IsStored(long grain) => _shape.Markers && stored.Find(grain) is not null;

    /// <summary>
    /// Whether an entry names a sector whose marker says otherwise: one of the two is wrong, and nobody knows which.
    /// </summary>
    internal bool IsDoubted(uint sector) => _doubted.Contains(sector);

    /// <summary>Proposes what becomes of entries that cannot be right; when all tables have been looked at.</summary>
    internal void Settle()
    {
        foreach ((EntryPlace place, GuestStretch guest) in _faults)
        {
            Settle(place, guest);
        }
    }

    void Settle(in EntryPlace place, GuestStretch guest)
    {
        StoredPlace? found = _shape.Markers && stored.Find(place.Grain) is { } marked && !IsDoubted(marked.Sector)
            ? marked
            : null;
        foreach (long entryOffset in place.OffsetsBytes)
        {
            subject.Log.Propose(found is { } there
                ? new WriteStep(
                    _file, RepairClass.Restore, $"{place.Name}: the grain's marker stands at sector {there.Sector}",
                    entryOffset, SparseMarks.Bytes(there.Sector))
                { BroughtBack = guest }
                : new WriteStep(
                    _file, RepairClass.Drop, $"{place.Name}: the grain is lost", entryOffset, new byte[sizeof(uint)])
                {
                    Lost = guest,
                });
        }

        if (found is { } taken)
        {
            int index = stored.Find(place.Grain, taken.Sector);
            stored.SetNamed(index);
            _file.Used.Add(taken.Sector, taken.LengthSectors);
            EndBytes = Math.Max(EndBytes, ((long)taken.Sector + taken.LengthSectors) << Sector.Shift);
        }
    }

    /// <summary>How many sectors a grain takes; null when no such grain can be there.</summary>
    long? LengthOf(long grain, uint entry, out string? fault)
    {
        fault = null;
        if (!_shape.Compressed)
        {
            return _shape.GrainSectors;
        }

        int known = stored.Find(grain, entry);
        if (known >= 0)
        {
            return stored[known].LengthSectors;
        }

        Span<byte> start = stackalloc byte[GrainMarker.SizeBytes];
        int prefix = _shape.Markers ? GrainMarker.SizeBytes : sizeof(uint);
        long offsetBytes = (long)entry << Sector.Shift;
        start = start[.._file.File.Read(start[..prefix], offsetBytes)];
        if (start.Length < prefix)
        {
            fault = "the file ends inside the marker";
            return null;
        }

        uint dataBytes = _shape.Markers
            ? GrainMarker.Read(start).DataBytes
            : BinaryPrimitives.ReadUInt32LittleEndian(start);
        if (_shape.Markers && GrainMarker.Read(start).LbaSectors != (ulong)(grain * _shape.GrainSectors))
        {
            fault = $"the marker there belongs to disk sector {GrainMarker.Read(start).LbaSectors}, not "
                + $"{grain * _shape.GrainSectors}";
            return null;
        }

        if (dataBytes == 0 || prefix + (long)dataBytes > _shape.MaxStoredBytes
            || !_file.Holds(entry, prefix + (long)dataBytes))
        {
            fault = $"the grain there has an impossible length, {dataBytes} bytes";
            return null;
        }

        return Sector.CountFor(prefix + (long)dataBytes);
    }
}
