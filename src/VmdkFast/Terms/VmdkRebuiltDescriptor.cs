namespace VmdkFast;

/// <summary>A descriptor that was made from the files that it names.</summary>
public sealed record VmdkRebuiltDescriptor
{
    /// <summary>Its text.</summary>
    public required string Text { get; init; }

    /// <summary>
    /// Where the file that had its name is kept, or would be: it is no descriptor any more, but what it holds may still
    /// tell something. Null when there was none.
    /// </summary>
    public string? KeptPath { get; init; }
}
