namespace VmdkFast.Tests.Support;

/// <summary>How a COWD extent is laid out.</summary>
public sealed record CowdOptions
{
    /// <summary>Grain size; ESX takes 1.</summary>
    public int GrainSectors { get; init; } = 1;

    public GrainOrder Order { get; init; }

    /// <summary>Seed of the shuffled order.</summary>
    public int Seed { get; init; } = 1;

    public bool Unclean { get; init; }

    /// <summary>Free sectors after the next free one, as ESX grows its files ahead.</summary>
    public int SpareSectors { get; init; }

    public DescriptorText Descriptor { get; init; } = new();

    public ParentLink? Parent { get; init; }
}
