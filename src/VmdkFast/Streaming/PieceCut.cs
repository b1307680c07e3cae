namespace VmdkFast.Streaming;

/// <summary>How a disk is cut into pieces.</summary>
/// <param name="UnitBytes">
/// Every piece begins at a multiple of this and, but at the disk's end, ends at one. A power of two.
/// </param>
/// <param name="MaxBytes">
/// The longest piece of data, a power of two and at least one unit; pieces do not cross multiples of it.
/// </param>
readonly record struct PieceCut(int UnitBytes, int MaxBytes)
{
    /// <summary>For targets that take any range: zeros of one sector are a piece of their own.</summary>
    internal static PieceCut Anywhere { get; } = new(Sector.Bytes, DiskPiece.UsualMaxBytes);

    /// <summary>For targets that take whole grains.</summary>
    internal static PieceCut ByGrain(int grainBytes) => new(grainBytes, Math.Max(grainBytes, DiskPiece.UsualMaxBytes));
}
