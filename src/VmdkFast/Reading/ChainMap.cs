using VmdkFast.Extents;

namespace VmdkFast.Reading;

/// <summary>Asks a chain of layers from the top down what lies at an offset.</summary>
static class ChainMap
{
    /// <summary>The answer of the first layer that allocates the offset, as far as all layers above agree.</summary>
    /// <param name="top">The opened image.</param>
    /// <param name="offsetBytes">Guest offset, below the top layer's length.</param>
    /// <param name="maxLengthBytes">How far the caller looks, at least 1.</param>
    /// <param name="mayLoad">Whether the answer may wait for I/O.</param>
    /// <param name="unallocatedUntil">
    /// For a caller that walks on: per layer the offset up to which it is known to allocate nothing. Without it a
    /// fragmented parent makes every step look at the child's long run again. Empty: no memory.
    /// </param>
    /// <param name="mapping">The answer; Unallocated means that no layer holds anything, and reads as zeros.</param>
    /// <returns>False only when the answer would need I/O and must not.</returns>
    internal static bool TryResolve(
        Layer top, long offsetBytes, long maxLengthBytes, bool mayLoad, Span<long> unallocatedUntil,
        out Mapping mapping)
    {
        Layer layer = top;
        for (int depth = 0; ; depth++)
        {
            if (offsetBytes >= layer.LengthBytes)
            {
                // Past a shorter parent the guest reads zeros.
                mapping = Mapping.Unallocated(maxLengthBytes);
                return true;
            }

            long length = Math.Min(maxLengthBytes, layer.LengthBytes - offsetBytes);
            if (!unallocatedUntil.IsEmpty && offsetBytes < unallocatedUntil[depth])
            {
                mapping = Mapping.Unallocated(Math.Min(length, unallocatedUntil[depth] - offsetBytes));
            }
            else if (!layer.TryMap(offsetBytes, length, mayLoad, out mapping))
            {
                return false;
            }

            if (mapping.Kind != MappingKind.Unallocated || layer.Parent is null)
            {
                return true;
            }

            if (!unallocatedUntil.IsEmpty)
            {
                unallocatedUntil[depth] = offsetBytes + mapping.LengthBytes;
            }

            maxLengthBytes = mapping.LengthBytes;
            layer = layer.Parent;
        }
    }
}
