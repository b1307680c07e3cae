namespace VmdkFast.Compression;

/// <summary>Inflates and deflates one grain at a time, span to span. Thread-safe: state is kept per thread.</summary>
abstract class GrainCodec
{
    /// <summary>The environment variable that chooses the codec where the caller does not.</summary>
    internal const string Variable = "VMDKFAST_CODEC";

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
    /// <param name="compression">How much work goes into it.</param>
    /// <returns>Bytes produced; -1 when the room is too small.</returns>
    /// <remarks>The same input gives the same bytes, on every thread and in every order.</remarks>
    internal abstract int Deflate(ReadOnlySpan<byte> source, Span<byte> destination, VmdkCompression compression);

    /// <summary>Deflates into zlib data, or stores what does not become smaller, so that it always fits.</summary>
    /// <param name="source">The whole grain.</param>
    /// <param name="destination">
    /// Room of at least <see cref="StoredForm.LengthBytes"/>. With marker that is within grain + 1 sector, all that
    /// VMware's readers have room for, for grains up to 4 MiB; larger ones need 5 bytes for each 65,535.
    /// </param>
    /// <param name="compression">How much work goes into it.</param>
    /// <returns>Bytes produced, never more than <see cref="StoredForm.LengthBytes"/>.</returns>
    /// <exception cref="ArgumentException">The room is smaller than the stored form.</exception>
    internal int DeflateWithin(ReadOnlySpan<byte> source, Span<byte> destination, VmdkCompression compression)
    {
        int storedBytes = StoredForm.LengthBytes(source.Length);
        ArgumentOutOfRangeException.ThrowIfLessThan(destination.Length, storedBytes, nameof(destination));
        int produced = compression == VmdkCompression.None
            ? -1
            : Deflate(source, destination[..storedBytes], compression);
        return produced >= 0 ? produced : StoredForm.Write(source, destination);
    }

    /// <summary>The codec that the caller, the environment or the machine chooses, in this order.</summary>
    /// <exception cref="PlatformNotSupportedException">
    /// A codec was asked for that is not on this machine, or the variable names none.
    /// </exception>
    internal static GrainCodec Of(VmdkCodec codec) => codec switch
    {
        VmdkCodec.Auto => Choose(Environment.GetEnvironmentVariable(Variable)),
        VmdkCodec.Zlib => ZlibCodec.Instance,
        VmdkCodec.Libdeflate => LibdeflateCodec.TryLoad() ?? throw Missing("libdeflate", "libdeflate0"),
        VmdkCodec.Isal => IsalCodec.TryLoad() ?? throw Missing("isal", "libisal2"),
        _ => throw new ArgumentOutOfRangeException(nameof(codec), codec, null),
    };

    /// <summary>
    /// The codec of a name: <c>zlib</c>, <c>libdeflate</c>, <c>isal</c>; null and empty stand for the best.
    /// </summary>
    /// <exception cref="PlatformNotSupportedException">The named codec is not on this machine, or unknown.</exception>
    internal static GrainCodec Choose(string? name) => name switch
    {
        null or "" => BestCodec.Instance,
        "zlib" => Of(VmdkCodec.Zlib),
        "libdeflate" => Of(VmdkCodec.Libdeflate),
        "isal" => Of(VmdkCodec.Isal),
        _ => throw new PlatformNotSupportedException(
            $"{Variable} names the unknown codec '{name}': zlib, libdeflate and isal are known."),
    };

    static PlatformNotSupportedException Missing(string name, string package) =>
        new($"The codec {name} was asked for, but it is not installed, or not fit for use (Debian: {package}).");
}
