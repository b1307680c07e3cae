using VmdkFast.Extents;

namespace VmdkFast.Streaming;

/// <summary>A stretch of which each of two disks has one origin.</summary>
readonly record struct ComparedStretch(long OffsetBytes, int LengthBytes, Mapping First, Mapping Second);

/// <summary>
/// A window of two disks on its way through a pipeline: the stretches in it, and room to read one of each.
/// </summary>
sealed class ComparedPiece
{
    /// <summary>Bytes of a window.</summary>
    internal const int WindowBytes = 512 << 10;

    /// <summary>Room for the first disk's bytes of a stretch.</summary>
    internal byte[] First { get; } = GC.AllocateUninitializedArray<byte>(WindowBytes, pinned: true);

    /// <summary>Room for the second disk's bytes of a stretch.</summary>
    internal byte[] Second { get; } = GC.AllocateUninitializedArray<byte>(WindowBytes, pinned: true);

    /// <summary>What is to be compared, in order; what is zeros on both sides is not among it.</summary>
    internal List<ComparedStretch> Stretches { get; } = [];

    /// <summary>How much of the disks this settles, zeros in front of the window included.</summary>
    internal long CoveredBytes { get; set; }
}
