namespace VmdkFast.Cli;

/// <summary>An image's parent by name: as the image spells it, and where that leads.</summary>
static class Backing
{
    /// <summary>The parent's name as the image spells it; null when the image says that it has none.</summary>
    /// <remarks>Some images without parent (parentCID of all ones) keep the name of one they once had.</remarks>
    internal static string? NameOf(VmdkLayerInfo layer) =>
        layer.Descriptor is { ParentContentId: not uint.MaxValue } ? layer.ParentFileNameHint : null;

    /// <summary>Where the parent is, or would be looked for.</summary>
    internal static string FullNameOf(VmdkLayerInfo layer, VmdkLayerInfo? parent)
    {
        if (parent is not null)
        {
            return parent.Path;
        }

        string name = NameOf(layer)!;
        return Path.Combine(Path.GetDirectoryName(layer.Path) ?? "", name);
    }
}
