namespace VmdkFast;

/// <summary>How an image is checked. Immutable; change one with <c>with</c>.</summary>
public sealed record VmdkCheckOptions
{
    /// <summary>Structures only, all processors, references beside the image.</summary>
    public static VmdkCheckOptions Default { get; } = new();

    /// <summary>Inflates every compressed grain besides. Default false.</summary>
    public bool Deep { get; init; }

    /// <summary>
    /// Threads that look at tables and inflate; 0 (the default) takes one for each processor. At most 64, and 8 of them
    /// look at tables.
    /// </summary>
    public int Threads { get; init; }

    /// <summary>Bounds for everything that the image may ask for.</summary>
    public VmdkLimits Limits { get; init; } = VmdkLimits.Default;

    /// <summary>Which files the image may name.</summary>
    public VmdkReferencePolicy References { get; init; } = VmdkReferencePolicy.SameFolder;

    /// <summary>
    /// Neither takes nor minds locks. What is found in an image that is written meanwhile means little.
    /// </summary>
    public bool ForceShare { get; init; }

    /// <summary>
    /// Where the data of raw extents is, as in <see cref="VmdkOpenOptions.RawMappings"/>. Only the lengths of the
    /// targets are looked at. Default: none; then such extents are <see cref="VmdkFindingKind.NotChecked"/>.
    /// </summary>
    public IReadOnlyDictionary<string, string> RawMappings { get; init; } = VmdkOpenOptions.Default.RawMappings;

    /// <summary>
    /// With <see cref="VmdkDirtySeSparse.Read"/> a space-efficient sparse extent that was not closed cleanly is checked
    /// as it is, and only a warning (<see cref="VmdkFindingKind.Unclean"/>) says so. Default: it is checked too, and
    /// counts as <see cref="VmdkFindingKind.NotChecked"/>.
    /// </summary>
    public VmdkDirtySeSparse DirtySeSparse { get; init; }

    /// <summary>Most findings that are kept; further ones are only counted. Default 10,000.</summary>
    public int MaxFindings { get; init; } = 10_000;

    /// <summary>Whether a repair makes a lost embedded descriptor anew.</summary>
    internal bool RebuildsDescriptor { get; init; }

    internal int EffectiveThreads => Threads == 0 ? Environment.ProcessorCount : Threads;

    internal void Validate()
    {
        ArgumentOutOfRangeException.ThrowIfNegative(Threads);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(Threads, 64);
        ArgumentOutOfRangeException.ThrowIfLessThan(MaxFindings, 1);
        OpenOptions.Validate();
    }

    internal VmdkOpenOptions OpenOptions => VmdkOpenOptions.Default with
    {
        Limits = Limits,
        References = References,
        ForceShare = ForceShare,
        RawMappings = RawMappings,
        DirtySeSparse = DirtySeSparse,
    };
}
