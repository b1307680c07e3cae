namespace VmdkFast.Tests.Support;

/// <summary>How a streamOptimized image is laid out.</summary>
public sealed record StreamOptions
{
    public StreamLayout Layout { get; init; }

    public uint Version { get; init; } = 3;

    public int GrainSectors { get; init; } = 128;

    /// <summary>Room of the descriptor; null takes the layout's: 1 for exports, else 20.</summary>
    public int? DescriptorSectors { get; init; }

    public DescriptorText Descriptor { get; init; } = new();

    /// <summary>
    /// Without markers (flag bit 17 clear) a grain has only its size before it. Not for the export layout, which
    /// is found by its markers.
    /// </summary>
    public bool Markers { get; init; } = true;

    /// <summary>zlib level 0 to 9; 0 writes stored blocks, so every grain is larger than it was.</summary>
    public int Level { get; init; } = 6;

    /// <summary>Bytes of a stored block at level 0. Small ones make the data much larger than the grain.</summary>
    public int StoredBlockBytes { get; init; } = 65535;

    /// <summary>Puts a marker of type 4 before every n-th grain; 0 puts none. Export layout only.</summary>
    public int ProgressEvery { get; init; }

    /// <summary>The grain at the disk's end inflates only to the sectors that the disk has.</summary>
    public bool ShortLastGrain { get; init; }

    /// <summary>Whether the file ends with an end-of-stream sector; null takes the layout's habit.</summary>
    public bool? EndOfStream { get; init; }

    /// <summary>Export layout whose header names the directory too, as one converter does.</summary>
    public bool DirectoryInHeaderToo { get; init; }

    /// <summary>Order of the grains; an export is always ascending. Null: shuffled for QEMU, else ascending.</summary>
    public GrainOrder? Order { get; init; }

    /// <summary>Seed of the shuffled order.</summary>
    public int Seed { get; init; } = 1;

    /// <summary>Grains within these ranges of the disk get table entry 1, in version 2 or 3.</summary>
    public IReadOnlyList<GuestRange> ZeroRanges { get; init; } = [];

    public StreamDamage Damage { get; init; }

    /// <summary>Which grain is damaged, counted from 0 in file order.</summary>
    public int DamagedGrain { get; init; }

    /// <summary>The file's length is made a multiple of this.</summary>
    public int PadFileBytes { get; init; } = 512;
}
