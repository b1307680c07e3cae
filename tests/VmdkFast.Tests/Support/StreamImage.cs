namespace VmdkFast.Tests.Support;

/// <summary>Writes streamOptimized images in the three layouts that are found in the wild.</summary>
public static class StreamImage
{
    const int TableEntries = 512;
    const int TableSectors = 4;

    /// <summary>Writes <c>folder/name.vmdk</c> and returns its path.</summary>
    public static string Write(string folder, string name, GuestContent content, StreamOptions? options = null)
    {
        options ??= new StreamOptions();
        bool export = options.Layout == StreamLayout.Export;
        string access = export ? "RDONLY" : "RW";
        string fileName = export ? "generated-stream" : name;
        string line = $"{access} {content.LengthSectors} SPARSE \"{fileName}.vmdk\"";
        options = options with
        {
            DescriptorSectors = options.DescriptorSectors ?? (export ? 1 : 20),
            EndOfStream = options.EndOfStream ?? (options.Layout != StreamLayout.Qemu && options.Markers),
            Order = options.Order
                ?? (options.Layout == StreamLayout.Qemu ? GrainOrder.Shuffled : GrainOrder.Ascending),
            Descriptor = options.Descriptor.Completed(name, "streamOptimized", content.LengthSectors, [line], null),
        };
        CheckOptions(options);

        string path = Path.Combine(folder, name + ".vmdk");
        var slice = GuestSlice.Whole(content);
        List<SelectedGrain> grains = GrainSelection.Select(slice, options.GrainSectors, null, options.ZeroRanges);
        GrainSelection.Arrange(grains, options.Order.Value, options.Seed);
        using var file = new StreamFile(path, slice, options);
        if (export)
        {
            WriteExport(file, slice, options, grains);
        }
        else
        {
            WriteWithTablesInFront(file, slice, options, grains);
        }

        file.Finish();
        return path;
    }

    static void CheckOptions(StreamOptions options)
    {
        bool export = options.Layout == StreamLayout.Export;
        if (export && (!options.Markers || options.Order != GrainOrder.Ascending))
        {
            throw new ArgumentException("An export has markers and ascending grains.");
        }

        const StreamDamage FooterDamage = StreamDamage.BadFooter | StreamDamage.FooterDisagrees;
        if (!export && (options.ProgressEvery > 0
            || options.DirectoryInHeaderToo
            || (options.Damage & FooterDamage) != 0))
        {
            throw new ArgumentException("Progress markers and footers belong to exports.");
        }
    }

    static void WriteWithTablesInFront(
        StreamFile file, GuestSlice slice, StreamOptions options, List<SelectedGrain> grains)
    {
        var tables = new SparseTables(
            slice.Sectors,
            options.GrainSectors,
            TableEntries,
            redundant: options.Layout == StreamLayout.Qemu,
            1 + options.DescriptorSectors!.Value,
            presentTables: null);
        HostedHeader header = Header(slice, options) with
        {
            RedundantDirectorySector = (ulong)tables.RedundantDirectorySector,
            DirectorySector = (ulong)tables.DirectorySector,
            OverheadSectors = (ulong)tables.OverheadSectors,
        };
        WriteFront(file, options, header);
        file.NextSector = tables.OverheadSectors;
        foreach (SelectedGrain grain in grains)
        {
            tables.Set(grain.Index, grain.IsZero ? 1 : file.AppendGrain(grain.Index));
        }

        tables.WriteTo(file.File);
        if (options.EndOfStream!.Value)
        {
            file.AppendMarker(StreamFile.EndOfStreamMarker, 0);
        }
    }

    static void WriteExport(StreamFile file, GuestSlice slice, StreamOptions options, List<SelectedGrain> grains)
    {
        long tableCoverage = (long)TableEntries * options.GrainSectors;
        HostedHeader header = Header(slice, options) with
        {
            DirectorySector = HostedHeader.DirectoryAtEnd,
            OverheadSectors = (ulong)SparseTables.RoundUp(1 + options.DescriptorSectors!.Value, options.GrainSectors),
        };
        WriteFront(file, options, header);
        file.NextSector = (long)header.OverheadSectors;

        uint[] directory = new uint[(slice.Sectors + tableCoverage - 1) / tableCoverage];
        foreach (IGrouping<long, SelectedGrain> group in grains.GroupBy(grain => grain.Index / TableEntries))
        {
            uint[] table = new uint[TableEntries];
            foreach (SelectedGrain grain in group)
            {
                table[grain.Index % TableEntries] = grain.IsZero ? 1 : file.AppendGrain(grain.Index);
            }

            file.AppendMarker(StreamFile.TableMarker, TableSectors);
            directory[group.Key] = checked((uint)file.NextSector);
            file.AppendEntries(table);
        }

        file.AppendMarker(
            StreamFile.DirectoryMarker, SparseTables.RoundUp(directory.Length * 4L, 512) / 512);
        HostedHeader footer = header with { DirectorySector = (ulong)file.NextSector };
        file.AppendEntries(directory);
        file.AppendMarker(StreamFile.FooterMarker, 1);
        file.Append(Footer(footer, options.Damage));
        if (options.EndOfStream!.Value)
        {
            file.AppendMarker(StreamFile.EndOfStreamMarker, 0);
        }

        if (options.DirectoryInHeaderToo)
        {
            file.File.WriteSectors(0, footer.ToBytes());
        }
    }

    static byte[] Footer(HostedHeader footer, StreamDamage damage)
    {
        if (damage.HasFlag(StreamDamage.FooterDisagrees))
        {
            footer = footer with { CapacitySectors = footer.CapacitySectors * 2 };
        }

        byte[] bytes = footer.ToBytes();
        if (damage.HasFlag(StreamDamage.BadFooter))
        {
            bytes.AsSpan(0, 4).Clear();
        }

        return bytes;
    }

    static void WriteFront(StreamFile file, StreamOptions options, HostedHeader header)
    {
        file.Append(header.ToBytes());
        if (options.DescriptorSectors > 0)
        {
            file.Append(options.Descriptor.ToSectors(options.DescriptorSectors.Value));
        }
    }

    static HostedHeader Header(GuestSlice slice, StreamOptions options) => new()
    {
        Version = options.Version,
        Flags = HostedHeader.NewLineTestFlag
            | HostedHeader.CompressedFlag
            | (options.Markers ? HostedHeader.MarkersFlag : 0)
            | (options.Layout == StreamLayout.Qemu ? HostedHeader.RedundantFlag : 0)
            | (options.ZeroRanges.Count > 0 ? HostedHeader.ZeroGrainFlag : 0),
        CapacitySectors = (ulong)slice.Sectors,
        GrainSectors = (ulong)options.GrainSectors,
        DescriptorSector = options.DescriptorSectors > 0 ? 1u : 0u,
        DescriptorSectors = (ulong)options.DescriptorSectors!.Value,
        CompressAlgorithm = 1,
    };
}
