namespace VmdkFast.Tests.Support;

/// <summary>Writes monolithicSparse images, and the hosted sparse extents of others.</summary>
public static class SparseImage
{
    /// <summary>Writes <c>folder/name.vmdk</c> and returns its path.</summary>
    public static string Write(string folder, string name, GuestContent content, SparseOptions? options = null)
    {
        options ??= new SparseOptions();
        string path = Path.Combine(folder, name + ".vmdk");
        string line = $"RW {content.LengthSectors} SPARSE \"{name}.vmdk\"";
        DescriptorText descriptor = options.Descriptor.Completed(
            name, "monolithicSparse", content.LengthSectors, [line], options.Parent);
        WriteExtent(path, GuestSlice.Whole(content), options with { Descriptor = descriptor });
        return path;
    }

    /// <summary>Writes one extent. Its descriptor, if there is room for one, is written as it stands.</summary>
    public static void WriteExtent(string path, GuestSlice slice, SparseOptions options)
    {
        List<SelectedGrain> grains = GrainSelection.Select(
            slice, options.GrainSectors, options.Parent?.Content, options.ZeroRanges);
        List<long>? presentTables = options.TablesLazilyAbsent
            ? [.. grains.Select(grain => grain.Index / options.TableEntries).Distinct().Order()]
            : null;
        var tables = new SparseTables(
            slice.Sectors,
            options.GrainSectors,
            options.TableEntries,
            options.Redundant,
            1 + options.DescriptorSectors,
            presentTables);
        GrainSelection.Arrange(grains, options.Order, options.Seed);

        using var file = new SectorFile(path);
        file.SetLength(tables.OverheadSectors * 512);
        file.WriteSectors(0, Header(slice, options, tables).ToBytes());
        if (options.DescriptorSectors > 0)
        {
            file.WriteSectors(1, options.Descriptor.ToSectors(options.DescriptorSectors));
        }

        WriteGrains(file, slice, options.GrainSectors, grains, tables);
        tables.WriteTo(file);
    }

    static void WriteGrains(
        SectorFile file, GuestSlice slice, int grainSectors, List<SelectedGrain> grains, SparseTables tables)
    {
        byte[] data = new byte[grainSectors * 512];
        long sector = tables.OverheadSectors;
        foreach (SelectedGrain grain in grains)
        {
            if (grain.IsZero)
            {
                tables.Set(grain.Index, 1);
                continue;
            }

            slice.Read(grain.Index * data.Length, data);
            file.WriteSectors(sector, data);
            tables.Set(grain.Index, checked((uint)sector));
            sector += grainSectors;
        }
    }

    static HostedHeader Header(GuestSlice slice, SparseOptions options, SparseTables tables)
    {
        bool zeroGrains = options.ZeroRanges.Count > 0;
        return new HostedHeader
        {
            Version = options.Version ?? (zeroGrains ? 2u : 1u),
            Flags = HostedHeader.NewLineTestFlag
                | (options.Redundant ? HostedHeader.RedundantFlag : 0)
                | (zeroGrains ? HostedHeader.ZeroGrainFlag : 0),
            CapacitySectors = (ulong)slice.Sectors,
            GrainSectors = (ulong)options.GrainSectors,
            DescriptorSector = options.DescriptorSectors > 0 ? 1u : 0u,
            DescriptorSectors = (ulong)options.DescriptorSectors,
            TableEntries = (uint)options.TableEntries,
            RedundantDirectorySector = (ulong)tables.RedundantDirectorySector,
            DirectorySector = (ulong)tables.DirectorySector,
            OverheadSectors = (ulong)tables.OverheadSectors,
            UncleanShutdown = options.Unclean ? (byte)1 : (byte)0,
        };
    }
}
