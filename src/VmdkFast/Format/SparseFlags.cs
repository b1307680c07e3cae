namespace VmdkFast.Format;

/// <summary>Flags of <see cref="SparseHeader"/>.</summary>
/// <remarks>
/// The low 16 bits are compatible: a reader may ignore those it does not know. The high 16 are not: a reader must
/// refuse an image with one that it does not know.
/// </remarks>
[Flags]
enum SparseFlags : uint
{
    /// <summary>No flag.</summary>
    None = 0,

    /// <summary><see cref="SparseHeader.NewlineTest"/> is valid.</summary>
    NewlineTest = 1,

    /// <summary>There is a redundant grain directory with its own grain tables.</summary>
    RedundantDirectory = 2,

    /// <summary>A grain table entry of 1 means a grain of zeros, even when the parent holds data.</summary>
    ZeroGrains = 4,

    /// <summary>Grains are compressed.</summary>
    Compressed = 1 << 16,

    /// <summary>Markers stand in front of grains and metadata.</summary>
    Markers = 1 << 17,
}
