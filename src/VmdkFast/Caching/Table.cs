namespace VmdkFast.Caching;

/// <summary>One table of 32-bit entries in memory. Its monitor is the lock of writers and of eviction.</summary>
sealed class Table
{
    readonly TableSegment _segment;
    readonly int _slotIndex;

    internal Table(TableSegment segment, int slotIndex, uint[] entries)
    {
        _segment = segment;
        _slotIndex = slotIndex;
        Entries = entries;
    }

    /// <summary>The entries; read with <see cref="Volatile"/>, since a writer may publish one at any moment.</summary>
    /// <remarks>A plain array of its own (2 KiB): pooling it would hand a reader's table to another table.</remarks>
    internal uint[] Entries { get; }

    /// <summary>Set by every hit that finds it clear, cleared by the clock: the second chance.</summary>
    internal bool Used { get; set; } = true;

    /// <summary>Under the lock: the table has left its slot, and a writer must look it up again.</summary>
    internal bool Evicted { get; private set; }

    /// <summary>Memory that the table costs: entries, array header, object and ring cell.</summary>
    internal long CostBytes => (Entries.Length * sizeof(uint)) + 80;

    /// <summary>Takes the table out of its slot, unless somebody holds its lock.</summary>
    /// <remarks>
    /// The lock makes "evicted" and a writer's change exclude each other: without it a change that is made between
    /// the test and the removal would be lost without any crash.
    /// </remarks>
    internal bool TryEvict()
    {
        if (!Monitor.TryEnter(this))
        {
            return false;
        }

        try
        {
            Evicted = true;
            Volatile.Write(ref _segment.Slots[_slotIndex], null);
            return true;
        }
        finally
        {
            Monitor.Exit(this);
        }
    }
}
