using System.Buffers.Binary;
using VmdkFast.Format;

namespace VmdkFast.Checking;

/// <summary>
/// Proposes new tables, directory and footer for an exported stream, made from the markers of its grains and written
/// behind the last of them. A stream that was cut short becomes a complete one of what it still holds.
/// </summary>
/// <remarks>
/// What an old table names and no marker confirms is named by the new one too: it stays an error. Where a grain without
/// a marker may have been in a table that is lost itself, the new one would be silent about it; then the whole is
/// something that only who gives up what is lost may want.
/// </remarks>
sealed class StreamRebuild(SparseSubject subject, OldTables old, StoredGrains stored, MarkerWalk walk)
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
    readonly Queue<GuestStretch> _lost = new();
    RepairClass _class = RepairClass.Restore;
    bool _replacesDirectory;
    IReadOnlySet<int>? _replacedTables;
    long _limit;
    long _sector;

    /// <summary>Replaces all other steps for the file.</summary>
    /// <param name="reason">What is wrong with the tables that are there.</param>
    /// <param name="dropsLost">Whether what is lost may be given up.</param>
    /// <param name="replacesDirectory">Whether what a reader takes for the directory is none.</param>
    /// <param name="replacedTables">What it takes for tables, and is none.</param>
    internal void Propose(
        string reason, bool dropsLost, bool replacesDirectory, IReadOnlySet<int> replacedTables)
    {
        (_replacesDirectory, _replacedTables) = (replacesDirectory, replacedTables);
        if (_shape.DirectorySectors << Sector.Shift > Math.Max(MaxDirectoryBytes, _file.LengthBytes))
        {
            return;
        }

        _limit = Math.Max(EndOfNamed(EndOfWholeGrains()), walk.EndOfCut);
        _sector = _limit;
        var header = new byte[SparseHeader.SizeBytes];
        if (_sector + (_shape.DirectoryEntries * (1 + _shape.TableSectors)) > uint.MaxValue
            || _limit > _file.LengthSectors
            || _file.File.Read(header, 0) < header.Length)
        {
            return;
        }

        foreach (GuestStretch lost in new LostStretches(subject, old, stored).Find(walk.Gaps))
        {
            _class = RepairClass.Drop;
            _lost.Enqueue(lost);
        }

        // What can be brought back without giving anything up is, where that is not asked for.
        if (_class == RepairClass.Restore || dropsLost)
        {
            subject.Log.Withdraw(_file);
        }

        long end = _sector << Sector.Shift;
        if (end < _file.LengthBytes)
        {
            subject.Log.Propose(
                new CutStep(_file, _class, $"{reason}: what follows the last whole grain", end)
                {
                    ReplacesDirectory = _replacesDirectory,
                });
        }

        ProposeTables(reason, header);
    }

    void ProposeTables(string reason, byte[] header)
    {
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

            // Each step can name one range that is lost.
            if (_bytes.Count >= TablesPerStep * Sector.Bytes || (_lost.Count > 1 && _bytes.Count > 0))
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
        Join();
        Flush(reason, WhatIsMissing());
    }

    // Nobody knows what was behind the last grain; with a table in the file all grains are, for tables follow them.
    string WhatIsMissing()
    {
        long next = 0;
        for (int i = 0; i < stored.Count; i++)
        {
            next = stored[i].Sector + stored[i].LengthSectors <= _limit ? stored[i].Grain + 1 : next;
        }

        return walk.Tables.Count == 0 && next < _shape.Grains
            ? $"; from disk byte {subject.GuestOfGrain(next).OffsetBytes} on nothing is in the file, and zeros are read"
            : "";
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

        // With something behind it the grain was stored whole, and is only damaged: that stays visible.
        return last is { } tail
            && (tail.Sector + tail.LengthSectors < walk.EndOfMarkers || walk.Inflates(tail.Sector))
            ? tail.Sector + tail.LengthSectors
            : end;
    }

    // Behind all that an old table names: what has no marker may still be of use to somebody.
    long EndOfNamed(long wholeEnd)
    {
        long end = wholeEnd;
        for (int table = 0; table < _shape.DirectoryEntries; table++)
        {
            ReadOnlySpan<uint> entries = old.IsFound(table) ? old.Resolve(table, wholeEnd) : [];
            for (int index = 0; index < entries.Length; index++)
            {
                if (entries[index] >= end)
                {
                    end = Math.Max(end, EndOfNamed(((long)table * _shape.TableEntries) + index, entries[index]));
                }
            }
        }

        return end;
    }

    // 0 when the entry leads to no place of a grain.
    long EndOfNamed(long grain, uint entry)
    {
        if (!_file.Holds(entry, StreamMarker.HeadBytes) || _file.Metadata.Overlaps(entry, 1))
        {
            return 0;
        }

        if (!_file.Used.Overlaps(entry, 1))
        {
            return _file.Used.NextUsed(entry, _file.LengthSectors);
        }

        Span<byte> head = stackalloc byte[StreamMarker.HeadBytes];
        _file.File.Read(head, (long)entry << Sector.Shift);
        var marker = StreamMarker.Read(head);
        return marker.IsGrain && marker.LbaSectors == (ulong)(grain * _shape.GrainSectors)
            && _file.Holds(entry, marker.NeededBytes) ? entry + (marker.StrideBytes >> Sector.Shift) : 0;
    }

    // Null when the table would be empty: an export leaves it out.
    uint[]? TableOf(int table)
    {
        if (!old.IsFound(table) && !_tablesWithGrains.Contains(table))
        {
            // A header may claim 2^29 grains; looking for each of them would take half a minute.
            return null;
        }

        // Where two grains say that they belong to one place, the old table decides between them, or nobody.
        ReadOnlySpan<uint> entries = old.Resolve(table, _limit)[.._shape.CountOf(table)];
        if (!entries.ContainsAnyExcept(0u))
        {
            return null;
        }

        var whole = new uint[_shape.TableEntries];
        entries.CopyTo(whole);
        return whole;
    }

    // What no step is left for is named as one range.
    void Join()
    {
        if (_lost.Count > 1)
        {
            GuestStretch first = _lost.Peek();
            GuestStretch last = _lost.Last();
            _lost.Clear();
            _lost.Enqueue(first with { LengthBytes = last.OffsetBytes + last.LengthBytes - first.OffsetBytes });
        }
    }

    void AddMarker(MarkerType type, long sectors) => Add(MarkerSector.Of(type, sectors));

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

    void Flush(string reason, string missing = "")
    {
        byte[] bytes = _bytes.ToArray();
        _bytes.Clear();
        subject.Log.Propose(new WriteStep(
            _file, _class, $"{reason}: tables, directory and footer from the markers{missing}",
            (_sector << Sector.Shift) - bytes.Length, bytes)
        {
            ReplacesDirectory = _replacesDirectory,
            ReplacedTables = _replacedTables,
            Lost = _lost.TryDequeue(out GuestStretch lost) ? lost : null,
        });
    }
}
