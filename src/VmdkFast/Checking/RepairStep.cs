namespace VmdkFast.Checking;

/// <summary>What a step does to what can be read afterwards: a caller allows each class by itself.</summary>
enum RepairClass
{
    /// <summary>Gives space back; content stays.</summary>
    Free,

    /// <summary>Brings back what is still there; content that can be read stays.</summary>
    Restore,

    /// <summary>Accepts the parent as it is now.</summary>
    AcceptParent,

    /// <summary>Gives up what is lost.</summary>
    Drop,

    /// <summary>Calls an extent clean; only when nothing else is wrong.</summary>
    CallClean,
}

/// <summary>One step of a repair, as pure data: what the checker proposes and the plan turns into changes.</summary>
/// <param name="File">The file.</param>
/// <param name="Class">What it does to the content.</param>
/// <param name="Reason">Why, in one line.</param>
abstract record RepairStep(CheckedFile File, RepairClass Class, string Reason)
{
    /// <summary>The range of the disk that is given up; null when none is.</summary>
    internal GuestStretch? Lost { get; init; }

    /// <summary>The range that the step makes readable again; null when that is none, or not known.</summary>
    internal GuestStretch? BroughtBack { get; init; }

    /// <summary>
    /// The range that the step gives up if any space is unused, which then may be what it has lost; null when it gives
    /// up nothing either way.
    /// </summary>
    internal GuestStretch? LostIfUnused { get; init; }

    /// <summary>The table whose place is proved, whatever a reader takes for it now; null without a proof.</summary>
    internal int? ProvedTable { get; init; }

    /// <summary>Whether the place of the directory is proved, and thereby that of all tables.</summary>
    internal bool ProvesDirectory { get; init; }

    /// <summary>
    /// Whether what a reader takes for the directory is proved to be none: what it finds by it is nothing of the disk.
    /// </summary>
    internal bool ReplacesDirectory { get; init; }

    /// <summary>Tables of which that is so, when the directory is one; null without any.</summary>
    internal IReadOnlySet<int>? ReplacedTables { get; init; }

    /// <summary>
    /// Whether it sets the one number of a header right that all else refutes: then everything may read differently.
    /// </summary>
    internal bool ProvesHeader { get; init; }
}

/// <summary>Overwrites bytes, or appends them when they begin at the file's end.</summary>
sealed record WriteStep(CheckedFile File, RepairClass Class, string Reason, long OffsetBytes, byte[] Bytes)
    : RepairStep(File, Class, Reason);

/// <summary>Appends a copy of a stretch and points entries at it.</summary>
sealed record CopyStep(
    CheckedFile File, RepairClass Class, string Reason, long SourceOffsetBytes, long LengthBytes, long AlignSectors,
    long[] EntryOffsetsBytes)
    : RepairStep(File, Class, Reason)
{
    /// <summary>Whether nothing is to be read by it that was not before: each owner gets what both read.</summary>
    internal bool PartsOwners { get; init; }
}

/// <summary>Gives a stretch back that nothing uses.</summary>
sealed record FreeStep(CheckedFile File, RepairClass Class, string Reason, long OffsetBytes, long LengthBytes)
    : RepairStep(File, Class, Reason)
{
    /// <summary>Whether a hole may stand there; in a stream it would read as the end-of-stream marker.</summary>
    internal bool MayPunch { get; init; } = true;

    /// <summary>Whether the file may end there; an ESX sparse file ends behind its first free sector.</summary>
    internal bool MayCut { get; init; } = true;
}

/// <summary>Shortens a file before anything is appended to it.</summary>
sealed record CutStep(CheckedFile File, RepairClass Class, string Reason, long LengthBytes)
    : RepairStep(File, Class, Reason);
