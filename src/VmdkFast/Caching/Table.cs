using System.Diagnostics;

namespace VmdkFast.Caching;

/// <summary>One table of 32-bit entries in memory. Its monitor is the lock of writers, flushes and eviction.</summary>
sealed class Table
{
    /// <summary>log2 of the entries in a sector: the unit in which a table is written back.</summary>
    internal const int SectorShift = 7;

    readonly TableSegment _segment;
    readonly int _slotIndex;
    List<Claim>? _claims;
    List<uint>? _freed;

    internal Table(TableSegment segment, int slotIndex, int tableIndex, uint[] entries)
    {
        _segment = segment;
        _slotIndex = slotIndex;
        TableIndex = tableIndex;
        Entries = entries;
    }

    /// <summary>Index of the table's directory entry.</summary>
    internal int TableIndex { get; }

    /// <summary>The table's directory entry, as it is now.</summary>
    internal uint DirectoryEntry => Volatile.Read(ref _segment.Directory[_slotIndex]);

    /// <summary>The entries; read with <see cref="Volatile"/>, since a writer may publish one at any moment.</summary>
    /// <remarks>A plain array of its own (2 KiB): pooling it would hand a reader's table to another table.</remarks>
    internal uint[] Entries { get; }

    /// <summary>Set by every hit that finds it clear, cleared by the clock: the second chance.</summary>
    internal bool Used { get; set; } = true;

    /// <summary>Under the lock: the table has left its slot, and a writer must look it up again.</summary>
    internal bool Evicted { get; private set; }

    /// <summary>Whether the redundant copy was compared since the table was loaded.</summary>
    internal bool Compared { get; set; }

    /// <summary>Under the lock: one bit for each sector of entries that the file does not have yet.</summary>
    internal uint DirtySectors { get; private set; }

    /// <summary>Under the lock: a flush has copied dirty sectors and not yet written them.</summary>
    internal bool Flushing { get; set; }

    /// <summary>Memory that the table costs: entries, array header, object and ring cell.</summary>
    internal long CostBytes => (Entries.Length * sizeof(uint)) + 112;

    /// <summary>Under the lock: the claim that covers an entry; null when there is none.</summary>
    internal Claim? ClaimOn(int index)
    {
        Debug.Assert(Monitor.IsEntered(this), "claims are guarded by the table's lock");
        return _claims?.Find(claim => claim.Covers(index));
    }

    /// <summary>Under the lock: claims entries that nobody has claimed.</summary>
    internal Claim AddClaim(int firstIndex, int count)
    {
        Debug.Assert(Monitor.IsEntered(this), "claims are guarded by the table's lock");
        var claim = new Claim(firstIndex, count);
        (_claims ??= []).Add(claim);
        return claim;
    }

    /// <summary>Under the lock: takes a claim back.</summary>
    internal void RemoveClaim(Claim claim) => _claims!.Remove(claim);

    /// <summary>Under the lock: publishes an entry.</summary>
    /// <returns>Whether the table was clean before.</returns>
    internal bool Publish(int index, uint entry)
    {
        Debug.Assert(Monitor.IsEntered(this), "entry, dirty bit and the flush's copy share the table's lock");
        Volatile.Write(ref Entries[index], entry);
        return MarkDirty(1u << (index >> SectorShift));
    }

    /// <summary>Under the lock: marks sectors of entries to be written.</summary>
    /// <returns>Whether the table was clean before.</returns>
    internal bool MarkDirty(uint sectors)
    {
        bool wasClean = DirtySectors == 0;
        DirtySectors |= sectors;
        return wasClean && sectors != 0;
    }

    /// <summary>Under the lock: what is to be written; the table counts as clean, and stays in its slot.</summary>
    internal uint TakeDirty()
    {
        uint sectors = DirtySectors;
        DirtySectors = 0;
        Flushing = true;
        return sectors;
    }

    /// <summary>Under the lock: notes a grain that the table no longer points to.</summary>
    internal void AddFreed(uint sector) => (_freed ??= []).Add(sector);

    /// <summary>Under the lock: the grains that the table no longer points to.</summary>
    internal List<uint>? TakeFreed()
    {
        List<uint>? freed = _freed;
        _freed = null;
        return freed;
    }

    /// <summary>Takes the table out of its slot, unless somebody holds its lock or still has work with it.</summary>
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
            if (DirtySectors != 0 || Flushing || _claims is { Count: > 0 } || _freed is not null)
            {
                return false;
            }

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
