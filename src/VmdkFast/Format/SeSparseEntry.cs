namespace VmdkFast.Format;

/// <summary>What an entry of a space-efficient sparse grain table says of its grain.</summary>
enum SeSparseState
{
    /// <summary>The extent holds nothing here; the parent answers.</summary>
    Unallocated,

    /// <summary>The guest has unmapped the grain by SCSI; its old place is still in the entry.</summary>
    Unmapped,

    /// <summary>Zeros.</summary>
    Zero,

    /// <summary>Stored.</summary>
    Allocated,

    /// <summary>None of the forms that are known.</summary>
    Unknown,
}

/// <summary>The 64-bit entries of a space-efficient sparse extent's grain directory and grain tables.</summary>
static class SeSparseEntry
{
    const int StateShift = 60;
    const ulong TableMark = 0x1000_0000;
    const ulong LowIndexMask = 0x0000_FFFF_FFFF_FFFF;
    const ulong HighIndexMask = 0x0FFF_0000_0000_0000;

    /// <summary>Whether a directory entry, not 0, names a table; its index is the low half.</summary>
    internal static bool TryReadTable(ulong directoryEntry, out uint tableIndex)
    {
        tableIndex = (uint)directoryEntry;
        return directoryEntry >> 32 == TableMark;
    }

    /// <summary>The state that a table entry is in.</summary>
    internal static SeSparseState StateOf(ulong entry) => (entry >> StateShift) switch
    {
        0 when entry == 0 => SeSparseState.Unallocated,
        1 => SeSparseState.Unmapped,
        2 => SeSparseState.Zero,
        3 => SeSparseState.Allocated,
        _ => SeSparseState.Unknown,
    };

    /// <summary>The grain that a table entry names: the twelve high bits of the index are its low ones.</summary>
    internal static ulong GrainOf(ulong entry) =>
        ((entry & HighIndexMask) >> 48) | ((entry & LowIndexMask) << 12);
}
