using System.Runtime.CompilerServices;

namespace VmdkFast.Extents;

/// <summary>One image of a chain: its extents in order, without its parents' content.</summary>
/// <remarks>Immutable; safe for concurrent use.</remarks>
sealed class Layer
{
    readonly Extent[] _extents;
    readonly long[] _startBytes;

    /// <param name="extents">The extents in guest order, at least one.</param>
    /// <param name="parent">The image below, which answers what this one does not allocate; null at the bottom.</param>
    internal Layer(Extent[] extents, Layer? parent)
    {
        _extents = extents;
        _startBytes = new long[extents.Length];
        long lengthBytes = 0;
        for (int i = 0; i < extents.Length; i++)
        {
            _startBytes[i] = lengthBytes;
            lengthBytes = checked(lengthBytes + extents[i].LengthBytes);
        }

        LengthBytes = lengthBytes;
        Parent = parent;
        Depth = parent is null ? 1 : parent.Depth + 1;
    }

    internal long LengthBytes { get; }

    internal Layer? Parent { get; }

    /// <summary>Number of layers from this one down to the bottom, at least 1.</summary>
    internal int Depth { get; }

    internal ReadOnlySpan<Extent> Extents => _extents;

    /// <summary>What this layer alone says of an offset, as far as one extent reaches.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal bool TryMap(long offsetBytes, long maxLengthBytes, bool mayLoad, out Mapping mapping)
    {
        int index = _extents.Length == 1 ? 0 : FindExtent(offsetBytes);
        Extent extent = _extents[index];
        long inExtent = offsetBytes - _startBytes[index];
        return extent.TryMap(inExtent, Math.Min(maxLengthBytes, extent.LengthBytes - inExtent), mayLoad, out mapping);
    }

    /// <summary>Index of the extent that holds an offset below <see cref="LengthBytes"/>.</summary>
    internal int FindExtent(long offsetBytes)
    {
        int found = _startBytes.AsSpan().BinarySearch(offsetBytes);
        return found >= 0 ? found : ~found - 1;
    }

    /// <summary>Where an extent begins on the disk.</summary>
    internal long StartBytesOf(int extentIndex) => _startBytes[extentIndex];
}
