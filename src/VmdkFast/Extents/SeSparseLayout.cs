using VmdkFast.Format;

namespace VmdkFast.Extents;

/// <summary>The validated numbers of a space-efficient sparse extent's header, in bytes.</summary>
/// <remarks>Whoever makes one has compared every number with the file's length and the limits.</remarks>
sealed record SeSparseLayout
{
    /// <summary>log2 of the grain's bytes: always 4 KiB.</summary>
    internal const int GrainShift = 12;

    /// <summary>log2 of the entries of a table: always 4,096.</summary>
    internal const int TableShift = 12;

    /// <summary>Bytes of a grain.</summary>
    internal const int GrainBytes = 1 << GrainShift;

    /// <summary>Entries of a table.</summary>
    internal const int TableEntries = 1 << TableShift;

    /// <summary>Bytes of a table in the file.</summary>
    internal const int TableBytes = SeSparseHeader.TableSectors * Sector.Bytes;

    /// <summary>Number of directory entries.</summary>
    internal required int DirectoryEntries { get; init; }

    /// <summary>Where the directory begins in the file.</summary>
    internal required long DirectoryOffsetBytes { get; init; }

    /// <summary>Where table 0 begins.</summary>
    internal required long TablesOffsetBytes { get; init; }

    /// <summary>Where something else begins behind the tables, or the file ends.</summary>
    internal required long TablesEndBytes { get; init; }

    /// <summary>Where grain 0 begins.</summary>
    internal required long GrainsOffsetBytes { get; init; }

    /// <summary>Where something else begins behind the grains, or the file ends.</summary>
    internal required long GrainsEndBytes { get; init; }

    /// <summary>What a grain that the guest has unmapped reads as.</summary>
    internal required VmdkUnmappedGrains UnmappedGrains { get; init; }

    /// <summary>Where a table begins; null when it cannot be there.</summary>
    internal long? PlaceOfTable(ulong tableIndex) =>
        Place(tableIndex, TablesOffsetBytes, TableBytes, TablesEndBytes - TableBytes);

    /// <summary>Where a grain begins; null when it cannot be there.</summary>
    /// <remarks>The last grain of a file may be cut off; the rest of it reads as zeros.</remarks>
    internal long? PlaceOfGrain(ulong grain) =>
        Place(grain, GrainsOffsetBytes, GrainBytes, GrainsEndBytes - 1);

    static long? Place(ulong index, long firstBytes, int unitBytes, long lastBytes) =>
        lastBytes >= firstBytes && index <= (ulong)(lastBytes - firstBytes) / (ulong)unitBytes
            ? firstBytes + ((long)index * unitBytes)
            : null;
}
