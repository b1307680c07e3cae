namespace VmdkFast.Extents;

/// <summary>The validated numbers of a sparse extent's header, in the units that mapping works with.</summary>
/// <remarks>Whoever makes one has compared every number with the file's length and the limits.</remarks>
sealed record SparseLayout
{
    /// <summary>Capacity of the extent, in bytes.</summary>
    internal required long CapacityBytes { get; init; }

    /// <summary>log2 of the grain's bytes.</summary>
    internal required int GrainShift { get; init; }

    /// <summary>log2 of the entries of a table.</summary>
    internal required int TableShift { get; init; }

    /// <summary>Number of directory entries.</summary>
    internal required int DirectoryEntries { get; init; }

    /// <summary>Where the directory begins in the file.</summary>
    internal required long DirectoryOffsetBytes { get; init; }

    /// <summary>Where the redundant directory begins; 0 when there is none.</summary>
    internal long RedundantDirectoryOffsetBytes { get; init; }

    /// <summary>First sector that may hold a grain or a table: nothing may point into the header.</summary>
    internal required uint FirstUsableSector { get; init; }

    /// <summary>Whether table entry 1 means zeros.</summary>
    internal bool ZeroGrains { get; init; }

    /// <summary>The compressed grains, when the extent holds such; null when grains are stored as they are.</summary>
    internal CompressedGrains? Compressed { get; init; }

    /// <summary>Where the grains are when directory and tables are not looked at; null when they are.</summary>
    internal RecoveredGrains? Recovered { get; init; }

    internal long GrainBytes => 1L << GrainShift;

    internal uint GrainSectors => (uint)(GrainBytes >> Sector.Shift);

    internal int TableEntries => 1 << TableShift;
}
