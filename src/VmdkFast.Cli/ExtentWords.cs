namespace VmdkFast.Cli;

/// <summary>An extent in the words of descriptors.</summary>
static class ExtentWords
{
    internal const int SectorBytes = 512;

    /// <summary>The image's format in the words of qemu-img.</summary>
    internal static string ImageFormatOf(VmdkLayerInfo layer) => layer.Kind == VmdkDiskKind.Raw ? "raw" : "vmdk";

    /// <summary>The type word of the extent's line; empty, as in qemu-img, when the image itself is it.</summary>
    internal static string TypeOf(VmdkExtentInfo extent) =>
        extent is { FileName: null, Path: not null } ? "" : extent.Type.ToString().ToUpperInvariant();

    /// <summary>The access word.</summary>
    internal static string AccessOf(VmdkExtentInfo extent) => extent.Access switch
    {
        VmdkAccess.ReadWrite => "RW",
        VmdkAccess.ReadOnly => "RDONLY",
        _ => "NOACCESS",
    };

    /// <summary>How the extent is stored, whatever its line says.</summary>
    internal static string FormatOf(VmdkExtentInfo extent) => extent.Format switch
    {
        VmdkExtentFormat.Flat => "flat",
        VmdkExtentFormat.HostedSparse => "hosted-sparse",
        VmdkExtentFormat.StreamOptimized => "stream-optimized",
        VmdkExtentFormat.Cowd => "cowd",
        VmdkExtentFormat.SeSparse => "se-sparse",
        VmdkExtentFormat.Zero => "zero",
        _ => "unopened",
    };
}
