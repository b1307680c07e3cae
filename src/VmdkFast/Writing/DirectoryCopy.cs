using System.Buffers.Binary;
using VmdkFast.Caching;

namespace VmdkFast.Writing;

/// <summary>The redundant directory as far as it was needed: which copy belongs to which table.</summary>
/// <remarks>Thread-safe; only writers come here.</remarks>
sealed class DirectoryCopy(WriteFile file, long offsetBytes)
{
    const int EntriesPerSector = 1 << Table.SectorShift;

    readonly Lock _lock = new();
    readonly Dictionary<int, uint[]> _sectors = [];
    readonly HashSet<int> _made = [];

    /// <summary>The sector of a table's copy; 0 when there is none.</summary>
    internal uint Get(int tableIndex)
    {
        lock (_lock)
        {
            return Load(tableIndex >> Table.SectorShift)[tableIndex & (EntriesPerSector - 1)];
        }
    }

    internal void Set(int tableIndex, uint sector)
    {
        lock (_lock)
        {
            Load(tableIndex >> Table.SectorShift)[tableIndex & (EntriesPerSector - 1)] = sector;
            _made.Add(tableIndex);
        }
    }

    /// <summary>Whether this open has set the entry; else it is what the file held, right or wrong.</summary>
    internal bool IsMade(int tableIndex)
    {
        lock (_lock)
        {
            return _made.Contains(tableIndex);
        }
    }

    /// <summary>The entries of one sector, as far as the directory reaches.</summary>
    internal uint[] Sector(int sectorIndex, int directoryEntries)
    {
        lock (_lock)
        {
            int count = Math.Min(EntriesPerSector, directoryEntries - (sectorIndex << Table.SectorShift));
            return Load(sectorIndex)[..count];
        }
    }

    uint[] Load(int sectorIndex)
    {
        if (_sectors.TryGetValue(sectorIndex, out uint[]? entries))
        {
            return entries;
        }

        Span<byte> bytes = stackalloc byte[VmdkFast.Sector.Bytes];
        int read = file.File.Read(bytes, offsetBytes + ((long)sectorIndex << VmdkFast.Sector.Shift));
        entries = new uint[EntriesPerSector];
        for (int i = 0; i < read / sizeof(uint); i++)
        {
            entries[i] = BinaryPrimitives.ReadUInt32LittleEndian(bytes[(i * sizeof(uint))..]);
        }

        _sectors.Add(sectorIndex, entries);
        return entries;
    }
}
