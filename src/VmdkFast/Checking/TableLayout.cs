using VmdkFast.Format;

namespace VmdkFast.Checking;

/// <summary>
/// Where directories and tables of a hosted file lie, as they say themselves: in every product's files each directory
/// stands in front of its tables, these side by side, the redundant stretch in front of the other. The header only says
/// where to look.
/// </summary>
/// <param name="DirectorySector">The directory.</param>
/// <param name="RedundantSector">The redundant one; 0 when there is none.</param>
/// <param name="Tables">How many tables each has.</param>
/// <param name="TableSectors">How many sectors a table takes.</param>
/// <param name="EndSector">Behind the last of them, and behind the descriptor.</param>
sealed record TableLayout(
    long DirectorySector, long RedundantSector, int Tables, long TableSectors, long EndSector)
{
    const int SectorEntries = Sector.Bytes / sizeof(uint);

    // A product's own, where a directory of one table without a copy does not tell.
    const long UsualTableSectors = 4;

    internal long DirectorySectors => DirectorySectorsOf(Tables);

    /// <summary>How many entries a table has room for.</summary>
    internal uint TableEntries => (uint)TableSectors * SectorEntries;

    /// <summary>The numbers that tables are read by; capacity and grain size are none of the file.</summary>
    internal SparseShape ToShape() => ShapeOf(Tables, TableSectors);

    /// <summary>Looks for both directories; null when they do not lie by the rule.</summary>
    internal static TableLayout? Measure(CheckedFile file, HostedFields header, int maxTables)
    {
        if (header.DirectoryAtEnd || !Holds(file, header.DirectoryOffsetSectors))
        {
            return null;
        }

        long directory = (long)header.DirectoryOffsetSectors;
        bool hasCopy = header.Flags.HasFlag(SparseFlags.RedundantDirectory);
        long copy = hasCopy ? (long)header.RedundantDirectoryOffsetSectors : 0;
        if (hasCopy && (!Holds(file, header.RedundantDirectoryOffsetSectors) || copy >= directory))
        {
            return null;
        }

        Span<uint> first = stackalloc uint[2];
        file.ReadEntries(directory << Sector.Shift, first);
        long directorySectors = first[0] - directory;
        long tableSectors = first[1] != 0 ? (long)first[1] - first[0]
            : hasCopy ? directory - copy - directorySectors
            : UsualTableSectors;
        if (directorySectors < 1 || tableSectors is not (1 or 2 or 4))
        {
            return null;
        }

        long tables = hasCopy
            ? (directory - copy - directorySectors) / tableSectors
            : CountTables(file, directory, first[0], tableSectors, maxTables);
        if (tables < 1 || tables > maxTables || DirectorySectorsOf(tables) != directorySectors
            || (hasCopy && directory - copy != directorySectors + (tables * tableSectors)))
        {
            return null;
        }

        var places = new DirectoryPlaces(file, ShapeOf((int)tables, tableSectors));
        long end = directory + directorySectors + (tables * tableSectors);
        return places.IsRegular(directory) && (!hasCopy || places.IsRegular(copy))
            ? new TableLayout(directory, copy, (int)tables, tableSectors, Math.Max(end, EndOfDescriptor(header)))
            : null;
    }

    /// <summary>Behind the area of the descriptor, or the header; 1 also when that area is nowhere.</summary>
    internal static long EndOfDescriptor(HostedFields header) =>
        header.DescriptorOffsetSectors is 0 or > uint.MaxValue || header.DescriptorSizeSectors > uint.MaxValue
            ? 1
            : (long)(header.DescriptorOffsetSectors + header.DescriptorSizeSectors);

    static bool Holds(CheckedFile file, ulong sector) =>
        sector is not 0 && sector <= Sector.MaxSectors && file.Holds((long)sector, Sector.Bytes);

    static long DirectorySectorsOf(long tables) => Sector.CountFor(tables * sizeof(uint));

    static long CountTables(CheckedFile file, long directory, long firstTable, long tableSectors, int maxTables)
    {
        var entries = new EntryReader(file, directory, maxTables);
        int tables = 1;
        while (tables < maxTables && entries[tables] == firstTable + (tables * tableSectors))
        {
            tables++;
        }

        return tables;
    }

    static SparseShape ShapeOf(int tables, long tableSectors) => new()
    {
        CapacitySectors = tables * tableSectors * SectorEntries,
        GrainSectors = 1,
        TableEntries = (int)tableSectors * SectorEntries,
        DirectorySector = 0,
        FirstUsableSector = 1,
    };
}

/// <summary>Where entries lead that both copies of a table have; a million of them at most.</summary>
sealed class AgreedEntries
{
    // 4 MiB. What speaks against a header shows in far fewer.
    const int MaxEntries = 1 << 20;
    const int MaxLooks = 64;

    readonly CheckedFile _file;
    readonly List<uint> _sectors = [];
    uint _bits;

    internal AgreedEntries(CheckedFile file, TableLayout layout, CancellationToken cancellationToken)
    {
        _file = file;
        var reader = new TablePairReader(file, layout.ToShape());
        for (int table = 0; table < layout.Tables && _sectors.Count < MaxEntries; table++)
        {
            cancellationToken.ThrowIfCancellationRequested();
            long offset = layout.DirectorySectors + (table * layout.TableSectors);
            long copy = layout.RedundantSector == 0 ? 0 : layout.RedundantSector + offset;
            if (reader.TryRead(
                (layout.DirectorySector + offset, copy), out ReadOnlySpan<uint> entries, out ReadOnlySpan<uint> copies))
            {
                Add(table, entries, copies);
            }
        }

        _sectors.Sort();
        for (int i = 1; i < _sectors.Count; i++)
        {
            LeastDistance = Math.Min(LeastDistance, _sectors[i] - _sectors[i - 1]);
        }
    }

    /// <summary>How many there are.</summary>
    internal int Count => _sectors.Count;

    /// <summary>The lowest sector; the highest number of all when there is no entry.</summary>
    internal long Lowest => _sectors.Count == 0 ? long.MaxValue : _sectors[0];

    /// <summary>How near the two nearest lie to each other.</summary>
    internal long LeastDistance { get; private set; } = long.MaxValue;

    /// <summary>The table of the last entry, and its index there; -1 without any.</summary>
    internal (int Table, int Index) Last { get; private set; } = (-1, -1);

    /// <summary>Whether all begin at multiples of a power of two.</summary>
    internal bool AreMultiplesOf(ulong sectors) => (_bits & (sectors - 1)) == 0;

    /// <summary>Whether data stands directly behind grains of a length, where no other one begins.</summary>
    internal bool LeaveData(long grainSectors)
    {
        for (int i = 0; i < Math.Min(MaxLooks, _sectors.Count); i++)
        {
            long start = _sectors[i] + grainSectors;
            long next = i + 1 < _sectors.Count ? _sectors[i + 1] : long.MaxValue;
            long end = start + Math.Clamp(next - start, 0, grainSectors);
            if (_file.FirstUsedByte(start << Sector.Shift, end << Sector.Shift) >= 0)
            {
                return true;
            }
        }

        return false;
    }

    // 1 stands for zeros, or for nothing that any grain size could make right.
    void Add(int table, ReadOnlySpan<uint> entries, ReadOnlySpan<uint> copies)
    {
        for (int i = 0; i < entries.Length; i++)
        {
            if (entries[i] > 1 && entries[i] == copies[i] && _file.Holds(entries[i], 1) && _sectors.Count < MaxEntries)
            {
                _sectors.Add(entries[i]);
                _bits |= entries[i];
                Last = (table, i);
            }
        }
    }
}
