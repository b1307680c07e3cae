using System.Buffers.Binary;
using VmdkFast.Format;

namespace VmdkFast.Checking;

/// <summary>
/// Proposes new tables, directory and footer for an exported stream, made from the markers of its grains and written
/// behind the last of them. A stream that was cut short becomes a complete one of what it still holds.
/// </summary>
sealed class StreamRebuild(
    SparseSubject subject, DirectoryCheck directory, StoredGrains stored, MarkerWalk walk)
{
    // 256 tables and markers, 640 KiB: one step, one write.
    const int TablesPerStep = 256;

    // The directory of 62 TiB, the most that VMware makes, takes 7.8 MiB. What claims more, and more than the file has,
    // is no size to make a directory for.
    const long MaxDirectoryBytes = 8 << 20;

    readonly CheckedFile _file = subject.File;
    readonly SparseShape _shape = subject.Shape;
    readonly List<byte> _bytes = [];
    readonly HashSet<long> _tablesWithGrains = [];
    long _limit;
    long _sector;

    /// <summary>Replaces all other steps for the file.</summary>
    internal void Propose(string reason)
    {
        _limit = EndOfWholeGrains();
        _sector = _limit;
        var header = new byte[SparseHeader.SizeBytes];
        if (_sector + (_shape.DirectoryEntries * (1 + _shape.TableSectors)) > uint.MaxValue
            || _shape.DirectorySectors << Sector.Shift > Math.Max(MaxDirectoryBytes, _file.LengthBytes)
            || _limit > _file.LengthSectors
            || _file.File.Read(header, 0) < header.Length)
        {
            return;
        }

        subject.Log.Withdraw(_file);
        long end = _sector << Sector.Shift;
        if (end < _file.LengthBytes)
        {
            subject.Log.Propose(
                new CutStep(_file, RepairClass.Restore, $"{reason}: what follows the last whole grain", end));
        }

        for (int i = 0; i < stored.Count; i++)
        {
            _tablesWithGrains.Add(stored[i].Grain / _shape.TableEntries);
        }

        var entries = new uint[_shape.DirectoryEntries];
        for (int table = 0; table < entries.Length; table++)
        {
            if (TableOf(table) is { } grains)
            {
                AddMarker(MarkerType.GrainTable, _shape.TableSectors);
                entries[table] = (uint)_sector;
                AddEntries(grains);
            }

            if (_bytes.Count >= TablesPerStep * Sector.Bytes)
            {
                Flush(reason);
            }
        }

        AddMarker(MarkerType.GrainDirectory, _shape.DirectorySectors);
        BinaryPrimitives.WriteUInt64LittleEndian(
            header.AsSpan((int)HostedHeaderCheck.OffsetOf(nameof(SparseHeader.DirectoryOffsetSectors))),
            (ulong)_sector);
        AddEntries(entries);
        AddMarker(MarkerType.Footer, 1);
        Add(header);
        AddMarker(MarkerType.EndOfStream, 0);
        Flush(reason);
    }

    // The last grain may be whole in length and still miss its end, when the file was filled up with zeros.
    long EndOfWholeGrains()
    {
        long end = _shape.FirstUsableSector;
        StoredPlace? last = null;
        for (int i = 0; i < stored.Count; i++)
        {
            StoredPlace place = stored[i];
            if (place.Sector + place.LengthSectors > (last is { } known ? known.Sector + known.LengthSectors : 0))
            {
                end = Math.Max(end, last is { } before ? before.Sector + before.LengthSectors : end);
                last = place;
            }
            else
            {
                end = Math.Max(end, place.Sector + place.LengthSectors);
            }
        }

        return last is { } tail && walk.Inflates(tail.Sector) ? tail.Sector + tail.LengthSectors : end;
    }

    // Null when the table would be empty: an export leaves it out.
    uint[]? TableOf(int table)
    {
        uint[]? entries = null;
        long first = (long)table * _shape.TableEntries;
        long count = Math.Min(_shape.TableEntries, _shape.Grains - first);
        bool hasGrains = _tablesWithGrains.Contains(table);
        uint[]? old = _shape.ZeroGrains || hasGrains ? OldTable(table) : null;
        if (old is null && !hasGrains)
        {
            // A header may claim 2^29 grains; looking for each of them would take half a minute.
            return null;
        }

        for (int index = 0; index < count; index++)
        {
            uint entry = EntryOf(first + index, old is null ? 0 : old[index]);
            if (entry != 0)
            {
                entries ??= new uint[_shape.TableEntries];
                entries[index] = entry;
            }
        }

        return entries;
    }

    // Where two grains say that they belong to one place, the old table decides between them, or nobody.
    uint EntryOf(long grain, uint old)
    {
        if (stored.Find(grain) is { } place && place.Sector + place.LengthSectors <= _limit)
        {
            return place.Sector;
        }

        int named = stored.Find(grain, old);
        bool isNamed = named >= 0 && old + stored[named].LengthSectors <= _limit;
        return isNamed || (old == 1 && _shape.ZeroGrains) ? old : 0;
    }

    uint[]? OldTable(int table)
    {
        if (directory.PlacesOf(table).Primary is 0)
        {
            return null;
        }

        var entries = new uint[_shape.TableEntries];
        _file.ReadEntries(directory.PlacesOf(table).Primary << Sector.Shift, entries);
        return entries;
    }

    void AddMarker(MarkerType type, long sectors)
    {
        Span<byte> bytes = stackalloc byte[MetadataMarker.SizeBytes];
        bytes.Clear();
        MetadataMarker.Writer marker = MetadataMarker.CreateWriter(bytes);
        marker.LengthSectors = (ulong)sectors;
        marker.Type = type;
        Add(bytes);
    }

    void AddEntries(ReadOnlySpan<uint> entries)
    {
        var bytes = new byte[Sector.CountFor((long)entries.Length * sizeof(uint)) << Sector.Shift];
        for (int i = 0; i < entries.Length; i++)
        {
            BinaryPrimitives.WriteUInt32LittleEndian(bytes.AsSpan(i * sizeof(uint)), entries[i]);
        }

        Add(bytes);
    }

    void Add(ReadOnlySpan<byte> sectors)
    {
        _bytes.AddRange(sectors);
        _sector += sectors.Length >> Sector.Shift;
    }

    void Flush(string reason)
    {
        byte[] bytes = _bytes.ToArray();
        _bytes.Clear();
        subject.Log.Propose(new WriteStep(
            _file, RepairClass.Restore, $"{reason}: tables, directory and footer from the markers",
            (_sector << Sector.Shift) - bytes.Length, bytes));
    }
}
