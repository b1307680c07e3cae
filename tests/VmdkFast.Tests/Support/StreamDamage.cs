namespace VmdkFast.Tests.Support;

/// <summary>What is wrong with a streamOptimized file. Values combine.</summary>
[Flags]
public enum StreamDamage
{
    None = 0,

    /// <summary>The marker of the damaged grain names the next grain's sector.</summary>
    WrongLba = 1,

    /// <summary>The deflate stream begins with the reserved block type.</summary>
    DeflateGarbage = 2,

    /// <summary>The stream is whole, but its Adler-32 is not that of the data.</summary>
    BadChecksum = 4,

    /// <summary>The grain inflates to half of its size.</summary>
    ShortData = 8,

    /// <summary>The grain inflates to four times its size.</summary>
    LongData = 16,

    /// <summary>The marker says 0 bytes.</summary>
    ZeroSize = 32,

    /// <summary>The marker says nearly 4 GiB.</summary>
    HugeSize = 64,

    /// <summary>The file ends within the data of the damaged grain.</summary>
    Truncated = 128,

    /// <summary>The footer has no signature. Export layout only.</summary>
    BadFooter = 256,

    /// <summary>The footer's capacity is not the header's. Export layout only.</summary>
    FooterDisagrees = 512,
}
