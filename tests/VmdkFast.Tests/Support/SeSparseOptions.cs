namespace VmdkFast.Tests.Support;

/// <summary>How a space-efficient sparse extent is laid out.</summary>
public sealed record SeSparseOptions
{
    /// <summary>Order in which grains are stored, and in which tables are made with them.</summary>
    public GrainOrder Order { get; init; }

    /// <summary>Seed of the shuffled order.</summary>
    public int Seed { get; init; } = 1;

    /// <summary>
    /// The areas in another order than ESX's, the grains in the middle, with odd gaps; otherwise as a log shows ESX.
    /// </summary>
    public bool OddAreas { get; init; }

    /// <summary>The journal has not been replayed.</summary>
    public bool Dirty { get; init; }

    /// <summary>Index of the first grain in the file that is used.</summary>
    public long FirstGrain { get; init; }

    /// <summary>Ranges of zeros whose grains are entries of state 2.</summary>
    public IReadOnlyList<GuestRange> ZeroRanges { get; init; } = [];

    /// <summary>Ranges of zeros whose grains are entries of state 1, with a place that is no longer theirs.</summary>
    public IReadOnlyList<GuestRange> UnmappedRanges { get; init; } = [];

    public DescriptorText Descriptor { get; init; } = new();

    public ParentLink? Parent { get; init; }
}
