using System.Numerics;

namespace VmdkFast.Streaming;

/// <summary>Which runs of zeros a target leaves out.</summary>
/// <param name="StepBytes">
/// Where runs begin and end, at multiples of it; a power of two, or 0 when all zeros are written.
/// </param>
/// <param name="LeastBytes">How long a run is at least.</param>
readonly record struct ZeroRuns(int StepBytes, int LeastBytes)
{
    // The page of every file system: finer holes keep no block back, and cost a call each.
    const int PageBytes = 4096;

    /// <summary>Every unit of zeros that stands alone.</summary>
    internal static ZeroRuns ByUnit(int unitBytes) => new(unitBytes, unitBytes);

    /// <summary>What a caller's length means for a target that takes whole units.</summary>
    /// <param name="sparseBytes">As <see cref="VmdkConvertOptions.SparseBytes"/>.</param>
    /// <param name="unitBytes">A power of two, at least a sector.</param>
    internal static ZeroRuns Of(int sparseBytes, int unitBytes)
    {
        if (sparseBytes == 0)
        {
            return default;
        }

        // The largest power of two that divides the length: runs of exactly that length are found.
        int step = Math.Max(unitBytes, Math.Min(PageBytes, sparseBytes & -sparseBytes));
        return new ZeroRuns(step, Math.Max(step, sparseBytes));
    }

    /// <summary>Pieces in which a run of the length has room: they are looked at one by one.</summary>
    internal PieceCut Within(PieceCut cut) =>
        cut with { MaxBytes = Math.Max(cut.MaxBytes, (int)BitOperations.RoundUpToPowerOf2((uint)LeastBytes)) };
}
