namespace VmdkFast;

/// <summary>How large an image will be. All files of it together, by their lengths.</summary>
/// <param name="RequiredBytes">
/// For the content there is: the exact length, or for compressed images the least upper bound that can be given without
/// compressing.
/// </param>
/// <param name="FullyAllocatedBytes">When every grain holds something, by the same measure.</param>
/// <param name="MinimumBytes">What it cannot fall below; <paramref name="RequiredBytes"/> where that is exact.</param>
public sealed record VmdkMeasurement(long RequiredBytes, long FullyAllocatedBytes, long MinimumBytes)
{
    /// <summary>Whether <see cref="RequiredBytes"/> is the length to the byte.</summary>
    public bool IsExact => MinimumBytes == RequiredBytes;
}

/// <summary>What is measured for. Immutable; change one with <c>with</c>.</summary>
public sealed record VmdkMeasureOptions
{
    /// <summary>A raw target, on all processors.</summary>
    public static VmdkMeasureOptions Default { get; } = new();

    /// <summary>
    /// The image to be made; null (the default) stands for raw bytes. Its length is the source's, so
    /// <see cref="VmdkCreateOptions.LengthBytes"/> must be null; children are not measured.
    /// </summary>
    public VmdkCreateOptions? Target { get; init; }

    /// <summary>The target's file name, which its descriptor repeats. Default <c>disk.vmdk</c>.</summary>
    public string TargetName { get; init; } = "disk.vmdk";

    /// <summary>The layout of a streamOptimized target. Default: export.</summary>
    public VmdkStreamLayout StreamLayout { get; init; }

    /// <summary>
    /// Zeros of this length will be left out, as <see cref="VmdkConvertOptions.SparseBytes"/> of the conversion.
    /// </summary>
    public int SparseBytes { get; init; } = 4096;

    /// <summary>
    /// Threads that look for grains of zeros; 0 (the default) takes one for each processor. At most 64.
    /// </summary>
    public int Threads { get; init; }

    internal void Validate()
    {
        ArgumentOutOfRangeException.ThrowIfNegative(Threads);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(Threads, 64);
        ArgumentException.ThrowIfNullOrEmpty(TargetName);
        VmdkConvertOptions.ThrowUnlessSparse(SparseBytes);
        if (!Enum.IsDefined(StreamLayout))
        {
            throw new ArgumentException("The layout is not known.");
        }

        if (Target is { LengthBytes: not null })
        {
            throw new ArgumentException("The target is as long as the source: it takes no length of its own.");
        }

        if (Target is { ParentPath: not null })
        {
            throw new ArgumentException("The size of a child cannot be measured.");
        }
    }

    internal int EffectiveThreads => Threads == 0 ? Environment.ProcessorCount : Threads;
}
