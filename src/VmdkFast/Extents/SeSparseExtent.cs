using System.Runtime.CompilerServices;
using VmdkFast.Caching;
using VmdkFast.Storage;

namespace VmdkFast.Extents;

/// <summary>A space-efficient sparse extent of ESX: 64-bit tables, in no order. It is only ever read.</summary>
sealed class SeSparseExtent : TabledExtent
{
    readonly ImageFile _file;
    readonly SeSparseLayout _layout;
    readonly SeSparseTableSource _source;

    internal SeSparseExtent(ImageFile file, SeSparseLayout layout, TableCache cache, long lengthBytes)
        : this(file, layout, new SeSparseTableSource(file, layout), cache, lengthBytes)
    {
    }

    SeSparseExtent(
        ImageFile file, SeSparseLayout layout, SeSparseTableSource source, TableCache cache, long lengthBytes)
        : base(
            file, source, cache, SeSparseLayout.GrainShift, SeSparseLayout.TableShift, layout.DirectoryEntries,
            lengthBytes)
    {
        _file = file;
        _layout = layout;
        _source = source;
    }

    internal SeSparseLayout Layout => _layout;

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    internal override bool TryMap(long offsetBytes, long maxLengthBytes, bool mayLoad, out Mapping mapping)
    {
        long grainIndex = offsetBytes >> SeSparseLayout.GrainShift;
        int tableIndex = (int)(grainIndex >> SeSparseLayout.TableShift);
        Table? table = Tables.TryGet(tableIndex);
        if (table is null)
        {
            return TryMapMiss(tableIndex, offsetBytes, maxLengthBytes, mayLoad, out mapping);
        }

        mapping = MapInTable(table.Entries, grainIndex, offsetBytes, maxLengthBytes);
        return true;
    }

    internal override Mapping MapInTable(
        ReadOnlySpan<uint> entries, long grainIndex, long offsetBytes, long maxLengthBytes)
    {
        int index = (int)grainIndex & (SeSparseLayout.TableEntries - 1);
        long inGrain = offsetBytes & (SeSparseLayout.GrainBytes - 1);
        uint entry = Volatile.Read(in entries[index]);
        return entry switch
        {
            SeSparseTableSource.NoGrain =>
                Mapping.Unallocated(MeasureEqual(entries, index, entry, inGrain, maxLengthBytes)),
            SeSparseTableSource.ZeroGrain =>
                Mapping.Zero(MeasureEqual(entries, index, entry, inGrain, maxLengthBytes)),
            _ => MapData(entries, index, grainIndex, inGrain, maxLengthBytes),
        };
    }

    Mapping MapData(ReadOnlySpan<uint> entries, int index, long grainIndex, long inGrain, long maxLengthBytes)
    {
        uint entry = entries[index];
        long length = SeSparseLayout.GrainBytes - inGrain;
        if (entry == SeSparseTableSource.FarGrain
            || _layout.PlaceOfGrain(entry - SeSparseTableSource.FirstGrain) is not { } place)
        {
            return Mapping.Data(Math.Min(length, maxLengthBytes), _file, _source.FindGrain(grainIndex) + inGrain);
        }

        for (int next = index + 1; length < maxLengthBytes && next < entries.Length; next++)
        {
            entry++;
            if (entries[next] != entry || entry == SeSparseTableSource.FarGrain
                || _layout.PlaceOfGrain(entry - SeSparseTableSource.FirstGrain) is null)
            {
                break;
            }

            length += SeSparseLayout.GrainBytes;
        }

        return Mapping.Data(Math.Min(length, maxLengthBytes), _file, place + inGrain);
    }
}
