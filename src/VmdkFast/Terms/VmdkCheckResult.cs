namespace VmdkFast;

/// <summary>What a check found and counted. Immutable.</summary>
public sealed record VmdkCheckResult
{
    /// <summary>The image that was checked.</summary>
    public required string Path { get; init; }

    /// <summary>The findings in the order in which they were met, at most as many as the options allow.</summary>
    public required IReadOnlyList<VmdkFinding> Findings { get; init; }

    /// <summary>Findings beyond that number, which were only counted.</summary>
    public required long OmittedFindings { get; init; }

    /// <summary>Number of findings of severity Corruption, omitted ones included.</summary>
    public required long Corruptions { get; init; }

    /// <summary>Leaked grains; in compressed extents, leaked stretches.</summary>
    public required long Leaks { get; init; }

    /// <summary>Number of findings of severity Warning, omitted ones included.</summary>
    public required long Warnings { get; init; }

    /// <summary>Number of findings of severity Unchecked, omitted ones included.</summary>
    public required long CheckErrors { get; init; }

    /// <summary>Grains that the sparse extents have room for.</summary>
    public required long TotalGrains { get; init; }

    /// <summary>Grains that the image stores.</summary>
    public required long AllocatedGrains { get; init; }

    /// <summary>Stored grains that do not directly follow the one before in their file.</summary>
    public required long FragmentedGrains { get; init; }

    /// <summary>Stored grains that are compressed.</summary>
    public required long CompressedGrains { get; init; }

    /// <summary>Where the last used byte of the only sparse file ends; null for several, or none.</summary>
    public long? ImageEndOffsetBytes { get; init; }

    /// <summary>Whether everything was checked and nothing is damaged; leaks and warnings are allowed.</summary>
    public bool IsSound => Corruptions == 0 && CheckErrors == 0;
}
