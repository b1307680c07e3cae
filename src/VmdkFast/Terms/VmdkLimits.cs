namespace VmdkFast;

/// <summary>Every bound that a hostile image could otherwise choose for itself.</summary>
/// <remarks>
/// Numbers from an image are compared with these before anything is allocated. A sparse file's length costs an
/// attacker nothing, so these hold besides the bound by the real file's length. Immutable, hence thread-safe.
/// </remarks>
public sealed record VmdkLimits
{
    /// <summary>The defaults: everything that a real image needs, nothing that hurts a host.</summary>
    public static VmdkLimits Default { get; } = new();

    /// <summary>Longest descriptor text, in bytes. Default 1 MiB: 4,096 extent lines of 255 bytes.</summary>
    public int MaxDescriptorBytes { get; init; } = 1 << 20;

    /// <summary>Most extent lines in one descriptor. Default 4,096: 8 TiB of 2 GiB extents.</summary>
    public int MaxExtents { get; init; } = 4096;

    /// <summary>Longest chain of images, the opened one included. Default 64; VMware allows 32 snapshots.</summary>
    public int MaxChainDepth { get; init; } = 64;

    /// <summary>Longest file name that an image may name, in bytes. Default 511, as QEMU.</summary>
    public int MaxNameBytes { get; init; } = 511;

    /// <summary>Largest grain, in sectors. Default 2,097,152 (1 GiB), as QEMU.</summary>
    public long MaxGrainSectors { get; init; } = 0x20_0000;

    /// <summary>Most grain directory entries of one extent. Default 33,554,432 (128 MiB of entries), as QEMU.</summary>
    public long MaxDirectoryEntries { get; init; } = 32L << 20;

    /// <summary>Most extents whose files stay open at once; further ones open when first read. Default 256.</summary>
    public int MaxOpenExtents { get; init; } = 256;
}
