using System.Buffers.Binary;
using VmdkFast.Format;

namespace VmdkFast.Fuzz;

/// <summary>
/// Whether everything in one sparse file has a place of its own. Only then can be told what a write does to the rest.
/// </summary>
/// <remarks>An eye of its own: it reads headers, directories and tables itself, and asks the library nothing.</remarks>
static class ImageSoundness
{
    const int CowdHeaderSectors = 4;
    const int CowdTableEntries = 4096;
    const int MaxTables = 4096;
    const ulong MaxGrainSectors = 1 << 21;

    /// <summary>The complaint of a file that ends inside a grain, which may be no more than its padding.</summary>
    internal const string CutGrain = "a grain beyond the file";

    /// <summary>What is wrong with a file, or null.</summary>
    /// <param name="file">The whole file.</param>
    /// <param name="withCopies">Whether redundant directories and their tables count.</param>
    internal static string? Complaint(ReadOnlySpan<byte> file, bool withCopies)
    {
        if (file.Length < CowdHeaderSectors * Sector.Bytes)
        {
            return "too short for a header";
        }

        var ranges = new List<(long First, long End, string What)>();
        string? complaint = BinaryPrimitives.ReadUInt32LittleEndian(file) switch
        {
            SparseHeader.MagicValue => AddHosted(file, ranges, withCopies),
            CowdHeader.MagicValue => AddCowd(file, ranges),
            _ => "no sparse header",
        };
        return complaint ?? Overlap(ranges);
    }

    static string? AddHosted(
        ReadOnlySpan<byte> file, List<(long First, long End, string What)> ranges, bool withCopies)
    {
        var header = SparseHeader.Read(file);
        ranges.Add((0, 1, "header"));
        ulong descriptorEnd = header.DescriptorOffsetSectors + header.DescriptorSizeSectors;
        if (header.DescriptorOffsetSectors != 0 && header.DescriptorSizeSectors != 0)
        {
            ranges.Add(((long)header.DescriptorOffsetSectors, (long)descriptorEnd, "descriptor"));
        }

        ulong directory = header.DirectoryOffsetSectors;
        if (directory == SparseHeader.DirectoryAtEnd)
        {
            return "a directory at the end";
        }

        if (CountTables(header.CapacitySectors, header.GrainSizeSectors, header.GrainTableEntries) is not { } tables)
        {
            return "a shape that is none";
        }

        var shape = new Shape(
            tables, (int)header.GrainTableEntries,
            (long)(((header.CapacitySectors - 1) / header.GrainSizeSectors) + 1), (long)header.GrainSizeSectors,
            header.Flags.HasFlag(SparseFlags.ZeroGrains), header.CompressAlgorithm != 0,
            header.Flags.HasFlag(SparseFlags.Markers));
        bool redundant = withCopies && header.Flags.HasFlag(SparseFlags.RedundantDirectory);
        return AddTables(file, (long)directory, shape, ranges, withGrains: true)
            ?? (redundant
                ? AddTables(file, (long)header.RedundantDirectoryOffsetSectors, shape, ranges, withGrains: false)
                : null);
    }

    static string? AddCowd(ReadOnlySpan<byte> file, List<(long First, long End, string What)> ranges)
    {
        var header = CowdHeader.Read(file);
        ranges.Add((0, CowdHeaderSectors, "header"));
        return CountTables(header.CapacitySectors, header.GrainSizeSectors, CowdTableEntries) is { } tables
            ? AddTables(
                file, header.DirectoryOffsetSectors,
                new Shape(
                    tables, CowdTableEntries, ((header.CapacitySectors - 1) / header.GrainSizeSectors) + 1,
                    header.GrainSizeSectors, false, false, false),
                ranges, withGrains: true)
            : "a shape that is none";
    }

    static int? CountTables(ulong capacitySectors, ulong grainSectors, ulong tableEntries)
    {
        if (capacitySectors == 0 || grainSectors is 0 or > MaxGrainSectors || tableEntries is 0 or > CowdTableEntries)
        {
            return null;
        }

        ulong tables = ((capacitySectors - 1) / (grainSectors * tableEntries)) + 1;
        return tables > MaxTables ? null : (int)tables;
    }

    static string? AddTables(
        ReadOnlySpan<byte> file, long directorySector, Shape shape,
        List<(long First, long End, string What)> ranges, bool withGrains)
    {
        ranges.Add((directorySector, directorySector + SectorsFor(shape.Tables * sizeof(uint)), "directory"));
        for (int table = 0; table < shape.Tables; table++)
        {
            if (Entry(file, directorySector, table) is not { } tableSector)
            {
                return "a directory beyond the file";
            }

            if (tableSector == 0)
            {
                continue;
            }

            // A copy that cannot be there is no copy.
            long tableEnd = tableSector + SectorsFor(shape.TableEntries * sizeof(uint));
            if (!withGrains && tableEnd * Sector.Bytes > file.Length)
            {
                continue;
            }

            ranges.Add((tableSector, tableEnd, $"table {table}"));
            // Entries behind the disk's end are nobody's.
            long left = shape.Grains - (table * (long)shape.TableEntries);
            for (int i = 0; withGrains && i < Math.Min(left, shape.TableEntries); i++)
            {
                if (Entry(file, tableSector, i) is not { } grain)
                {
                    return "a table beyond the file";
                }

                if (grain > (shape.ZeroGrains ? 1u : 0u) && AddGrain(file, grain, shape, ranges, $"grain {table}:{i}"))
                {
                    return CutGrain;
                }
            }
        }

        return null;
    }

    static bool AddGrain(
        ReadOnlySpan<byte> file, long sector, Shape shape, List<(long First, long End, string What)> ranges,
        string what)
    {
        long offset = sector * Sector.Bytes;
        if (offset + Sector.Bytes > file.Length)
        {
            return true;
        }

        int sizeAt = (int)offset + (shape.Markers ? sizeof(ulong) : 0);
        int prefixBytes = sizeAt + sizeof(uint) - (int)offset;
        long sectors = shape.Compressed
            ? SectorsFor(prefixBytes + (long)BinaryPrimitives.ReadUInt32LittleEndian(file[sizeAt..]))
            : shape.GrainSectors;
        ranges.Add((sector, sector + sectors, what));
        return offset + (sectors * Sector.Bytes) > file.Length;
    }

    static string? Overlap(List<(long First, long End, string What)> ranges)
    {
        ranges.Sort();
        for (int i = 1; i < ranges.Count; i++)
        {
            if (ranges[i].First < ranges[i - 1].End)
            {
                return $"{ranges[i].What} lies over {ranges[i - 1].What}";
            }
        }

        return null;
    }

    static uint? Entry(ReadOnlySpan<byte> file, long sector, int index)
    {
        if (sector < 0 || sector > file.Length / Sector.Bytes)
        {
            return null;
        }

        long offset = (sector * Sector.Bytes) + (index * sizeof(uint));
        return offset + sizeof(uint) > file.Length
            ? null
            : BinaryPrimitives.ReadUInt32LittleEndian(file[(int)offset..]);
    }

    static long SectorsFor(long bytes) => (bytes + Sector.Bytes - 1) / Sector.Bytes;

    readonly record struct Shape(
        int Tables, int TableEntries, long Grains, long GrainSectors, bool ZeroGrains, bool Compressed, bool Markers);
}
