namespace VmdkFast.Tests.Durability;

/// <summary>One entry of a history, from the moment that the call begins: what it writes may survive a cut.</summary>
sealed class FileChange
{
    internal required ChangeKind Kind { get; init; }

    /// <summary>Which file of the history.</summary>
    internal required int File { get; init; }

    internal long OffsetBytes { get; init; }

    /// <summary>Bytes written or punched; the new length for grow and truncate.</summary>
    internal long LengthBytes { get; init; }

    /// <summary>A copy of what was written.</summary>
    internal byte[] Bytes { get; init; } = [];

    /// <summary>For a barrier: the moment when it was called.</summary>
    internal long StartedAt { get; init; }

    /// <summary>The moment when the call returned; a barrier covers only what had returned.</summary>
    internal long CompletedAt { get; set; } = long.MaxValue;

    /// <summary>For a failed barrier: decides what of the pending is lost.</summary>
    internal ulong Seed { get; init; }
}
