namespace VmdkFast;

/// <summary>One thing that a check found. Immutable.</summary>
public sealed record VmdkFinding
{
    /// <summary>What it is.</summary>
    public required VmdkFindingKind Kind { get; init; }

    /// <summary>How bad it is; follows from <see cref="Kind"/>.</summary>
    public required VmdkFindingSeverity Severity { get; init; }

    /// <summary>The file.</summary>
    public required string Path { get; init; }

    /// <summary>Where in the file, in bytes; null when no single place is at fault.</summary>
    public long? OffsetBytes { get; init; }

    /// <summary>The first byte of the disk that is concerned; null when no range of it is.</summary>
    public long? GuestOffsetBytes { get; init; }

    /// <summary>Bytes of the disk that are concerned; 0 when no range of it is.</summary>
    public long GuestLengthBytes { get; init; }

    /// <summary>What is wrong, in one line.</summary>
    public required string Text { get; init; }
}
