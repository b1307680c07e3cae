namespace VmdkFast.Caching;

/// <summary>The tables of one extent, found by index: a hit takes no lock and allocates nothing.</summary>
/// <remarks>
/// Two levels, both loaded on demand: segments of 1,024 directory entries, and in them the tables. A flat array of
/// slots would cost 248 MiB for a 62 TiB extent of 4 KiB grains before the first read. Thread-safe.
/// </remarks>
sealed class TableDirectory
{
    readonly TableCache _cache;
    readonly TableSource _source;
    readonly object?[] _segments;
    readonly int _tableEntries;

    /// <param name="cache">The budget that this directory shares with others.</param>
    /// <param name="source">Loads segments and tables.</param>
    /// <param name="directoryEntries">Number of tables, at least 1.</param>
    /// <param name="tableEntries">Entries of one table.</param>
    internal TableDirectory(TableCache cache, TableSource source, int directoryEntries, int tableEntries)
    {
        _cache = cache;
        _source = source;
        _tableEntries = tableEntries;
        DirectoryEntries = directoryEntries;
        _segments = new object?[((directoryEntries - 1) >> TableSegment.Shift) + 1];
    }

    internal int DirectoryEntries { get; }

    /// <summary>The table if it is in memory; never waits, never reads.</summary>
    internal Table? TryGet(int tableIndex)
    {
        if (Volatile.Read(ref _segments[tableIndex >> TableSegment.Shift]) is TableSegment segment
            && Volatile.Read(ref segment.Slots[tableIndex & (TableSegment.Length - 1)]) is Table table)
        {
            // Read before written: a store on every hit would pull the line from core to core.
            if (!table.Used)
            {
                table.Used = true;
            }

            return table;
        }

        return null;
    }

    /// <summary>The segment if it is in memory; never waits, never reads.</summary>
    internal TableSegment? TryGetSegment(int tableIndex) =>
        Volatile.Read(ref _segments[tableIndex >> TableSegment.Shift]) as TableSegment;

    /// <summary>The segment that holds a table's directory entry, loaded when it is not in memory.</summary>
    internal TableSegment GetSegment(int tableIndex)
    {
        ref object? slot = ref _segments[tableIndex >> TableSegment.Shift];
        while (true)
        {
            switch (Volatile.Read(ref slot))
            {
                case TableSegment segment:
                    return segment;
                case Ticket other:
                    other.Wait();
                    continue;
            }

            var ticket = new Ticket();
            if (Interlocked.CompareExchange(ref slot, ticket, null) is null)
            {
                return LoadSegment(ref slot, ticket, tableIndex & ~(TableSegment.Length - 1));
            }
        }
    }

    /// <summary>The table, loaded when it is not in memory; null when its directory entry is 0.</summary>
    internal Table? Get(int tableIndex)
    {
        TableSegment segment = GetSegment(tableIndex);
        int slotIndex = tableIndex & (TableSegment.Length - 1);
        uint directoryEntry = Volatile.Read(ref segment.Directory[slotIndex]);
        if (directoryEntry == 0)
        {
            return null;
        }

        ref object? slot = ref segment.Slots[slotIndex];
        while (true)
        {
            switch (Volatile.Read(ref slot))
            {
                case Table table:
                    return table;
                case Ticket other:
                    other.Wait();
                    continue;
            }

            var ticket = new Ticket();
            if (Interlocked.CompareExchange(ref slot, ticket, null) is null)
            {
                return LoadTable(segment, slotIndex, ticket, tableIndex, directoryEntry);
            }
        }
    }

    /// <summary>The table; made, full of zeros, when its directory entry is 0.</summary>
    /// <param name="tableIndex">Index of the directory entry.</param>
    /// <param name="place">Writes a table of zeros into the file and gives its directory entry, not 0.</param>
    internal Table GetOrMake(int tableIndex, Func<int, uint> place)
    {
        while (true)
        {
            if ((Get(tableIndex) ?? TryMake(tableIndex, place)) is { } table)
            {
                return table;
            }
        }
    }

    /// <summary>
    /// The second half of <see cref="GetOrMake"/>, for who has seen that there is no table; null when somebody else is
    /// at it, or was until now. Whether there still is none is looked at anew.
    /// </summary>
    internal Table? TryMake(int tableIndex, Func<int, uint> place)
    {
        TableSegment segment = GetSegment(tableIndex);
        int slotIndex = tableIndex & (TableSegment.Length - 1);
        var ticket = new Ticket();
        object? found = Interlocked.CompareExchange(ref segment.Slots[slotIndex], ticket, null);
        if (found is null)
        {
            return MakeTable(segment, slotIndex, ticket, tableIndex, place);
        }

        (found as Ticket)?.Wait();
        return null;
    }

    Table MakeTable(TableSegment segment, int slotIndex, Ticket ticket, int tableIndex, Func<int, uint> place)
    {
        // Somebody may have made it, and it may have left its slot again, since the directory entry was read.
        uint directoryEntry = Volatile.Read(ref segment.Directory[slotIndex]);
        if (directoryEntry != 0)
        {
            return LoadTable(segment, slotIndex, ticket, tableIndex, directoryEntry);
        }

        Table table;
        try
        {
            Volatile.Write(ref segment.Directory[slotIndex], place(tableIndex));
            table = new Table(segment, slotIndex, tableIndex, new uint[_tableEntries]);
        }
        catch (Exception failure)
        {
            Volatile.Write(ref segment.Slots[slotIndex], null);
            ticket.End(failure);
            throw;
        }

        return Install(table, segment, slotIndex, ticket);
    }

    TableSegment LoadSegment(ref object? slot, Ticket ticket, int firstIndex)
    {
        try
        {
            var directory = new uint[TableSegment.Length];
            _source.LoadDirectory(
                firstIndex, directory.AsSpan(0, Math.Min(TableSegment.Length, DirectoryEntries - firstIndex)));
            var segment = new TableSegment(directory);
            _cache.Charge(TableSegment.CostBytes);
            Volatile.Write(ref slot, segment);
            ticket.End();
            return segment;
        }
        catch (Exception failure)
        {
            Volatile.Write(ref slot, null);
            ticket.End(failure);
            throw;
        }
    }

    Table LoadTable(TableSegment segment, int slotIndex, Ticket ticket, int tableIndex, uint directoryEntry)
    {
        Table table;
        try
        {
            uint[] entries = GC.AllocateUninitializedArray<uint>(_tableEntries);
            _source.LoadTable(tableIndex, directoryEntry, entries);
            table = new Table(segment, slotIndex, tableIndex, entries);
        }
        catch (Exception failure)
        {
            Volatile.Write(ref segment.Slots[slotIndex], null);
            ticket.End(failure);
            throw;
        }

        return Install(table, segment, slotIndex, ticket);
    }

    // Installed before it is admitted: a table that the clock knows is always in its slot.
    Table Install(Table table, TableSegment segment, int slotIndex, Ticket ticket)
    {
        Volatile.Write(ref segment.Slots[slotIndex], table);
        ticket.End();
        _cache.Admit(table);
        return table;
    }
}
