namespace VmdkFast;

/// <summary>What a stream's markers gave when it was opened by them instead of by its tables. Immutable.</summary>
public sealed record VmdkStreamRecovery
{
    /// <summary>Grains that are whole. Whether their data is undamaged shows when they are read.</summary>
    public required int Grains { get; init; }

    /// <summary>Where on the extent the last whole grain of the file belongs, in bytes; null without one.</summary>
    /// <remarks>In a stream whose grains ascend, everything behind that grain is missing.</remarks>
    public long? LastGrainOffsetBytes { get; init; }

    /// <summary>Where in the file the walk ended, in bytes: what lies behind was ignored.</summary>
    public required long EndBytes { get; init; }

    /// <summary>Bytes of the file behind <see cref="EndBytes"/>.</summary>
    public long IgnoredBytes { get; init; }

    /// <summary>
    /// Why the walk ended there; null when it came to the end-of-stream marker, and nothing is missing.
    /// </summary>
    public string? Problem { get; init; }
}
