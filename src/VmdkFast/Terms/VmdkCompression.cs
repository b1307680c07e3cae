namespace VmdkFast;

/// <summary>How much work goes into compressing a grain. What a word means in numbers is each codec's own.</summary>
public enum VmdkCompression
{
    /// <summary>As small as qemu-img writes with libdeflate, 3 % larger with zlib.</summary>
    Default = 0,

    /// <summary>As fast as the machine allows; some 10 % larger than <see cref="Default"/>.</summary>
    Fastest = 1,

    /// <summary>About twice as fast as <see cref="Default"/>, some 5 % larger.</summary>
    Fast = 2,

    /// <summary>A little smaller than <see cref="Default"/>, at a quarter to half of its speed.</summary>
    Small = 3,

    /// <summary>As small as the codec can; several times slower than <see cref="Default"/>.</summary>
    Smallest = 4,

    /// <summary>
    /// Not at all: a grain is a row of stored blocks, some bytes longer than it is. For data that is compressed
    /// already, or that something else compresses afterwards.
    /// </summary>
    None = 5,
}
