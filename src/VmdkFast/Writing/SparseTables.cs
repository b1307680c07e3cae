using System.Buffers.Binary;
using System.Numerics;
using VmdkFast.Caching;
using VmdkFast.Extents;

namespace VmdkFast.Writing;

/// <summary>
/// The directory and the tables of a written sparse extent: made, compared, collected for a flush, marked.
/// </summary>
/// <remarks>The primary structures are the truth; the redundant ones follow them. Thread-safe.</remarks>
sealed class SparseTables
{
    readonly WriteFile _file;
    readonly SparseExtent _extent;
    readonly SparseLayout _layout;
    readonly SparseMarks _marks;
    readonly GrainAllocator _allocator;
    readonly DirtyCount _dirtyCount;
    readonly DirectoryCopy? _redundant;
    readonly Lock _lock = new();

    // Made once: a delegate for each overwrite would be its only allocation.
    readonly Func<int, uint> _makeTable;
    readonly List<Table> _dirty = [];
    readonly HashSet<int> _newTables = [];
    readonly HashSet<int> _dirtyDirectorySectors = [];
    bool _entitledToClean;

    internal SparseTables(
        WriteFile file, SparseExtent extent, SparseMarks marks, GrainAllocator allocator, DirtyCount dirtyCount)
    {
        _dirtyCount = dirtyCount;
        _file = file;
        _extent = extent;
        _layout = extent.Layout;
        _marks = marks;
        _allocator = allocator;
        _makeTable = MakeTable;
        _redundant = _layout.RedundantDirectoryOffsetBytes == 0
            ? null
            : new DirectoryCopy(file, _layout.RedundantDirectoryOffsetBytes);
    }

    int TableBytes => _layout.TableEntries * sizeof(uint);

    int TableSectors => (TableBytes + Sector.Bytes - 1) / Sector.Bytes;

    /// <summary>The table of an index, made when there is none.</summary>
    internal Table GetOrMake(int tableIndex) => _extent.Tables.GetOrMake(tableIndex, _makeTable);

    /// <summary>Bytes from an offset on for which there is no table at all; 0 when there is one.</summary>
    internal long SkipMissing(long offsetBytes, long maxLengthBytes)
    {
        int tableIndex = (int)(offsetBytes >> (_layout.GrainShift + _layout.TableShift));
        TableSegment segment = _extent.Tables.GetSegment(tableIndex);
        int slotIndex = tableIndex & (TableSegment.Length - 1);
        return Volatile.Read(ref segment.Directory[slotIndex]) == 0
            ? _extent.MeasureWithoutTables(segment.Directory, slotIndex, offsetBytes, maxLengthBytes)
            : 0;
    }

    /// <summary>An entry that no grain can be at must not be written through, or freed.</summary>
    internal void RequirePossible(Table table, int index, uint entry)
    {
        if (!_extent.IsPossible(entry))
        {
            throw Disagree(table.TableIndex, index, entry);
        }
    }

    /// <summary>Before a table is first changed: its redundant copy must follow it from then on.</summary>
    internal void Compare(Table table)
    {
        if (table.Compared || _redundant is null)
        {
            return;
        }

        var copy = new uint[_layout.TableEntries];
        bool differs = false;
        if (RedundantTableOffset(table.TableIndex) is { } offsetBytes)
        {
            _extent.Source.ReadEntries(offsetBytes, copy, "redundantGrainTable");
            lock (table)
            {
                differs = table.DirtySectors == 0 && !table.Flushing && !copy.AsSpan().SequenceEqual(table.Entries);
            }
        }

        if (differs)
        {
            RequirePossible(table);
        }

        lock (table)
        {
            if (!table.Compared && differs && !table.Evicted && table.MarkDirty(AllSectors))
            {
                NoteDirty(table);
            }

            table.Compared = true;
        }
    }

    /// <summary>A table has become dirty; the caller holds its lock.</summary>
    internal void NoteDirty(Table table)
    {
        lock (_lock)
        {
            _dirty.Add(table);
        }

        _dirtyCount.Add(1);
    }

    /// <summary>Copies everything that the file lacks, as it is now.</summary>
    /// <param name="batch">Receives the copies.</param>
    /// <param name="freed">Whose freed grains these are; null where none can be freed.</param>
    internal void Collect(FlushBatch batch, SparseWriter? freed)
    {
        Table[] dirty;
        int[] directorySectors;
        lock (_lock)
        {
            dirty = [.. _dirty];
            _dirty.Clear();

            // One that is being made has no entry yet: this flush would write the old one, and no other would follow.
            int[] newTables = [.. _newTables.Where(IsInDirectory)];
            _newTables.ExceptWith(newTables);
            _dirtyDirectorySectors.UnionWith(newTables.Select(tableIndex => tableIndex >> Table.SectorShift));
            directorySectors = [.. _dirtyDirectorySectors];
            _dirtyDirectorySectors.Clear();
        }

        _dirtyCount.Add(-dirty.Length);

        foreach (Table table in dirty)
        {
            Collect(batch, freed, table);
        }

        if (directorySectors.Length > 0)
        {
            CollectDirectory(batch, directorySectors);
        }

        if (_marks.IsCowd && (dirty.Length > 0 || directorySectors.Length > 0))
        {
            batch.Add(
                _file, SparseMarks.FreeSectorOffsetBytes, SparseMarks.Bytes((uint)_allocator.NextSector), rank: 1);
        }
    }

    /// <summary>Refuses an extent that was left open with tables that only a repair can set right.</summary>
    internal void RequireSound()
    {
        if (_marks.WasUnclean)
        {
            new TableReconciler(_file, _extent, CopyOf).Judge();
        }
        else
        {
            new TableBounds(_file.File, _extent).RequireInside();
        }
    }

    /// <summary>Sets the mark that the extent is open for writing; a left-over mark means reconciling first.</summary>
    internal void MarkUnclean()
    {
        _marks.WriteChanges(_file);
        if (_marks.WasUnclean)
        {
            _entitledToClean = new TableReconciler(_file, _extent, CopyOf).Reconcile();
            if (_marks.IsCowd)
            {
                // Grains behind the old value may be in use, and others begin to fill there once the mark is gone.
                _file.Write(SparseMarks.Bytes((uint)_allocator.NextSector), SparseMarks.FreeSectorOffsetBytes);
            }

            return;
        }

        _entitledToClean = true;
        _marks.Write(_file, unclean: true);
    }

    /// <summary>Takes the mark away, if this open knows that the extent is right.</summary>
    internal void MarkClean()
    {
        if (_entitledToClean)
        {
            _marks.Write(_file, unclean: false);
        }
    }

    // The two directories are in different sectors: of a new table's entries a power cut may have kept either one. A
    // writer that trusts the redundant directory would write the copy of a table to sector 0, over the header.
    long? CopyOf(int tableIndex, bool exists)
    {
        if (_redundant is null)
        {
            return null;
        }

        long? offsetBytes = RedundantTableOffset(tableIndex);
        if (exists == offsetBytes.HasValue && (exists || _redundant.Get(tableIndex) == 0))
        {
            return offsetBytes;
        }

        uint sector = exists ? _allocator.ReserveSectors(TableSectors) : 0;
        _redundant.Set(tableIndex, sector);
        lock (_lock)
        {
            _dirtyDirectorySectors.Add(tableIndex >> Table.SectorShift);
        }

        return exists ? (long)sector << Sector.Shift : null;
    }

    uint AllSectors => TableSectors >= 32 ? uint.MaxValue : (1u << TableSectors) - 1;

    void Collect(FlushBatch batch, SparseWriter? owner, Table table)
    {
        uint sectors;
        var entries = new uint[_layout.TableEntries];
        lock (table)
        {
            sectors = table.TakeDirty();
            table.Entries.CopyTo(entries, 0);
            foreach (uint freed in table.TakeFreed() ?? [])
            {
                batch.Freed.Add((owner!, freed));
            }
        }

        batch.Add(this, table, sectors);
        long primary = (long)table.DirectoryEntry << Sector.Shift;
        long? redundant = RedundantTableOffset(table.TableIndex);
        for (uint left = sectors; left != 0; left &= left - 1)
        {
            int first = BitOperations.TrailingZeroCount(left) << Table.SectorShift;
            int count = Math.Min(1 << Table.SectorShift, entries.Length - first);
            byte[] bytes = ToBytes(entries.AsSpan(first, count));
            batch.Add(_file, primary + (first * sizeof(uint)), bytes);
            if (redundant is { } copy)
            {
                batch.Add(_file, copy + (first * sizeof(uint)), bytes);
            }
        }
    }

    bool IsInDirectory(int tableIndex) =>
        Volatile.Read(ref _extent.Tables.GetSegment(tableIndex).Directory[tableIndex & (TableSegment.Length - 1)]) != 0;

    void CollectDirectory(FlushBatch batch, int[] sectors)
    {
        foreach (int sector in sectors)
        {
            int firstEntry = sector << Table.SectorShift;
            TableSegment segment = _extent.Tables.GetSegment(firstEntry);
            ReadOnlySpan<uint> entries = segment.Directory.AsSpan(
                firstEntry & (TableSegment.Length - 1), 1 << Table.SectorShift);
            int count = Math.Min(entries.Length, _layout.DirectoryEntries - firstEntry);
            batch.Add(
                _file, _layout.DirectoryOffsetBytes + ((long)sector << Sector.Shift), ToBytes(entries[..count]),
                rank: 1);
            if (_redundant is not null)
            {
                batch.Add(
                    _file, _layout.RedundantDirectoryOffsetBytes + ((long)sector << Sector.Shift),
                    ToBytes(_redundant.Sector(sector, _layout.DirectoryEntries)), rank: 1);
            }
        }

        batch.OnFailure(() =>
        {
            lock (_lock)
            {
                _dirtyDirectorySectors.UnionWith(sectors);
            }
        });
    }

    // A new table is data first: its zeros are in the file before the directory entry can be found or collected.
    uint MakeTable(int tableIndex)
    {
        var zeros = new byte[TableSectors << Sector.Shift];
        uint primary = _allocator.ReserveSectors(_redundant is null ? TableSectors : 2L * TableSectors);
        _file.Write(zeros, (long)primary << Sector.Shift);
        if (_redundant is not null)
        {
            uint copy = primary + (uint)TableSectors;
            _file.Write(zeros, (long)copy << Sector.Shift);
            _redundant.Set(tableIndex, copy);
        }

        lock (_lock)
        {
            _newTables.Add(tableIndex);
        }

        return primary;
    }

    // An entry that leads behind the file's old end must not become possible because the file has grown: what lies
    // there now is something else's.
    long? RedundantTableOffset(int tableIndex)
    {
        uint sector = _redundant?.Get(tableIndex) ?? 0;
        long offsetBytes = (long)sector << Sector.Shift;
        return sector != 0
            && (offsetBytes + TableBytes <= _allocator.OpenedLengthBytes || _redundant!.IsMade(tableIndex))
            ? offsetBytes
            : null;
    }

    void RequirePossible(Table table)
    {
        for (int index = 0; index < table.Entries.Length; index++)
        {
            uint entry = Volatile.Read(ref table.Entries[index]);
            if (entry > (_layout.ZeroGrains ? 1u : 0u) && !_extent.IsPossible(entry))
            {
                throw Disagree(table.TableIndex, index, entry);
            }
        }
    }

    static byte[] ToBytes(ReadOnlySpan<uint> entries)
    {
        var bytes = new byte[entries.Length * sizeof(uint)];
        for (int i = 0; i < entries.Length; i++)
        {
            BinaryPrimitives.WriteUInt32LittleEndian(
                bytes.AsSpan(i * sizeof(uint)), Volatile.Read(in entries[i]));
        }

        return bytes;
    }

    VmdkException Disagree(int tableIndex, int index, uint entry) =>
        new(VmdkErrorCode.TablesDisagree, _file.File.Path,
            "a grain table is damaged: the image must be repaired before it is written", null,
            $"grainTable[{tableIndex}][{index}]", $"sector {entry}", "a grain inside the file");
}
