using System.Diagnostics.CodeAnalysis;
using System.Text;

namespace VmdkFast.Format;

/// <summary>Where a descriptor came from, so that a fault can name its place.</summary>
/// <param name="Path">The file that holds the descriptor.</param>
/// <param name="OffsetBytes">Where in the file the descriptor starts; 0 unless it is embedded.</param>
readonly record struct DescriptorSource(string Path, long OffsetBytes)
{
    // A hostile line may be a megabyte long; nobody reads more of it than this.
    const int MaxShownBytes = 96;

    /// <summary>Throws for a fault at an index of the descriptor's bytes.</summary>
    [DoesNotReturn]
    internal void Throw(
        VmdkErrorCode code, int at, string field, string problem, string? found, string? wanted = null) =>
        throw new VmdkException(code, Path, problem, OffsetBytes + at, field, found, wanted);

    /// <summary>Throws that the descriptor is invalid at an index of its bytes.</summary>
    [DoesNotReturn]
    internal void ThrowInvalid(int at, string field, string problem, string? found, string? wanted = null) =>
        Throw(VmdkErrorCode.DescriptorInvalid, at, field, problem, found, wanted);

    /// <summary>Bytes as text for a message: decoded as UTF-8, cut when long.</summary>
    internal static string Show(ReadOnlySpan<byte> bytes) =>
        bytes.Length > MaxShownBytes
            ? Encoding.UTF8.GetString(bytes[..MaxShownBytes]) + "…"
            : Encoding.UTF8.GetString(bytes);
}
