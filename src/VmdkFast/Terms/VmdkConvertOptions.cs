namespace VmdkFast;

/// <summary>How a whole disk is converted. Immutable; change one with <c>with</c>.</summary>
public sealed record VmdkConvertOptions
{
    /// <summary>All processors, holes kept, no waiting for the device.</summary>
    public static VmdkConvertOptions Default { get; } = new();

    /// <summary>
    /// Threads that read, inflate and write; 0 (the default) takes one for each processor. At most 64.
    /// </summary>
    public int Threads { get; init; }

    /// <summary>
    /// Whether the target is durable, name included, when the conversion ends. Default false, as qemu-img: the
    /// operating system writes it in its own time.
    /// </summary>
    public bool Sync { get; init; }

    /// <summary>
    /// Writes into an existing target of the right length instead of making a new one. Default false.
    /// </summary>
    public bool IntoExisting { get; init; }

    /// <summary>How much work goes into compressed grains of the target. Default: as small as qemu-img's.</summary>
    public VmdkCompression Compression { get; init; }

    /// <summary>Which library deflates compressed grains of the target. Default: the best that is there.</summary>
    public VmdkCodec Codec { get; init; }

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
    }

    internal int EffectiveThreads => Threads == 0 ? Environment.ProcessorCount : Threads;
}
