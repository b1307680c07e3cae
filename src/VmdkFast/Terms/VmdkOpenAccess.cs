namespace VmdkFast;

/// <summary>What an image is opened for.</summary>
public enum VmdkOpenAccess
{
    /// <summary>Reading; nothing is ever changed.</summary>
    Read,

    /// <summary>Reading and writing. Parents are only read. Nothing is changed before the first write.</summary>
    ReadWrite,
}

/// <summary>Whether a disk can be used.</summary>
public enum VmdkDiskState
{
    /// <summary>Open.</summary>
    Open,

    /// <summary>
    /// A barrier has failed: what was written since the last successful flush may be lost. Reads go on, writes and
    /// flushes fail, and only opening the image anew ends it.
    /// </summary>
    DurabilityLost,

    /// <summary>Closed.</summary>
    Closed,
}
