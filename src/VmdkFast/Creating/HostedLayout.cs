namespace VmdkFast.Creating;

/// <summary>
/// Where the metadata of a hosted sparse extent lies when its directory is in front: header, descriptor, redundant
/// directory and tables, directory and tables, each directly behind the one before. All numbers are sectors.
/// </summary>
/// <remarks>
/// As VMware's and QEMU's files have it. All tables are there from the start, as a hole: growing never moves anything.
/// </remarks>
sealed class HostedLayout
{
    /// <summary>Entries of a grain table; VMware's products read no other number.</summary>
    internal const int TableEntries = 512;

    /// <summary>Sectors of a grain table.</summary>
    internal const int TableSectors = TableEntries * sizeof(uint) / Sector.Bytes;

    const int DescriptorRoomSectors = 20;

    // As in VMware's exports, also where grains are smaller.
    const int ExportOverheadSectors = 128;

    /// <summary>Places everything.</summary>
    /// <param name="capacitySectors">Capacity of the extent.</param>
    /// <param name="grainSectors">A power of two.</param>
    /// <param name="embedsDescriptor">Whether there is room for a descriptor.</param>
    /// <param name="isRedundant">Whether there is a second directory with tables of its own.</param>
    /// <exception cref="ArgumentException">
    /// The directory would be too long, or 32 bits could not point behind it.
    /// </exception>
    internal HostedLayout(long capacitySectors, long grainSectors, bool embedsDescriptor, bool isRedundant)
    {
        CapacitySectors = capacitySectors;
        GrainSectors = grainSectors;
        DirectoryEntries = ((capacitySectors - 1) / (grainSectors * TableEntries)) + 1;
        if (DirectoryEntries > VmdkLimits.Default.MaxDirectoryEntries)
        {
            throw TooLong();
        }

        DescriptorOffset = embedsDescriptor ? 1 : 0;
        DescriptorSectors = embedsDescriptor ? DescriptorRoomSectors : 0;
        long first = 1 + DescriptorSectors;
        DirectorySectors = Sector.CountFor(DirectoryEntries * sizeof(uint));
        long stretch = DirectorySectors + (DirectoryEntries * TableSectors);
        RedundantDirectoryOffset = isRedundant ? first : 0;
        DirectoryOffset = isRedundant ? first + stretch : first;
        long end = DirectoryOffset + stretch;
        OverheadSectors = Align(end, grainSectors);
        if (OverheadSectors > uint.MaxValue)
        {
            throw TooLong();
        }
    }

    HostedLayout(long capacitySectors, long grainSectors, long descriptorSectors)
    {
        CapacitySectors = capacitySectors;
        GrainSectors = grainSectors;
        DirectoryEntries = ((capacitySectors - 1) / (grainSectors * TableEntries)) + 1;
        if (DirectoryEntries > VmdkLimits.Default.MaxDirectoryEntries)
        {
            throw TooLong();
        }

        DirectorySectors = Sector.CountFor(DirectoryEntries * sizeof(uint));
        DescriptorOffset = 1;
        DescriptorSectors = descriptorSectors;
        DirectoryOffset = unchecked((long)Format.SparseHeader.DirectoryAtEnd);
        OverheadSectors = Align(1 + descriptorSectors, Math.Max(grainSectors, ExportOverheadSectors));
    }

    /// <summary>The layout of an exported stream, in front of which there is only the descriptor.</summary>
    /// <param name="capacitySectors">Capacity of the extent.</param>
    /// <param name="grainSectors">A power of two.</param>
    /// <param name="descriptorBytes">Length of the descriptor; it has at least the usual room.</param>
    /// <exception cref="ArgumentException">The directory would be too long.</exception>
    internal static HostedLayout ForExport(long capacitySectors, long grainSectors, long descriptorBytes) =>
        new(capacitySectors, grainSectors, Math.Max(DescriptorRoomSectors, Sector.CountFor(descriptorBytes)));

    internal long CapacitySectors { get; }

    internal long GrainSectors { get; }

    internal long DirectoryEntries { get; }

    internal long DirectorySectors { get; }

    /// <summary>0 without an embedded descriptor.</summary>
    internal long DescriptorOffset { get; }

    /// <summary>Room for the descriptor: 20 sectors, or none.</summary>
    internal long DescriptorSectors { get; }

    /// <summary>0 when there is no redundant directory.</summary>
    internal long RedundantDirectoryOffset { get; }

    /// <summary>All ones (-1) when it is at the end, where the footer names it.</summary>
    internal long DirectoryOffset { get; }

    /// <summary>Everything before the first grain; a multiple of the grain.</summary>
    internal long OverheadSectors { get; }

    static long Align(long sectors, long alignSectors) => (sectors + alignSectors - 1) & -alignSectors;

    ArgumentException TooLong() => new(
        $"A sparse extent of {CapacitySectors} sectors has too many grains of {GrainSectors} sectors; "
        + "take larger ones.");
}
