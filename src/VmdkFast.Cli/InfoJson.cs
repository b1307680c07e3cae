using System.Text.Json;

namespace VmdkFast.Cli;

/// <summary>One image as an object with the keys of <c>qemu-img info --output json</c>, and more of ours.</summary>
static class InfoJson
{
    internal static void Write(Utf8JsonWriter json, VmdkLayerInfo layer, VmdkLayerInfo? parent)
    {
        json.WriteStartObject();
        json.WriteNumber("virtual-size", layer.LengthBytes);
        json.WriteString("filename", layer.Path);
        if (layer.GrainBytes is { } grainBytes)
        {
            json.WriteNumber("cluster-size", grainBytes);
        }

        json.WriteString("format", ExtentWords.ImageFormatOf(layer));
        json.WriteNumber("actual-size", layer.AllocatedBytes);
        if (layer.RawLengthBytes is { } rawLengthBytes)
        {
            json.WriteNumber("file-length", rawLengthBytes);
            json.WriteBoolean("dirty-flag", false);
            json.WriteEndObject();
            return;
        }

        json.WritePropertyName("format-specific");
        json.WriteStartObject();
        json.WriteString("type", "vmdk");
        json.WritePropertyName("data");
        WriteData(json, layer);
        json.WriteEndObject();
        if (Backing.NameOf(layer) is { } backing)
        {
            json.WriteString("full-backing-filename", Backing.FullNameOf(layer, parent));
            json.WriteString("backing-filename", backing);
            json.WriteString("backing-filename-format", "vmdk");
        }

        json.WriteBoolean("dirty-flag", layer.UncleanShutdown);
        json.WriteEndObject();
    }

    static void WriteData(Utf8JsonWriter json, VmdkLayerInfo layer)
    {
        json.WriteStartObject();
        VmdkDescriptor? descriptor = layer.Descriptor;
        if (descriptor is not null)
        {
            json.WriteNumber("cid", descriptor.ContentId);
            json.WriteNumber("parent-cid", descriptor.ParentContentId);
            json.WriteString("create-type", descriptor.CreateType);
        }

        json.WritePropertyName("extents");
        json.WriteStartArray();
        foreach (VmdkExtentInfo extent in layer.Extents)
        {
            WriteExtent(json, extent);
        }

        json.WriteEndArray();
        json.WriteBoolean("unclean-shutdown", layer.UncleanShutdown);
        if (layer.Warnings.Count > 0)
        {
            json.WritePropertyName("warnings");
            json.WriteStartArray();
            foreach (string warning in layer.Warnings)
            {
                json.WriteStringValue(warning);
            }

            json.WriteEndArray();
        }

        if (descriptor is not null)
        {
            WriteDescriptor(json, descriptor);
        }

        WriteInherited(json, layer);
        WriteTracking(json, layer.ChangeTracking);
        json.WriteEndObject();
    }

    static void WriteInherited(Utf8JsonWriter json, VmdkLayerInfo layer)
    {
        VmdkDatabaseEntry[] inherited = [.. layer.Database.Where(entry => entry.Path != layer.Path)];
        if (inherited.Length == 0)
        {
            return;
        }

        json.WritePropertyName("inherited-entries");
        json.WriteStartArray();
        foreach (VmdkDatabaseEntry entry in inherited)
        {
            json.WriteStartObject();
            json.WriteString("key", entry.Key);
            json.WriteString("value", entry.Value);
            json.WriteString("filename", entry.Path);
            json.WriteEndObject();
        }

        json.WriteEndArray();
    }

    static void WriteTracking(Utf8JsonWriter json, VmdkChangeTracking? tracking)
    {
        if (tracking is null)
        {
            return;
        }

        json.WritePropertyName("change-tracking");
        json.WriteStartObject();
        json.WriteString("filename", tracking.Path ?? tracking.FileName);
        if (tracking.Exists is { } exists)
        {
            json.WriteBoolean("exists", exists);
        }

        if (tracking.LengthBytes is { } lengthBytes)
        {
            json.WriteNumber("length", lengthBytes);
            json.WriteBoolean("recognised", tracking.IsRecognised);
        }

        WriteText(json, "identifier", tracking.Identifier);
        json.WriteEndObject();
    }

    static void WriteExtent(Utf8JsonWriter json, VmdkExtentInfo extent)
    {
        json.WriteStartObject();
        json.WriteNumber("virtual-size", extent.LengthSectors * ExtentWords.SectorBytes);
        json.WriteString("filename", extent.Path ?? extent.FileName ?? "");
        if (extent.GrainBytes is { } grainBytes)
        {
            json.WriteNumber("cluster-size", grainBytes);
        }

        json.WriteString("format", ExtentWords.TypeOf(extent));
        if (extent.Format == VmdkExtentFormat.StreamOptimized)
        {
            json.WriteBoolean("compressed", true);
        }

        json.WriteString("access", ExtentWords.AccessOf(extent));
        json.WriteString("stored-as", ExtentWords.FormatOf(extent));
        if (extent.OffsetSectors != 0)
        {
            json.WriteNumber("offset", extent.OffsetSectors * ExtentWords.SectorBytes);
        }

        if (extent.Recovery is { } recovery)
        {
            WriteRecovery(json, recovery);
        }

        json.WriteEndObject();
    }

    static void WriteRecovery(Utf8JsonWriter json, VmdkStreamRecovery recovery)
    {
        json.WritePropertyName("recovery");
        json.WriteStartObject();
        json.WriteNumber("grains", recovery.Grains);
        if (recovery.LastGrainOffsetBytes is { } lastBytes)
        {
            json.WriteNumber("last-grain-offset", lastBytes);
        }

        json.WriteNumber("end-offset", recovery.EndBytes);
        json.WriteNumber("ignored-bytes", recovery.IgnoredBytes);
        WriteText(json, "problem", recovery.Problem);
        json.WriteEndObject();
    }

    static void WriteDescriptor(Utf8JsonWriter json, VmdkDescriptor descriptor)
    {
        json.WriteNumber("descriptor-version", descriptor.Version);
        json.WriteString("encoding", descriptor.Encoding);
        WriteText(json, "adapter-type", descriptor.AdapterType);
        WriteGeometry(json, "geometry", descriptor.Geometry);
        WriteGeometry(json, "bios-geometry", descriptor.BiosGeometry);
        WriteText(json, "change-track-path", descriptor.ChangeTrackPath);

        // A list of pairs and not an object: a descriptor may repeat a key, a JSON object may not.
        json.WritePropertyName("other-entries");
        json.WriteStartArray();
        foreach ((string key, string value) in DescriptorEntries.Further(descriptor))
        {
            json.WriteStartObject();
            json.WriteString("key", key);
            json.WriteString("value", value);
            json.WriteEndObject();
        }

        json.WriteEndArray();
    }

    static void WriteText(Utf8JsonWriter json, string key, string? value)
    {
        if (value is not null)
        {
            json.WriteString(key, value);
        }
    }

    static void WriteGeometry(Utf8JsonWriter json, string key, VmdkGeometry? geometry)
    {
        if (geometry is not { } known)
        {
            return;
        }

        json.WritePropertyName(key);
        json.WriteStartObject();
        json.WriteNumber("cylinders", known.Cylinders);
        json.WriteNumber("heads", known.Heads);
        json.WriteNumber("sectors", known.Sectors);
        json.WriteEndObject();
    }
}
