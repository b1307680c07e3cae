using System.Globalization;
using VmdkFast.Format;

namespace VmdkFast.Opening;

/// <summary>Says of each image of a chain what holds for it: its own values, and those that it inherits.</summary>
/// <remarks>
/// A delta of ESX states little more than its content's ID; what it does not state, the nearest image below does.
/// </remarks>
static class ChainDescription
{
    /// <summary>The images' descriptions, in the order given: the top first.</summary>
    internal static VmdkLayerInfo[] Of(IReadOnlyList<OpenedLayer> images)
    {
        var infos = new VmdkLayerInfo[images.Count];
        IReadOnlyList<VmdkDatabaseEntry> below = [];
        for (int i = images.Count - 1; i >= 0; i--)
        {
            OpenedLayer image = images[i];
            below = Merge(image, below);
            infos[i] = image.Info with
            {
                Database = below,
                ChangeTracking = image.ChangeTracking,
                AdapterType = Value(below, DescriptorKeys.AdapterType),
                Geometry = image.Info.Geometry ?? Geometry(below),
            };
        }

        return infos;
    }

    // The long content ID names this very content, and the encoding this very text: nobody inherits those.
    static bool IsInherited(string key) =>
        !DescriptorKeys.IsEncoding(key)
        && !key.Equals(DescriptorKeys.LongContentId, StringComparison.OrdinalIgnoreCase);

    static List<VmdkDatabaseEntry> Merge(OpenedLayer image, IReadOnlyList<VmdkDatabaseEntry> below)
    {
        var entries = new List<VmdkDatabaseEntry>();
        var stated = new HashSet<string>(StringComparer.OrdinalIgnoreCase);
        foreach ((string key, string value) in image.Descriptor?.DatabaseEntries ?? [])
        {
            // As everywhere, the first of several lines counts.
            if (stated.Add(key))
            {
                entries.Add(new VmdkDatabaseEntry(key, value, image.Info.Path));
            }
        }

        entries.AddRange(below.Where(entry => IsInherited(entry.Key) && stated.Add(entry.Key)));
        return entries;
    }

    static string? Value(IReadOnlyList<VmdkDatabaseEntry> entries, string key) =>
        entries.FirstOrDefault(entry => entry.Key.Equals(key, StringComparison.OrdinalIgnoreCase))?.Value;

    static VmdkGeometry? Geometry(IReadOnlyList<VmdkDatabaseEntry> entries) =>
        Number(entries, DescriptorKeys.Cylinders) is { } cylinders
        && Number(entries, DescriptorKeys.Heads) is { } heads
        && Number(entries, DescriptorKeys.Sectors) is { } sectors
            ? new VmdkGeometry(cylinders, heads, sectors)
            : null;

    static uint? Number(IReadOnlyList<VmdkDatabaseEntry> entries, string key) =>
        uint.TryParse(Value(entries, key), NumberStyles.None, CultureInfo.InvariantCulture, out uint number)
            ? number
            : null;
}
