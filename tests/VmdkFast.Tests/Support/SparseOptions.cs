namespace VmdkFast.Tests.Support;

/// <summary>How a hosted sparse extent is laid out.</summary>
public sealed record SparseOptions
{
    /// <summary>Header version; null is 1, or 2 with zero ranges.</summary>
    public uint? Version { get; init; }

    public int GrainSectors { get; init; } = 128;

    /// <summary>Entries of a grain table; every known product writes 512.</summary>
    public int TableEntries { get; init; } = 512;

    /// <summary>Whether directory and tables exist twice.</summary>
    public bool Redundant { get; init; } = true;

    /// <summary>Grains wholly inside these ranges of the disk get table entry 1; they must hold zeros.</summary>
    public IReadOnlyList<GuestRange> ZeroRanges { get; init; } = [];

    public bool Unclean { get; init; }

    /// <summary>Room of the embedded descriptor; 0 embeds none.</summary>
    public int DescriptorSectors { get; init; } = 20;

    public DescriptorText Descriptor { get; init; } = new();

    /// <summary>Directory entry 0 for tables without grains; the others lie side by side.</summary>
    public bool TablesLazilyAbsent { get; init; }

    public GrainOrder Order { get; init; }

    /// <summary>Seed of the shuffled order.</summary>
    public int Seed { get; init; } = 1;

    public ParentLink? Parent { get; init; }
}
