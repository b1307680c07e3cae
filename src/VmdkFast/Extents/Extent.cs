using VmdkFast.Storage;

namespace VmdkFast.Extents;

/// <summary>A stretch of the guest's disk, and the one question that it answers.</summary>
/// <remarks>Immutable but for its caches, and safe for concurrent use.</remarks>
abstract class Extent(long lengthBytes)
{
    /// <summary>Length of the extent, a multiple of 512.</summary>
    internal long LengthBytes { get; } = lengthBytes;

    /// <summary>The file behind the extent; null when there is none.</summary>
    internal virtual ImageFile? File => null;

    /// <summary>Bytes of the unit in which the extent allocates; 0 when it has none.</summary>
    internal virtual long GrainBytes => 0;

    /// <summary>What lies at an offset, and for how long.</summary>
    /// <param name="offsetBytes">Offset in the extent, below <see cref="LengthBytes"/>.</param>
    /// <param name="maxLengthBytes">How far the caller looks, at least 1, at most to the extent's end.</param>
    /// <param name="mayLoad">Whether the answer may wait for I/O.</param>
    /// <param name="mapping">The answer.</param>
    /// <returns>False only when the answer would need I/O and must not.</returns>
    internal abstract bool TryMap(long offsetBytes, long maxLengthBytes, bool mayLoad, out Mapping mapping);

    /// <summary>A way through the whole extent that leaves the caches alone and finds holes of the file.</summary>
    /// <remarks>Not thread-safe; make one for each walk.</remarks>
    internal abstract ExtentScan Scan();
}

/// <summary>One walk through an extent, in any order but made for ascending offsets.</summary>
abstract class ExtentScan
{
    /// <summary>As <see cref="Extent.TryMap"/>, always answering.</summary>
    internal abstract Mapping Map(long offsetBytes, long maxLengthBytes);
}
