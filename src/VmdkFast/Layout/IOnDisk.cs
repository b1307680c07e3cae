using System.Collections.Immutable;

namespace VmdkFast.Layout;

/// <summary>A fixed-size on-disk structure, as the generator implements it for <see cref="OnDiskAttribute"/>.</summary>
/// <typeparam name="TSelf">The structure.</typeparam>
public interface IOnDisk<TSelf>
    where TSelf : IOnDisk<TSelf>, allows ref struct
{
    /// <summary>Size of the structure, in bytes.</summary>
    static abstract int SizeBytes { get; }

    /// <summary>What the structure is, in one sentence.</summary>
    static abstract string Meaning { get; }

    /// <summary>The fields by offset; the same array on every call. Reserved bytes are in no field.</summary>
    static abstract ImmutableArray<LayoutField> Fields { get; }

    /// <summary>Views the first <see cref="SizeBytes"/> bytes of <paramref name="source"/>, without a copy.</summary>
    /// <returns>False when <paramref name="source"/> is shorter.</returns>
    static abstract bool TryRead(ReadOnlySpan<byte> source, out TSelf value);
}
