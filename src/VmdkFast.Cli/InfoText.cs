namespace VmdkFast.Cli;

/// <summary>One image in the lines of <c>qemu-img info</c>, and further ones of ours.</summary>
static class InfoText
{
    internal static void Write(TextWriter text, VmdkLayerInfo layer, VmdkLayerInfo? parent)
    {
        text.WriteLine($"image: {Printable.Line(layer.Path)}");
        text.WriteLine($"file format: {ExtentWords.ImageFormatOf(layer)}");
        text.WriteLine($"virtual size: {Sizes.Format(layer.LengthBytes)} ({layer.LengthBytes} bytes)");
        text.WriteLine($"disk size: {Sizes.Format(layer.AllocatedBytes)}");
        if (layer.RawLengthBytes is { } rawLengthBytes)
        {
            text.WriteLine($"file length: {rawLengthBytes}");
            return;
        }

        if (layer.GrainBytes is { } grainBytes)
        {
            text.WriteLine($"cluster_size: {grainBytes}");
        }

        if (layer.UncleanShutdown)
        {
            text.WriteLine("cleanly shut down: no");
        }

        foreach (string warning in layer.Warnings)
        {
            text.WriteLine($"warning: {Printable.Line(warning)}");
        }

        if (Backing.NameOf(layer) is { } backing)
        {
            string full = Backing.FullNameOf(layer, parent);
            string actual = full == backing ? "" : $" (actual path: {Printable.Line(full)})";
            text.WriteLine($"backing file: {Printable.Line(backing)}{actual}");
            text.WriteLine("backing file format: vmdk");
        }

        text.WriteLine("Format specific information:");
        if (layer.Descriptor is { } descriptor)
        {
            WriteDescriptor(text, descriptor);
        }

        foreach (VmdkDatabaseEntry entry in layer.Database.Where(entry => entry.Path != layer.Path))
        {
            WriteKnown(text, Printable.Line(entry.Key), $"{entry.Value} (inherited from {entry.Path})");
        }

        if (layer.ChangeTracking is { } tracking)
        {
            WriteKnown(text, "change track file", Show(tracking));
        }

        text.WriteLine("    extents:");
        foreach (VmdkExtentInfo extent in layer.Extents)
        {
            WriteExtent(text, extent);
        }
    }

    static void WriteDescriptor(TextWriter text, VmdkDescriptor descriptor)
    {
        // Numbers as qemu-img prints them; the digits in brackets are what stands in the descriptor.
        text.WriteLine($"    cid: {descriptor.ContentId} ({descriptor.ContentId:x8})");
        text.WriteLine($"    parent cid: {descriptor.ParentContentId} ({descriptor.ParentContentId:x8})");
        text.WriteLine($"    create type: {Printable.Line(descriptor.CreateType)}");
        text.WriteLine($"    descriptor version: {descriptor.Version}, {Printable.Line(descriptor.Encoding)}");
        WriteKnown(text, "adapter type", descriptor.AdapterType);
        WriteKnown(text, "geometry", Show(descriptor.Geometry));
        WriteKnown(text, "bios geometry", Show(descriptor.BiosGeometry));
        WriteKnown(text, "change track path", descriptor.ChangeTrackPath);
        foreach ((string key, string value) in DescriptorEntries.Further(descriptor))
        {
            WriteKnown(text, Printable.Line(key), value);
        }
    }

    static void WriteExtent(TextWriter text, VmdkExtentInfo extent)
    {
        text.WriteLine($"        [{extent.Index}]:");
        if (extent.Format == VmdkExtentFormat.StreamOptimized)
        {
            text.WriteLine("            compressed: true");
        }

        if (extent.Recovery is { } recovery)
        {
            text.WriteLine($"            recovered grains: {recovery.Grains}");
            text.WriteLine($"            last recovered grain: {Show(recovery.LastGrainOffsetBytes)}");
            text.WriteLine($"            recovered up to: byte {recovery.EndBytes} of the file");
            text.WriteLine($"            ignored bytes: {recovery.IgnoredBytes}");
            text.WriteLine($"            missing: {Printable.Line(recovery.Problem ?? "nothing")}");
        }

        text.WriteLine($"            virtual size: {extent.LengthSectors * ExtentWords.SectorBytes}");
        if ((extent.Path ?? extent.FileName) is { } file)
        {
            text.WriteLine($"            filename: {Printable.Line(file)}");
        }

        if (extent.OffsetSectors != 0)
        {
            text.WriteLine($"            offset: {extent.OffsetSectors * ExtentWords.SectorBytes}");
        }

        if (extent.GrainBytes is { } grainBytes)
        {
            text.WriteLine($"            cluster size: {grainBytes}");
        }

        text.WriteLine($"            format: {ExtentWords.TypeOf(extent)}");
        text.WriteLine($"            access: {ExtentWords.AccessOf(extent)}");
        text.WriteLine($"            stored as: {ExtentWords.FormatOf(extent)}");
    }

    static void WriteKnown(TextWriter text, string label, string? value)
    {
        if (value is not null)
        {
            text.WriteLine($"    {label}: {Printable.Line(value)}");
        }
    }

    static string Show(long? offsetBytes) =>
        offsetBytes is { } known ? FormattableString.Invariant($"byte {known} of the extent") : "none";

    static string Show(VmdkChangeTracking tracking) => tracking switch
    {
        { Exists: null } => "not looked at",
        { Exists: false } => "missing",
        { IsRecognised: false } => $"{tracking.LengthBytes} bytes, which do not begin as a change tracking file",
        _ => $"{tracking.LengthBytes} bytes, identifier {tracking.Identifier}",
    };

    static string? Show(VmdkGeometry? geometry) => geometry is { } known
        ? $"{known.Cylinders} cylinders, {known.Heads} heads, {known.Sectors} sectors"
        : null;
}
