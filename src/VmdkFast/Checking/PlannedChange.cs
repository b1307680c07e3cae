namespace VmdkFast.Checking;

/// <summary>When a change is made. Between two phases all files are made durable.</summary>
enum ChangePhase
{
    /// <summary>A file is cut, so that something can be appended.</summary>
    Cut,

    /// <summary>Something is appended that nothing points to yet.</summary>
    Append,

    /// <summary>Something is overwritten.</summary>
    Write,

    /// <summary>Space that nothing points to any more is given back.</summary>
    Free,
}

/// <summary>One change of one file, as pure data.</summary>
/// <param name="File">The file.</param>
/// <param name="Phase">When it is made.</param>
/// <param name="OffsetBytes">Where.</param>
/// <param name="LengthBytes">How many bytes.</param>
/// <param name="Reason">Why.</param>
sealed record PlannedChange(
    CheckedFile File, ChangePhase Phase, long OffsetBytes, long LengthBytes, string Reason)
{
    /// <summary>The bytes to write; null when they are copied, or when nothing is written.</summary>
    internal byte[]? Bytes { get; init; }

    /// <summary>Where the bytes to append are copied from.</summary>
    internal long SourceOffsetBytes { get; init; }

    /// <summary>Whether the file ends at the offset afterwards.</summary>
    internal bool Cuts { get; init; }

    internal VmdkRepairChange ToChange() => new(
        File.Path, OffsetBytes, LengthBytes,
        Cuts ? "cut" : Phase switch { ChangePhase.Append => "append", ChangePhase.Free => "free", _ => "write" },
        Reason);
}
