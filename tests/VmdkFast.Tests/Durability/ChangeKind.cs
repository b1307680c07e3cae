namespace VmdkFast.Tests.Durability;

/// <summary>What happened to a file.</summary>
enum ChangeKind
{
    Write,
    Grow,
    Truncate,
    Punch,

    /// <summary>A barrier that returned: what had returned before it began is durable.</summary>
    Barrier,

    /// <summary>
    /// A barrier that failed: of what was pending, a seeded part is lost and no later barrier will bring it back.
    /// </summary>
    FailedBarrier,
}
