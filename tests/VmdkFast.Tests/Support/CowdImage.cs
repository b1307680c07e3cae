using System.Buffers.Binary;
using System.Text;

namespace VmdkFast.Tests.Support;

/// <summary>Writes the sparse format of ESX ("COWD"): as the extents of a vmfsSparse disk, and bare.</summary>
public static class CowdImage
{
    const uint Magic = 0x44574F43;
    const int HeaderSectors = 4;
    const int TableEntries = 4096;
    const int TableSectors = 32;

    /// <summary>
    /// Writes <c>folder/name.vmdk</c> (the descriptor) and its extents; returns the descriptor's path. Extent size 0
    /// makes one extent of the whole disk.
    /// </summary>
    public static string Write(
        string folder, string name, GuestContent content, CowdOptions? options = null, long extentSectors = 0)
    {
        options ??= new CowdOptions();
        List<CowdExtent> extents = DescriptorImage.Split(
            content.LengthSectors,
            extentSectors > 0 ? extentSectors : content.LengthSectors,
            sectors => new CowdExtent { Sectors = sectors, Options = options });
        return DescriptorImage.Write(
            folder, name, "vmfsSparse", content, extents, options.Descriptor, options.Parent);
    }

    /// <summary>Writes <c>folder/name.vmdk</c> as one COWD file without a descriptor.</summary>
    public static string WriteBare(string folder, string name, GuestContent content, CowdOptions? options = null)
    {
        string path = Path.Combine(folder, name + ".vmdk");
        WriteExtent(path, GuestSlice.Whole(content), options ?? new CowdOptions());
        return path;
    }

    /// <summary>Writes one extent: each table lies where the file ended when its first grain came.</summary>
    public static void WriteExtent(string path, GuestSlice slice, CowdOptions options)
    {
        List<SelectedGrain> grains = GrainSelection.Select(slice, options.GrainSectors, options.Parent?.Content, []);
        GrainSelection.Arrange(grains, options.Order, options.Seed);
        long perTable = (long)TableEntries * options.GrainSectors;
        uint[] directory = new uint[(slice.Sectors + perTable - 1) / perTable];
        var tables = new Dictionary<long, uint[]>();
        byte[] data = new byte[options.GrainSectors * 512];
        long freeSector = HeaderSectors + (((directory.Length * 4L) + 511) / 512);

        using var file = new SectorFile(path);
        foreach (SelectedGrain grain in grains)
        {
            long table = grain.Index / TableEntries;
            if (!tables.TryGetValue(table, out uint[]? entries))
            {
                entries = new uint[TableEntries];
                tables.Add(table, entries);
                directory[table] = checked((uint)freeSector);
                freeSector += TableSectors;
            }

            slice.Read(grain.Index * data.Length, data);
            file.WriteSectors(freeSector, data);
            entries[grain.Index % TableEntries] = checked((uint)freeSector);
            freeSector += options.GrainSectors;
        }

        foreach ((long table, uint[] entries) in tables)
        {
            file.WriteEntries(directory[table], entries);
        }

        file.WriteEntries(HeaderSectors, directory);
        file.WriteSectors(0, Header(slice, options, directory.Length, freeSector));
        file.SetLength((freeSector + options.SpareSectors) * 512);
    }

    static byte[] Header(GuestSlice slice, CowdOptions options, int directoryEntries, long freeSector)
    {
        byte[] bytes = new byte[HeaderSectors * 512];
        Span<byte> b = bytes;
        BinaryPrimitives.WriteUInt32LittleEndian(b, Magic);
        BinaryPrimitives.WriteUInt32LittleEndian(b[4..], 1);
        BinaryPrimitives.WriteUInt32LittleEndian(b[8..], 3);
        BinaryPrimitives.WriteUInt32LittleEndian(b[12..], checked((uint)slice.Sectors));
        BinaryPrimitives.WriteUInt32LittleEndian(b[16..], (uint)options.GrainSectors);
        BinaryPrimitives.WriteUInt32LittleEndian(b[20..], HeaderSectors);
        BinaryPrimitives.WriteUInt32LittleEndian(b[24..], (uint)directoryEntries);
        BinaryPrimitives.WriteUInt32LittleEndian(b[28..], checked((uint)freeSector));
        if (options.Parent is null)
        {
            // The root's geometry; a child has the parent's name in its place, empty in recent files.
            BinaryPrimitives.WriteUInt32LittleEndian(b[32..], (uint)Math.Max(1, slice.Sectors / (255 * 63)));
            BinaryPrimitives.WriteUInt32LittleEndian(b[36..], 255);
            BinaryPrimitives.WriteUInt32LittleEndian(b[40..], 63);
        }

        Encoding.ASCII.GetBytes("cowd", b[1064..]);
        BinaryPrimitives.WriteUInt32LittleEndian(b[1648..], options.Unclean ? 1u : 0u);
        return bytes;
    }
}
