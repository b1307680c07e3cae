namespace VmdkFast.Compression;

/// <summary>Inflates and deflates one grain at a time, span to span. Thread-safe: state is kept per thread.</summary>
abstract class GrainCodec
{
    /// <summary>The usual effort: about zlib's level 6.</summary>
    internal const int DefaultLevel = 6;

    /// <summary>No effort: stored blocks, which add 5 bytes for each 64 KiB.</summary>
    internal const int StoredLevel = 0;

    /// <summary>The best codec that this machine has, unless <c>VMDKFAST_CODEC</c> names one.</summary>
    internal static GrainCodec Default { get; } = Choose(Environment.GetEnvironmentVariable("VMDKFAST_CODEC"));

    /// <summary>The codec's name, as the environment variable takes it.</summary>
    internal abstract string Name { get; }

    /// <summary>Inflates zlib data (RFC 1950).</summary>
    /// <param name="source">The whole compressed grain; bytes behind its end are ignored.</param>
    /// <param name="destination">Room for the inflated grain.</param>
    /// <returns>Bytes produced; -1 when the data is damaged or holds more than the room.</returns>
    internal abstract int Inflate(ReadOnlySpan<byte> source, Span<byte> destination);

    /// <summary>Deflates into zlib data (RFC 1950).</summary>
    /// <param name="source">The whole grain.</param>
    /// <param name="destination">Room for the compressed grain.</param>
    /// <param name="level">From 0 (stored) to 9 (smallest).</param>
    /// <returns>Bytes produced; -1 when the room is too small.</returns>
    internal abstract int Deflate(ReadOnlySpan<byte> source, Span<byte> destination, int level);

    /// <summary>The codec of a name: <c>zlib</c> or <c>libdeflate</c>; null and empty stand for the best.</summary>
    /// <exception cref="PlatformNotSupportedException">The named codec is not on this machine, or unknown.</exception>
    internal static GrainCodec Choose(string? name) => name switch
    {
        null or "" => LibdeflateCodec.TryLoad() ?? (GrainCodec)ZlibCodec.Instance,
        "zlib" => ZlibCodec.Instance,
        "libdeflate" => LibdeflateCodec.TryLoad()
            ?? throw new PlatformNotSupportedException("The codec libdeflate was asked for, but it is not installed."),
        _ => throw new PlatformNotSupportedException($"Unknown codec '{name}': zlib and libdeflate are known."),
    };
}
