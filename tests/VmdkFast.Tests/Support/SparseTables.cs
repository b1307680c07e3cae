namespace VmdkFast.Tests.Support;

/// <summary>
/// The grain directory and grain tables of a hosted sparse extent, in front of the grains. Order on disk, as in
/// VMware's own files: redundant directory, its tables, directory, its tables; then zeros up to a multiple of the
/// grain.
/// </summary>
sealed class SparseTables
{
    readonly int _tableEntries;
    readonly bool _redundant;
    readonly long _firstSector;
    readonly long _directoryEntries;
    readonly List<long>? _presentTables;
    readonly SortedDictionary<long, uint[]> _tables = [];

    /// <param name="capacitySectors">Capacity of the extent.</param>
    /// <param name="grainSectors">Grain size.</param>
    /// <param name="tableEntries">Entries of one table.</param>
    /// <param name="redundant">Whether there are two copies.</param>
    /// <param name="firstSector">Where the structures begin.</param>
    /// <param name="presentTables">The tables that exist, ascending; null for all.</param>
    public SparseTables(
        long capacitySectors,
        int grainSectors,
        int tableEntries,
        bool redundant,
        long firstSector,
        List<long>? presentTables)
    {
        _tableEntries = tableEntries;
        _redundant = redundant;
        _firstSector = firstSector;
        _presentTables = presentTables;
        _directoryEntries = RoundUp(capacitySectors, (long)grainSectors * tableEntries) / grainSectors / tableEntries;
        OverheadSectors = RoundUp(firstSector + (CopySectors * (redundant ? 2 : 1)), grainSectors);
    }

    public long OverheadSectors { get; }

    /// <summary>0 without a redundant copy.</summary>
    public long RedundantDirectorySector => _redundant ? _firstSector : 0;

    public long DirectorySector => _redundant ? _firstSector + CopySectors : _firstSector;

    long DirectorySectors => RoundUp(_directoryEntries * 4, 512) / 512;

    long TableSectors => RoundUp(_tableEntries * 4L, 512) / 512;

    long CopySectors => DirectorySectors + ((_presentTables?.Count ?? _directoryEntries) * TableSectors);

    public static long RoundUp(long value, long multiple) => (value + multiple - 1) / multiple * multiple;

    public void Set(long grain, uint entry)
    {
        long table = grain / _tableEntries;
        if (!_tables.TryGetValue(table, out uint[]? entries))
        {
            entries = new uint[_tableEntries];
            _tables.Add(table, entries);
        }

        entries[grain % _tableEntries] = entry;
    }

    /// <summary>Writes directories whole, but of the tables only those with entries: the rest stay holes.</summary>
    public void WriteTo(SectorFile file)
    {
        WriteCopy(file, DirectorySector);
        if (_redundant)
        {
            WriteCopy(file, RedundantDirectorySector);
        }
    }

    void WriteCopy(SectorFile file, long directorySector)
    {
        long firstTable = directorySector + DirectorySectors;
        uint[] directory = new uint[_directoryEntries];
        long places = _presentTables?.Count ?? _directoryEntries;
        for (long place = 0; place < places; place++)
        {
            long table = _presentTables is null ? place : _presentTables[(int)place];
            long sector = firstTable + (place * TableSectors);
            directory[table] = checked((uint)sector);
            if (_tables.TryGetValue(table, out uint[]? entries))
            {
                file.WriteEntries(sector, entries);
            }
        }

        file.WriteEntries(directorySector, directory);
    }
}
