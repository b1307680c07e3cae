namespace VmdkFast;

/// <summary>Everything that one file of an image says, whether or not it can be right. Immutable.</summary>
public sealed record VmdkInspection
{
    /// <summary>The file.</summary>
    public required string Path { get; init; }

    /// <summary>Its length in bytes.</summary>
    public required long LengthBytes { get; init; }

    /// <summary>What its first bytes say it is, in a few words.</summary>
    public required string Kind { get; init; }

    /// <summary>The structures found, in the order in which a reader meets them.</summary>
    public required IReadOnlyList<VmdkStructure> Structures { get; init; }

    /// <summary>What keeps the file from being read, and what could not be shown; one line each.</summary>
    public required IReadOnlyList<string> Problems { get; init; }
}
