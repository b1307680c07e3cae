namespace VmdkFast.Tests.Support;

/// <summary>What the bytes of a range look like.</summary>
public enum ContentPattern
{
    /// <summary>Incompressible bytes.</summary>
    Random,

    /// <summary>Words from a small dictionary: deflates to about a tenth.</summary>
    Text,

    /// <summary>Every 16 bytes hold the sector's number plus 1, and the seed: misplaced data shows its home.</summary>
    Stamp,

    /// <summary>Zeros that were written, so that an image allocates them.</summary>
    Zeros,

    /// <summary>Each 4 KiB block is one of the other patterns.</summary>
    Mixed,
}
