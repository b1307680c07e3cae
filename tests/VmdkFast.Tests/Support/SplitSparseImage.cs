namespace VmdkFast.Tests.Support;

/// <summary>Writes disks cut into hosted sparse extents.</summary>
public static class SplitSparseImage
{
    /// <summary>Size of a split sparse extent in VMware's files, in sectors.</summary>
    public const long TwoGbSectors = 4_192_256;

    /// <summary>Writes a disk of type twoGbMaxExtentSparse, or of its other spelling.</summary>
    public static string Write(
        string folder,
        string name,
        GuestContent content,
        long extentSectors = TwoGbSectors,
        SparseOptions? options = null,
        string createType = "twoGbMaxExtentSparse")
    {
        options ??= new SparseOptions();
        List<SparseExtent> extents = DescriptorImage.Split(
            content.LengthSectors,
            extentSectors,
            sectors => new SparseExtent { Sectors = sectors, Options = options });
        return DescriptorImage.Write(
            folder, name, createType, content, extents, options.Descriptor, options.Parent);
    }
}
