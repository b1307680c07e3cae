using System.Runtime.CompilerServices;
using VmdkFast.Caching;
using VmdkFast.Storage;

namespace VmdkFast.Extents;

/// <summary>An extent with 32-bit grain tables: hosted sparse, compressed stream, and COWD.</summary>
sealed class SparseExtent : TabledExtent
{
    readonly ImageFile _file;
    readonly SparseLayout _layout;
    readonly SparseTableSource _source;

    internal SparseExtent(ImageFile file, SparseLayout layout, TableCache cache, long lengthBytes)
        : this(file, layout, new SparseTableSource(file, layout), cache, lengthBytes)
    {
    }

    SparseExtent(
        ImageFile file, SparseLayout layout, SparseTableSource source, TableCache cache, long lengthBytes)
        : base(
            file, source, cache, layout.GrainShift, layout.TableShift, layout.DirectoryEntries, lengthBytes)
    {
        _file = file;
        _layout = layout;
        _source = source;
    }

    internal SparseLayout Layout => _layout;

    internal SparseTableSource Source => _source;

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    internal override bool TryMap(long offsetBytes, long maxLengthBytes, bool mayLoad, out Mapping mapping)
    {
        long grainIndex = offsetBytes >> _layout.GrainShift;
        int tableIndex = (int)(grainIndex >> _layout.TableShift);
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
        int index = (int)grainIndex & (_layout.TableEntries - 1);
        long inGrain = offsetBytes & (_layout.GrainBytes - 1);
        uint entry = Volatile.Read(in entries[index]);
        if (entry > 1 || (entry == 1 && !_layout.ZeroGrains))
        {
            return _layout.Compressed is { } grains
                ? MapCompressed(grains, entries, index, grainIndex, inGrain, entry, maxLengthBytes)
                : MapData(entries, index, grainIndex, inGrain, entry, maxLengthBytes);
        }

        long length = MeasureEqual(entries, index, entry, inGrain, maxLengthBytes);
        return entry == 0 ? Mapping.Unallocated(length) : Mapping.Zero(length);
    }

    Mapping MapData(
        ReadOnlySpan<uint> entries, int index, long grainIndex, long inGrain, uint entry, long maxLengthBytes)
    {
        if (!IsPossible(entry))
        {
            return MapRecovered(grainIndex, inGrain, entry, maxLengthBytes);
        }

        long length = _layout.GrainBytes - inGrain;
        ulong expected = entry;
        for (int next = index + 1; length < maxLengthBytes && next < entries.Length; next++)
        {
            expected += _layout.GrainSectors;
            if (Volatile.Read(in entries[next]) != expected || !IsPossible((uint)expected))
            {
                break;
            }

            length += _layout.GrainBytes;
        }

        return Mapping.Data(
            Math.Min(length, maxLengthBytes), _file, ((long)entry << Sector.Shift) + inGrain);
    }

    Mapping MapCompressed(
        CompressedGrains grains, ReadOnlySpan<uint> entries, int index, long grainIndex, long inGrain, uint entry,
        long maxLengthBytes)
    {
        if (!IsPossible(entry))
        {
            return MapRecovered(grainIndex, inGrain, entry, maxLengthBytes);
        }

        // Streams are written in ascending order, so the next entry that lies behind tells where this grain ends.
        uint following = index + 1 < entries.Length ? Volatile.Read(in entries[index + 1]) : 0;
        long stored = following > entry ? (long)(following - entry) << Sector.Shift : 0;
        int hint = stored <= grains.MaxStoredBytes ? (int)stored : 0;
        return Mapping.Compressed(
            Math.Min(_layout.GrainBytes - inGrain, maxLengthBytes), _file, (long)entry << Sector.Shift,
            new GrainLocation(grains, grainIndex, inGrain, hint));
    }

    /// <summary>Whether a grain can be there: not past the end of the file, not in the header.</summary>
    internal bool IsPossible(uint entry) => _source.IsPossibleGrain(entry);

    Mapping MapRecovered(long grainIndex, long inGrain, uint entry, long maxLengthBytes)
    {
        uint recovered = _source.RecoverEntry(grainIndex, entry);
        Span<uint> single = [recovered];
        long length = Math.Min(_layout.GrainBytes - inGrain, maxLengthBytes);
        if (recovered == 0)
        {
            return Mapping.Unallocated(length);
        }

        if (recovered == 1 && _layout.ZeroGrains)
        {
            return Mapping.Zero(length);
        }

        return _layout.Compressed is { } grains
            ? MapCompressed(grains, single, 0, grainIndex, inGrain, recovered, length)
            : MapData(single, 0, grainIndex, inGrain, recovered, length);
    }
}
