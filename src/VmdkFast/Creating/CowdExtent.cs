using VmdkFast.Format;
using VmdkFast.Storage;

namespace VmdkFast.Creating;

/// <summary>Writes a sparse extent of ESX (COWD) that holds no grain yet.</summary>
/// <remarks>
/// As ESX makes it: no table is there before its first grain. QEMU (7.2) reads such a file, but must not write it: it
/// makes no tables, and writes the grain over the header instead.
/// </remarks>
static class CowdExtent
{
    /// <summary>The longest extent: its capacity is a 32-bit number of sectors.</summary>
    internal const long MaxCapacitySectors = uint.MaxValue;

    /// <summary>Entries of a grain table.</summary>
    internal const int TableEntries = 4096;

    /// <summary>Sectors of a grain table.</summary>
    internal const int TableSectors = TableEntries * sizeof(uint) / Sector.Bytes;

    const uint OnlyVersion = 1, OnlyFlags = 3;
    const int GeometryOffsetBytes = 32;
    const uint DirectorySector = CowdHeader.SizeBytes / Sector.Bytes;

    /// <summary>Fills a new, empty file.</summary>
    /// <param name="file">The file.</param>
    /// <param name="capacitySectors">Capacity, at most <see cref="MaxCapacitySectors"/>.</param>
    /// <param name="grainSectors">A power of two up to 2,048.</param>
    /// <param name="geometry">The geometry of a root; null in a child, whose parent only the descriptor names.</param>
    internal static void Write(LocalFile file, long capacitySectors, long grainSectors, VmdkGeometry? geometry)
    {
        uint entries = (uint)(((capacitySectors - 1) / (grainSectors * TableEntries)) + 1);
        long lengthSectors = EmptySectors(capacitySectors, grainSectors);

        var bytes = new byte[CowdHeader.SizeBytes];
        CowdHeader.Writer header = CowdHeader.CreateWriter(bytes);
        header.Magic = CowdHeader.MagicValue;
        header.Version = OnlyVersion;
        header.Flags = OnlyFlags;
        header.CapacitySectors = (uint)capacitySectors;
        header.GrainSizeSectors = (uint)grainSectors;
        header.DirectoryOffsetSectors = DirectorySector;
        header.DirectoryEntries = entries;
        header.FreeSector = (uint)lengthSectors - 1;
        if (geometry is { } stated)
        {
            CowdRootGeometry.Writer root = CowdRootGeometry.CreateWriter(bytes.AsSpan(GeometryOffsetBytes));
            root.Cylinders = stated.Cylinders;
            root.Heads = stated.Heads;
            root.Sectors = stated.Sectors;
        }

        file.Grow(lengthSectors << Sector.Shift);
        file.Write(bytes, 0);
    }

    /// <summary>Length of an extent without tables and grains.</summary>
    internal static long EmptySectors(long capacitySectors, long grainSectors)
    {
        // The technote wants the free sector to be within the file: one sector more than is used.
        long entries = ((capacitySectors - 1) / (grainSectors * TableEntries)) + 1;
        return DirectorySector + Sector.CountFor(entries * sizeof(uint)) + 1;
    }
}
