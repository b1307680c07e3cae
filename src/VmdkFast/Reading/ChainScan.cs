using VmdkFast.Extents;

namespace VmdkFast.Reading;

/// <summary>What a whole chain says of a stretch of the disk.</summary>
/// <param name="Mapping">The answer; Unallocated when no layer holds anything.</param>
/// <param name="Depth">The layer that answered: 0 is the opened image.</param>
readonly record struct ChainRun(Mapping Mapping, int Depth);

/// <summary>A walk through a whole chain past the caches, for everything that looks at a whole disk.</summary>
/// <remarks>Not thread-safe: one walk, one object.</remarks>
sealed class ChainScan
{
    readonly Layer _top;
    readonly LayerScan[] _layers;

    internal ChainScan(Layer top)
    {
        _top = top;
        _layers = new LayerScan[top.Depth];
        int depth = 0;
        for (Layer? layer = top; layer is not null; layer = layer.Parent)
        {
            _layers[depth++] = new LayerScan(layer);
        }
    }

    /// <summary>What lies at an offset, for as long as one layer gives one answer.</summary>
    internal ChainRun Map(long offsetBytes, long maxLengthBytes)
    {
        maxLengthBytes = Math.Min(maxLengthBytes, _top.LengthBytes - offsetBytes);
        int deepest = _layers.Length - 1;
        for (int depth = 0; ; depth++)
        {
            Layer layer = _layers[depth].Layer;
            if (offsetBytes >= layer.LengthBytes)
            {
                return new ChainRun(Mapping.Unallocated(maxLengthBytes), depth);
            }

            Mapping mapping = _layers[depth].Map(
                offsetBytes, Math.Min(maxLengthBytes, layer.LengthBytes - offsetBytes));
            if (mapping.Kind != MappingKind.Unallocated || depth == deepest)
            {
                return new ChainRun(mapping, depth);
            }

            maxLengthBytes = mapping.LengthBytes;
        }
    }

    /// <summary>The runs of a stretch, neighbours that continue one another joined.</summary>
    internal IEnumerable<(long OffsetBytes, ChainRun Run)> Runs(long offsetBytes, long endBytes)
    {
        long startBytes = offsetBytes;
        ChainRun? pending = null;
        while (offsetBytes < endBytes)
        {
            ChainRun run = Map(offsetBytes, endBytes - offsetBytes);
            offsetBytes += run.Mapping.LengthBytes;
            if (pending is { } before && before.Depth == run.Depth && before.Mapping.Continues(run.Mapping))
            {
                pending = new ChainRun(before.Mapping.Join(run.Mapping), run.Depth);
                continue;
            }

            if (pending is { } ended)
            {
                yield return (startBytes, ended);
                startBytes += ended.Mapping.LengthBytes;
            }

            pending = run;
        }

        if (pending is { } last)
        {
            yield return (startBytes, last);
        }
    }

    sealed class LayerScan(Layer layer)
    {
        readonly ExtentScan?[] _extents = new ExtentScan?[layer.Extents.Length];
        long _unallocatedFrom = long.MaxValue;
        long _unallocatedUntil;

        internal Layer Layer => layer;

        internal Mapping Map(long offsetBytes, long maxLengthBytes)
        {
            if (offsetBytes >= _unallocatedFrom && offsetBytes < _unallocatedUntil)
            {
                return Mapping.Unallocated(Math.Min(maxLengthBytes, _unallocatedUntil - offsetBytes));
            }

            int index = layer.FindExtent(offsetBytes);
            Extent extent = layer.Extents[index];
            long inExtent = offsetBytes - layer.StartBytesOf(index);
            Mapping mapping = (_extents[index] ??= extent.Scan()).Map(
                inExtent, Math.Min(maxLengthBytes, extent.LengthBytes - inExtent));
            if (mapping.Kind == MappingKind.Unallocated)
            {
                _unallocatedFrom = offsetBytes;
                _unallocatedUntil = offsetBytes + mapping.LengthBytes;
            }

            return mapping;
        }
    }
}
