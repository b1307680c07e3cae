namespace VmdkFast;

/// <summary>How a whole disk is converted. Immutable; change one with <c>with</c>.</summary>
public sealed record VmdkConvertOptions
{
    /// <summary>A raw target, all processors, holes kept, no waiting for the device.</summary>
    public static VmdkConvertOptions Default { get; } = new();

    /// <summary>
    /// The image that is made; null (the default) stands for raw bytes. Its length is the source's, so
    /// <see cref="VmdkCreateOptions.LengthBytes"/> must be null. An existing regular file is replaced whatever
    /// <see cref="VmdkCreateOptions.Overwrite"/> says, and <see cref="Sync"/> counts, not the one there.
    /// </summary>
    /// <remarks>
    /// With <see cref="VmdkCreateOptions.ParentPath"/> the target is a child: only grains that differ from what the
    /// parent holds are stored in it. With <see cref="IntoExisting"/> it only says that the target is a VMDK.
    /// </remarks>
    public VmdkCreateOptions? Target { get; init; }

    /// <summary>The layout of a streamOptimized target. Default: export.</summary>
    public VmdkStreamLayout StreamLayout { get; init; }

    /// <summary>How much work goes into compressed grains of the target. Default: as small as qemu-img's.</summary>
    public VmdkCompression Compression { get; init; }

    /// <summary>Which library deflates compressed grains of the target. Default: the best that is there.</summary>
    public VmdkCodec Codec { get; init; }

    /// <summary>
    /// Runs of zeros of at least this length are left out of the target where it can do without: 0, or a multiple of
    /// 512 up to 16 MiB. Default 4 KiB. 0 writes all zeros; compressed grains of zeros are left out anyway. In sparse
    /// images whole grains count.
    /// </summary>
    /// <remarks>
    /// Runs begin at multiples of 4 KiB, or of the power of two that divides the length if that is less. They are
    /// looked for within stretches of 512 KiB, or of the length rounded up to a power of two. What the source holds
    /// as a hole stays one, whatever its length.
    /// </remarks>
    public int SparseBytes { get; init; } = 4096;

    /// <summary>
    /// Threads that read, inflate, deflate and write; 0 (the default) takes one for each processor. At most 64.
    /// </summary>
    public int Threads { get; init; }

    /// <summary>
    /// Whether the target is durable, name included, when the conversion ends. Default false, as qemu-img: the
    /// operating system writes it in its own time.
    /// </summary>
    public bool Sync { get; init; }

    /// <summary>
    /// Writes into an existing target that is long enough, in place, instead of making a new one. Default false.
    /// </summary>
    public bool IntoExisting { get; init; }

    /// <summary>
    /// Whether the existing target is known to read as zeros, so that zeros need not be written. Default false.
    /// </summary>
    public bool TargetIsZero { get; init; }

    /// <summary>
    /// Whether what cannot be read becomes zeros, and is listed in the result, instead of ending the conversion.
    /// Default false.
    /// </summary>
    public bool Salvage { get; init; }

    /// <summary>Bytes that are read in a second at most, in the mean; 0 (the default) for no limit.</summary>
    public long RateBytesPerSecond { get; init; }

    /// <summary>
    /// Makes a digest of the content on the way, for <see cref="VmdkConvertResult.Digest"/>; null (the default) makes
    /// none.
    /// </summary>
    public VmdkDigestAlgorithm? Digest { get; init; }

    /// <summary>
    /// Whether the target is read back when it is complete, and its digest compared with that of what was written.
    /// Default false. Not for pipes and streams.
    /// </summary>
    /// <remarks>
    /// It is read as everything is, through the operating system's memory. A target that fails has its name already.
    /// </remarks>
    public bool Verify { get; init; }

    /// <summary>The digest to make; null for none.</summary>
    internal VmdkDigestAlgorithm? EffectiveDigest =>
        Digest ?? (Verify ? VmdkDigestAlgorithm.XxHash128 : null);

    internal void Validate()
    {
        if (!Enum.IsDefined(Compression))
        {
            throw new ArgumentOutOfRangeException(nameof(Compression), Compression, null);
        }

        if (!Enum.IsDefined(Codec))
        {
            throw new ArgumentOutOfRangeException(nameof(Codec), Codec, null);
        }

        ArgumentOutOfRangeException.ThrowIfNegative(Threads);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(Threads, 64);
        ArgumentOutOfRangeException.ThrowIfNegative(RateBytesPerSecond);
        ThrowUnlessSparse(SparseBytes);

        if (Digest is { } digest && !Enum.IsDefined(digest))
        {
            throw new ArgumentException("The algorithm is not known.");
        }

        if (!Enum.IsDefined(StreamLayout))
        {
            throw new ArgumentException("The layout is not known.");
        }

        if (Target is { LengthBytes: not null })
        {
            throw new ArgumentException("The target is as long as the source: it takes no length of its own.");
        }

        if (TargetIsZero && !IntoExisting)
        {
            throw new ArgumentException("A new target reads as zeros anyway; an existing one has to be said to.");
        }

        if (IntoExisting && Target?.ParentPath is not null)
        {
            throw new ArgumentException("An existing target has the parent that it has.");
        }
    }

    /// <summary>The most that <see cref="SparseBytes"/> can be; qemu-img has the same bound.</summary>
    internal const int MaxSparseBytes = 16 << 20;

    /// <summary>Refuses a length of zeros that cannot be left out.</summary>
    internal static void ThrowUnlessSparse(int sparseBytes)
    {
        if (sparseBytes is < 0 or > MaxSparseBytes || sparseBytes % Sector.Bytes != 0)
        {
            throw new ArgumentOutOfRangeException(
                nameof(sparseBytes), sparseBytes, "Wanted 0, or a multiple of 512 up to 16 MiB.");
        }
    }

    internal int EffectiveThreads => Threads == 0 ? Environment.ProcessorCount : Threads;
}
