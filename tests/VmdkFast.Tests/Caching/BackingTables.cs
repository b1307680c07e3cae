using VmdkFast.Caching;

namespace VmdkFast.Tests.Caching;

/// <summary>The file below a table directory. Its loads are the points at which a test schedules threads.</summary>
sealed class BackingTables : TableSource
{
    internal const int TableEntries = 16;

    readonly uint[][] _tables;
    readonly int[] _loads;
    int _directoryLoads;

    internal BackingTables(int tables)
    {
        _tables = [.. Enumerable.Range(0, tables).Select(_ => new uint[TableEntries])];
        _loads = new int[tables];
    }

    /// <summary>Called with the table's index and the number of its load, after the bytes were read.</summary>
    internal Action<int, int>? TableWasRead { get; set; }

    /// <summary>Called with the number of the load, after the bytes were read.</summary>
    internal Action<int>? DirectoryWasRead { get; set; }

    /// <summary>Called by a writer that has found its table and does not hold its lock yet.</summary>
    internal Action<Table>? WriterFoundTable { get; set; }

    /// <summary>Tables whose directory entry is 0.</summary>
    internal HashSet<int> Absent { get; } = [];

    internal int DirectoryLoads => Volatile.Read(ref _directoryLoads);

    internal int LoadsOf(int tableIndex) => Volatile.Read(ref _loads[tableIndex]);

    internal uint Read(int tableIndex, int entry) => Volatile.Read(ref _tables[tableIndex][entry]);

    internal TableDirectory OpenDirectory(long budgetBytes = 1 << 20) =>
        new(new TableCache(budgetBytes), this, _tables.Length, TableEntries);

    /// <summary>Changes an entry as a writer does: under the lock, after a look at whether it was evicted.</summary>
    /// <remarks>It is written back under the same lock, so that the table is always clean for eviction.</remarks>
    internal void Increment(TableDirectory directory, int tableIndex, int entry)
    {
        while (true)
        {
            Table table = directory.TryGet(tableIndex) ?? directory.Get(tableIndex)!;
            WriterFoundTable?.Invoke(table);
            lock (table)
            {
                if (table.Evicted)
                {
                    continue;
                }

                Volatile.Write(ref table.Entries[entry], table.Entries[entry] + 1);
                Volatile.Write(ref _tables[tableIndex][entry], table.Entries[entry]);
                return;
            }
        }
    }

    internal override void LoadDirectory(int firstIndex, Span<uint> entries)
    {
        int load = Interlocked.Increment(ref _directoryLoads);
        for (int i = 0; i < entries.Length; i++)
        {
            entries[i] = Absent.Contains(firstIndex + i) ? 0 : (uint)(firstIndex + i + 1);
        }

        DirectoryWasRead?.Invoke(load);
    }

    internal override void LoadTable(int tableIndex, uint directoryEntry, Span<uint> entries)
    {
        int load = Interlocked.Increment(ref _loads[tableIndex]);
        uint[] table = _tables[directoryEntry - 1];
        for (int i = 0; i < entries.Length; i++)
        {
            entries[i] = Volatile.Read(ref table[i]);
        }

        TableWasRead?.Invoke(tableIndex, load);
    }
}
