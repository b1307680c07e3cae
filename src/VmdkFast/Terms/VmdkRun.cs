namespace VmdkFast;

/// <summary>What a stretch of a disk consists of.</summary>
public enum VmdkRunKind
{
    /// <summary>No image of the chain allocates it; it reads as zeros.</summary>
    Unallocated,

    /// <summary>It is known to be zeros without reading: a zero grain, a hole of a flat file, a ZERO extent.</summary>
    Zero,

    /// <summary>Stored bytes.</summary>
    Data,

    /// <summary>A part of one compressed grain.</summary>
    Compressed,
}

/// <summary>A stretch of a disk that has one origin.</summary>
/// <param name="OffsetBytes">Where it begins on the disk.</param>
/// <param name="LengthBytes">Its length, at least 1.</param>
/// <param name="Kind">What it consists of.</param>
/// <param name="Depth">
/// The image of the chain that decides: 0 is the opened one, 1 its parent. For unallocated runs the last one asked.
/// </param>
/// <param name="Path">The file that stores it; null when nothing is stored.</param>
/// <param name="FileOffsetBytes">
/// Where in that file the bytes begin, or the compressed grain's marker; null when nothing is stored.
/// </param>
public readonly record struct VmdkRun(
    long OffsetBytes, long LengthBytes, VmdkRunKind Kind, int Depth, string? Path, long? FileOffsetBytes);
