namespace VmdkFast;

/// <summary>Which library inflates and deflates compressed grains. All of them read what any of them writes.</summary>
public enum VmdkCodec
{
    /// <summary>
    /// What <c>VMDKFAST_CODEC</c> names (zlib, libdeflate or isal); without it the best that this machine has: isa-l
    /// for <see cref="VmdkCompression.Fastest"/>, libdeflate for everything else, zlib for what is left.
    /// </summary>
    Auto = 0,

    /// <summary>The framework's own: always there.</summary>
    Zlib = 1,

    /// <summary>libdeflate, a library of the system.</summary>
    Libdeflate = 2,

    /// <summary>isa-l (libisal), a library of the system: the fastest, never the smallest.</summary>
    Isal = 3,
}
