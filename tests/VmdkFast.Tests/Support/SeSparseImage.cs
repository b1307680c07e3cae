using System.Buffers.Binary;

namespace VmdkFast.Tests.Support;

/// <summary>Writes the space-efficient sparse format of ESX: as the extent of a seSparse disk, and bare.</summary>
public static class SeSparseImage
{
    public const int GrainSectors = 8;
    public const int TableEntries = 4096;
    public const int TableSectors = 64;
    const int GrainBytes = GrainSectors * 512;

    /// <summary>Offsets of the header's pairs of place and size.</summary>
    public static readonly IReadOnlyList<int> AreaFields = [80, 96, 112, 128, 144, 160, 176, 192];

    /// <summary>Writes <c>folder/name.vmdk</c> (a descriptor) and its extent; returns the descriptor's path.</summary>
    public static string Write(
        string folder, string name, GuestContent content, SeSparseOptions? options = null,
        string createType = "seSparse")
    {
        options ??= new SeSparseOptions();
        return DescriptorImage.Write(
            folder, name, createType, content,
            [new SeSparseExtent { Sectors = content.LengthSectors, Options = options }],
            options.Descriptor, options.Parent);
    }

    /// <summary>Writes <c>folder/name.vmdk</c> as one file without a descriptor.</summary>
    public static string WriteBare(string folder, string name, GuestContent content, SeSparseOptions? options = null)
    {
        string path = Path.Combine(folder, name + ".vmdk");
        WriteExtent(path, GuestSlice.Whole(content), options ?? new SeSparseOptions());
        return path;
    }

    /// <summary>The entry of a stored grain: the low twelve bits of its index stand above the others.</summary>
    public static ulong EntryOf(long grain) =>
        0x3000_0000_0000_0000 | ((ulong)(grain & 0xFFF) << 48) | (ulong)(grain >> 12);

    /// <summary>Writes one extent. Tables are numbered in the order in which their first grain comes.</summary>
    public static void WriteExtent(string path, GuestSlice slice, SeSparseOptions options)
    {
        List<SelectedGrain> grains = GrainSelection.Select(
            slice, GrainSectors, options.Parent?.Content, [.. options.ZeroRanges, .. options.UnmappedRanges]);
        GrainSelection.Arrange(grains, options.Order, options.Seed);
        long tableCount = (((slice.Sectors + GrainSectors - 1) / GrainSectors) + TableEntries - 1) / TableEntries;
        long stored = options.FirstGrain + grains.Count(grain => !grain.IsZero);
        Area[] areas = Place(options.OddAreas, tableCount, Math.Max(stored, tableCount * TableEntries));
        var directory = new ulong[tableCount];
        var tables = new List<(long Index, ulong[] Entries)>();
        byte[] data = new byte[GrainBytes];
        long next = options.FirstGrain;

        using var file = new SectorFile(path);
        foreach (SelectedGrain grain in grains)
        {
            long table = grain.Index / TableEntries;
            if (directory[table] == 0)
            {
                directory[table] = 0x1000_0000_0000_0000UL | (uint)tables.Count;
                tables.Add((table, new ulong[TableEntries]));
            }

            ref ulong entry = ref tables[(int)(uint)directory[table]].Entries[grain.Index % TableEntries];
            if (grain.IsZero)
            {
                bool unmapped = options.UnmappedRanges.Any(
                    range => range.Covers(slice.OffsetBytes + (grain.Index * GrainBytes), 1));
                entry = unmapped ? 0x1000_0000_0000_0000 | (EntryOf(7) & 0x0FFF_FFFF_FFFF_FFFF) : 0x2000_0000_0000_0000;
                continue;
            }

            slice.Read(grain.Index * GrainBytes, data);
            file.WriteSectors(areas[7].Sector + (next * GrainSectors), data);
            entry = EntryOf(next++);
        }

        WriteEntries(file, areas[3].Sector, directory);
        for (int i = 0; i < tables.Count; i++)
        {
            WriteEntries(file, areas[4].Sector + (i * TableSectors), tables[i].Entries);
        }

        file.WriteSectors(0, Header(slice.Sectors, areas));
        file.WriteSectors(areas[0].Sector, VolatileHeader(tables.Count, options.Dirty));
        long metadataEnd = areas.Take(7).Max(area => area.Sector + area.Sectors);
        file.SetLength(Math.Max(metadataEnd, areas[7].Sector + (next * GrainSectors)) * 512);
    }

    readonly record struct Area(long Sector, long Sectors);

    // In the header's order: volatile header, journal header, journal, directory, tables, bitmap, back map, grains.
    static Area[] Place(bool odd, long tableCount, long grainCount)
    {
        long[] sizes =
        [
            1, 1, odd ? 5 : 2048, RoundUp(tableCount * 8, 512) / 512, tableCount * TableSectors,
            odd ? 3 : 2048, odd ? 9 : 2048, grainCount * GrainSectors,
        ];
        var areas = new Area[sizes.Length];
        if (!odd)
        {
            areas[0] = new Area(1, 1);
            areas[1] = new Area(2, 1);
            long at = 2048;
            for (int i = 2; i < sizes.Length; i++)
            {
                areas[i] = new Area(at, RoundUp(sizes[i], 2048));
                at += areas[i].Sectors;
            }

            return areas;
        }

        long next = 3;
        foreach (int i in (int[])[6, 7, 4, 2, 5, 3, 1, 0])
        {
            areas[i] = new Area(next, sizes[i]);
            next += sizes[i] + 3;
        }

        return areas;
    }

    static byte[] Header(long capacitySectors, Area[] areas)
    {
        byte[] bytes = new byte[512];
        Span<byte> b = bytes;
        BinaryPrimitives.WriteUInt64LittleEndian(b, 0xCAFE_BABE);
        BinaryPrimitives.WriteUInt64LittleEndian(b[8..], 0x2_0000_0001);
        BinaryPrimitives.WriteUInt64LittleEndian(b[16..], (ulong)capacitySectors);
        BinaryPrimitives.WriteUInt64LittleEndian(b[24..], GrainSectors);
        BinaryPrimitives.WriteUInt64LittleEndian(b[32..], TableSectors);
        for (int i = 0; i < areas.Length; i++)
        {
            BinaryPrimitives.WriteUInt64LittleEndian(b[AreaFields[i]..], (ulong)areas[i].Sector);
            BinaryPrimitives.WriteUInt64LittleEndian(b[(AreaFields[i] + 8)..], (ulong)areas[i].Sectors);
        }

        return bytes;
    }

    static byte[] VolatileHeader(int tableCount, bool dirty)
    {
        byte[] bytes = new byte[512];
        Span<byte> b = bytes;
        BinaryPrimitives.WriteUInt64LittleEndian(b, 0xCAFE_CAFE);
        BinaryPrimitives.WriteUInt64LittleEndian(b[8..], (ulong)tableCount);
        BinaryPrimitives.WriteUInt64LittleEndian(b[16..], 1);
        BinaryPrimitives.WriteUInt64LittleEndian(b[24..], dirty ? 1u : 0u);
        return bytes;
    }

    static void WriteEntries(SectorFile file, long sector, ReadOnlySpan<ulong> entries)
    {
        byte[] bytes = new byte[entries.Length * 8];
        for (int i = 0; i < entries.Length; i++)
        {
            BinaryPrimitives.WriteUInt64LittleEndian(bytes.AsSpan(i * 8), entries[i]);
        }

        file.WriteSectors(sector, bytes);
    }

    static long RoundUp(long value, long unit) => (value + unit - 1) / unit * unit;
}
