namespace VmdkFast;

/// <summary>In what two disks differ first.</summary>
public enum VmdkDifference
{
    /// <summary>In nothing that was asked for.</summary>
    None,

    /// <summary>A byte of one is not that of the other, or not zero where the other has ended.</summary>
    Content,

    /// <summary>
    /// The lengths; a difference only of strict comparisons, and the only one that they then look for.
    /// </summary>
    Length,

    /// <summary>
    /// One allocates, or knows to be zeros, what the other does not; a difference only of strict comparisons.
    /// </summary>
    Allocation,
}

/// <summary>What came out of comparing two disks.</summary>
/// <param name="Difference">The first difference.</param>
/// <param name="OffsetBytes">
/// Where on the disk: the lowest byte that differs, or where the run begins that is allocated otherwise. Null without
/// a difference, and when the lengths are it.
/// </param>
/// <param name="FirstLengthBytes">Length of the first disk.</param>
/// <param name="SecondLengthBytes">Length of the second disk.</param>
public sealed record VmdkComparison(
    VmdkDifference Difference, long? OffsetBytes, long FirstLengthBytes, long SecondLengthBytes)
{
    /// <summary>Whether there is no difference.</summary>
    public bool AreSame => Difference == VmdkDifference.None;
}

/// <summary>How two disks are compared. Immutable; change one with <c>with</c>.</summary>
public sealed record VmdkCompareOptions
{
    /// <summary>By content alone, on all processors.</summary>
    public static VmdkCompareOptions Default { get; } = new();

    /// <summary>
    /// Whether lengths and allocation count too. Default false: what is past the end of the shorter disk counts as
    /// zeros.
    /// </summary>
    public bool Strict { get; init; }

    /// <summary>Threads that read and compare; 0 (the default) takes one for each processor. At most 64.</summary>
    public int Threads { get; init; }

    internal void Validate()
    {
        ArgumentOutOfRangeException.ThrowIfNegative(Threads);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(Threads, 64);
    }

    internal int EffectiveThreads => Threads == 0 ? Environment.ProcessorCount : Threads;
}
