namespace VmdkFast.Tests.Support;

/// <summary>Writes disks whose extents have no structure.</summary>
public static class FlatImage
{
    /// <summary>Size of a split flat extent in VMware's files, in sectors.</summary>
    public const long TwoGbSectors = 4_193_792;

    /// <summary>
    /// Writes a flat disk: monolithicFlat, twoGbMaxExtentFlat in either spelling, vmfs and its kin (whose lines
    /// have type VMFS), fullDevice, partitionedDevice, custom. Extent size 0 makes one extent of the whole disk.
    /// </summary>
    public static string Write(
        string folder,
        string name,
        GuestContent content,
        string createType = "monolithicFlat",
        long extentSectors = 0,
        DescriptorText? descriptor = null)
    {
        string type = createType.StartsWith("vmfs", StringComparison.Ordinal) ? "VMFS" : "FLAT";
        long each = extentSectors > 0 ? extentSectors : content.LengthSectors;
        List<FlatExtent> extents = DescriptorImage.Split(
            content.LengthSectors, each, sectors => new FlatExtent { Sectors = sectors, Type = type });
        return DescriptorImage.Write(folder, name, createType, content, extents, descriptor);
    }
}
