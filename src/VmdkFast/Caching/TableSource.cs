namespace VmdkFast.Caching;

/// <summary>Where a <see cref="TableDirectory"/> gets its content from.</summary>
abstract class TableSource
{
    /// <summary>
    /// Fills <paramref name="entries"/> with directory entries from <paramref name="firstIndex"/> on.
    /// </summary>
    internal abstract void LoadDirectory(int firstIndex, Span<uint> entries);

    /// <summary>Fills <paramref name="entries"/> with table <paramref name="tableIndex"/>.</summary>
    /// <param name="tableIndex">Index of the table's directory entry.</param>
    /// <param name="directoryEntry">That entry, never 0.</param>
    /// <param name="entries">All entries of the table.</param>
    internal abstract void LoadTable(int tableIndex, uint directoryEntry, Span<uint> entries);
}
