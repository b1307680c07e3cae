namespace VmdkFast;

/// <summary>How a disk's content is reduced to a number.</summary>
public enum VmdkDigestAlgorithm
{
    /// <summary>XXH128: as fast as memory, and no protection against somebody who wants to deceive.</summary>
    XxHash128,

    /// <summary>SHA-256.</summary>
    Sha256,
}

/// <summary>The digest of a disk's content: of every byte that the guest sees, zeros included.</summary>
/// <param name="Algorithm">How it was made.</param>
/// <param name="Hex">The digest in lower-case hexadecimal digits, as xxh128sum and sha256sum print it.</param>
/// <param name="LengthBytes">
/// Over how many bytes: the disk's length. Of a raw file that is its length rounded up to 512, zeros behind its end.
/// </param>
public sealed record VmdkDigest(VmdkDigestAlgorithm Algorithm, string Hex, long LengthBytes);

/// <summary>How a disk's content is hashed. Immutable; change one with <c>with</c>.</summary>
public sealed record VmdkHashOptions
{
    /// <summary>XXH128 on all processors.</summary>
    public static VmdkHashOptions Default { get; } = new();

    /// <summary>The algorithm. Default XXH128.</summary>
    public VmdkDigestAlgorithm Algorithm { get; init; }

    /// <summary>Threads that read and inflate; 0 (the default) takes one for each processor. At most 64.</summary>
    public int Threads { get; init; }

    internal void Validate()
    {
        ArgumentOutOfRangeException.ThrowIfNegative(Threads);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(Threads, 64);
        if (!Enum.IsDefined(Algorithm))
        {
            throw new ArgumentException("The algorithm is not known.");
        }
    }

    internal int EffectiveThreads => Threads == 0 ? Environment.ProcessorCount : Threads;
}
