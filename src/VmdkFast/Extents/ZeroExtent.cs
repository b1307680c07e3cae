namespace VmdkFast.Extents;

/// <summary>An extent without a file that reads as zeros: <c>ZERO</c> lines, and lines without access.</summary>
sealed class ZeroExtent(long lengthBytes) : Extent(lengthBytes)
{
    internal override bool TryMap(long offsetBytes, long maxLengthBytes, bool mayLoad, out Mapping mapping)
    {
        mapping = Mapping.Zero(maxLengthBytes);
        return true;
    }

    internal override ExtentScan Scan() => ZeroScan.Instance;

    sealed class ZeroScan : ExtentScan
    {
        internal static readonly ZeroScan Instance = new();

        internal override Mapping Map(long offsetBytes, long maxLengthBytes) => Mapping.Zero(maxLengthBytes);
    }
}
