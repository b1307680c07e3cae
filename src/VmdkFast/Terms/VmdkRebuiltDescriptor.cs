namespace VmdkFast;

/// <summary>A descriptor that was made from the files that it names.</summary>
public sealed record VmdkRebuiltDescriptor
{
    /// <summary>Its text.</summary>
    public required string Text { get; init; }

    /// <summary>
    /// Whether the disk may have been a child: its extents are sparse, and no parent was named. What they do not store
    /// reads as zeros then, also where a parent holds data.
    /// </summary>
    public bool MayLackParent { get; init; }

    /// <summary>
    /// Where the file that had its name is kept, or would be: it is no descriptor any more, but what it holds may still
    /// tell something. Null when there was none.
    /// </summary>
    public string? KeptPath { get; init; }
}
