namespace VmdkFast.Streaming;

/// <summary>A set of grains and their places as two numbers, equal for equal sets in whatever order.</summary>
/// <param name="Count">How many.</param>
/// <param name="Sum">A sum of mixed pairs; against mistakes, not against malice.</param>
readonly record struct GrainSum(long Count, ulong Sum)
{
    internal GrainSum With(long grain, uint sector)
    {
        // The finalizer of SplitMix64 over both.
        ulong mixed = ((ulong)grain << 32) ^ ((ulong)grain >> 32) ^ sector;
        mixed = (mixed ^ (mixed >> 30)) * 0xBF58_476D_1CE4_E5B9;
        mixed = (mixed ^ (mixed >> 27)) * 0x94D0_49BB_1331_11EB;
        return new GrainSum(Count + 1, unchecked(Sum + (mixed ^ (mixed >> 31))));
    }
}
