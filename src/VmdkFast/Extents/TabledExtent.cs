using VmdkFast.Caching;
using VmdkFast.Storage;

namespace VmdkFast.Extents;

/// <summary>An extent with a grain directory and grain tables, whatever their entries look like.</summary>
abstract class TabledExtent : Extent
{
    readonly GrainTableSource _source;
    readonly int _grainShift;
    readonly int _tableShift;

    /// <param name="file">The file that holds everything.</param>
    /// <param name="source">Reads directory and tables.</param>
    /// <param name="cache">The memory that all tables of a disk share.</param>
    /// <param name="grainShift">log2 of the grain's bytes.</param>
    /// <param name="tableShift">log2 of the entries of a table.</param>
    /// <param name="directoryEntries">Number of tables, at least 1.</param>
    /// <param name="lengthBytes">Length of the extent.</param>
    protected TabledExtent(
        ImageFile file, GrainTableSource source, TableCache cache, int grainShift, int tableShift,
        int directoryEntries, long lengthBytes)
        : base(lengthBytes)
    {
        _source = source;
        _grainShift = grainShift;
        _tableShift = tableShift;
        File = file;
        Tables = new TableDirectory(cache, source, directoryEntries, 1 << tableShift);
    }

    internal override ImageFile File { get; }

    internal override long GrainBytes => 1L << _grainShift;

    /// <summary>Entries of one table.</summary>
    internal int TableEntries => 1 << _tableShift;

    /// <summary>The tables in memory; the walk of a scan asks them first.</summary>
    internal TableDirectory Tables { get; }

    /// <summary>What reads directory and tables.</summary>
    internal GrainTableSource TableSource => _source;

    internal override ExtentScan Scan() => new SparseScan(this);

    /// <summary>Index of the grain at an offset of the extent.</summary>
    internal long GrainIndexOf(long offsetBytes) => offsetBytes >> _grainShift;

    /// <summary>Index of the table that holds a grain's entry.</summary>
    internal int TableIndexOf(long grainIndex) => (int)(grainIndex >> _tableShift);

    /// <summary>Guest bytes that one table covers.</summary>
    internal long TableCoverageBytes => 1L << (_grainShift + _tableShift);

    /// <summary>The answer that a table's entries give, as far as this table reaches.</summary>
    internal abstract Mapping MapInTable(
        ReadOnlySpan<uint> entries, long grainIndex, long offsetBytes, long maxLengthBytes);

    /// <summary>For how long directory entries are 0 from a table on, in bytes from the offset.</summary>
    internal long MeasureWithoutTables(
        ReadOnlySpan<uint> directory, int slotIndex, long offsetBytes, long maxLengthBytes)
    {
        long length = TableCoverageBytes - (offsetBytes & (TableCoverageBytes - 1));
        for (int next = slotIndex + 1;
             length < maxLengthBytes && next < directory.Length && directory[next] == 0;
             next++)
        {
            length += TableCoverageBytes;
        }

        return Math.Min(length, maxLengthBytes);
    }

    /// <summary>For how many bytes, from an entry on, entries are equal to it.</summary>
    /// <remarks>The entry is the one that the caller judged: read again, it may be another by now.</remarks>
    protected long MeasureEqual(
        ReadOnlySpan<uint> entries, int index, uint entry, long inGrain, long maxLengthBytes)
    {
        long length = GrainBytes - inGrain;
        for (int next = index + 1;
             length < maxLengthBytes && next < entries.Length && Volatile.Read(in entries[next]) == entry;
             next++)
        {
            length += GrainBytes;
        }

        return Math.Min(length, maxLengthBytes);
    }

    /// <summary>The answer where the table is not in memory.</summary>
    protected bool TryMapMiss(
        int tableIndex, long offsetBytes, long maxLengthBytes, bool mayLoad, out Mapping mapping)
    {
        TableSegment? segment = Tables.TryGetSegment(tableIndex);
        if (segment is null && !mayLoad)
        {
            mapping = default;
            return false;
        }

        segment ??= Tables.GetSegment(tableIndex);
        int slotIndex = tableIndex & (TableSegment.Length - 1);
        if (Volatile.Read(ref segment.Directory[slotIndex]) == 0)
        {
            mapping = Mapping.Unallocated(
                MeasureWithoutTables(segment.Directory, slotIndex, offsetBytes, maxLengthBytes));
            return true;
        }

        if (!mayLoad)
        {
            mapping = default;
            return false;
        }

        Table? table = Tables.Get(tableIndex);
        mapping = table is null
            ? Mapping.Unallocated(MeasureWithoutTables(segment.Directory, slotIndex, offsetBytes, maxLengthBytes))
            : MapInTable(table.Entries, offsetBytes >> _grainShift, offsetBytes, maxLengthBytes);
        return true;
    }
}
