namespace VmdkFast;

/// <summary>What a conversion has done.</summary>
public sealed record VmdkConvertResult
{
    /// <summary>Length of the disk.</summary>
    public required long LengthBytes { get; init; }

    /// <summary>Bytes of it that had to be read; the rest was known to be zeros.</summary>
    public required long ReadBytes { get; init; }

    /// <summary>
    /// With <see cref="VmdkConvertOptions.Digest"/> or <see cref="VmdkConvertOptions.Verify"/>, the digest of the
    /// content as it was written.
    /// </summary>
    public VmdkDigest? Digest { get; init; }

    /// <summary>
    /// With <see cref="VmdkConvertOptions.Salvage"/>, the ranges of the disk that could not be read and are zeros in
    /// the target: ascending, neighbours joined.
    /// </summary>
    public IReadOnlyList<VmdkRange> Unreadable { get; init; } = [];
}
