using VmdkFast.Caching;

namespace VmdkFast.Extents;

/// <summary>Reads the directory and the tables of one extent, in the 32-bit entries that the cache keeps.</summary>
/// <param name="tableBytes">Size of a table in the file.</param>
abstract class GrainTableSource(int tableBytes) : TableSource
{
    /// <summary>Size of a table in the file, in bytes.</summary>
    internal int TableBytes { get; } = tableBytes;

    /// <summary>Whether a table can lie where a directory entry points.</summary>
    internal abstract bool IsPossibleTable(uint directoryEntry);

    /// <summary>Where a directory entry, not 0, points.</summary>
    internal abstract long TableOffsetBytes(uint directoryEntry);

    /// <summary>Fills the entries of tables that follow one another in the file.</summary>
    /// <param name="offsetBytes">Where the first one begins; all of them must be in the file.</param>
    /// <param name="entries">Entries of whole tables.</param>
    internal abstract void ReadTables(long offsetBytes, Span<uint> entries);
}
