namespace VmdkFast.Tests.Support;

/// <summary>Writes a disk that is a descriptor file and a list of extents, of any kinds mixed.</summary>
public static class DescriptorImage
{
    /// <summary>
    /// Writes <c>folder/name.vmdk</c> and the extents' files beside it; returns the descriptor's path.
    /// The extents must add up to the disk.
    /// </summary>
    public static string Write(
        string folder,
        string name,
        string createType,
        GuestContent content,
        IReadOnlyList<DiskExtent> extents,
        DescriptorText? descriptor = null,
        ParentLink? parent = null)
    {
        long total = extents.Sum(extent => extent.Sectors);
        if (total != content.LengthSectors)
        {
            throw new ArgumentException($"The extents have {total} sectors, the disk {content.LengthSectors}.");
        }

        var lines = new List<string>();
        long firstSector = 0;
        int number = 0;
        bool only = extents.Count(extent => extent is not ZeroExtent) == 1;
        foreach (DiskExtent extent in extents)
        {
            number += extent is ZeroExtent ? 0 : 1;
            string fileName = extent.FileName ?? extent.DefaultFileName(name, number, only);
            extent.WriteFile(
                Path.Combine(folder, fileName), new GuestSlice(content, firstSector, extent.Sectors), parent);
            lines.Add(extent.Line(fileName));
            firstSector += extent.Sectors;
        }

        string path = Path.Combine(folder, name + ".vmdk");
        DescriptorText text = (descriptor ?? new DescriptorText()).Completed(name, createType, total, lines, parent);
        File.WriteAllBytes(path, text.ToBytes());
        return path;
    }

    /// <summary>Cuts a disk into extents of one size; the last one takes the rest.</summary>
    public static List<T> Split<T>(long totalSectors, long extentSectors, Func<long, T> make)
        where T : DiskExtent
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(extentSectors, 1);
        var extents = new List<T>();
        for (long first = 0; first < totalSectors; first += extentSectors)
        {
            extents.Add(make(Math.Min(extentSectors, totalSectors - first)));
        }

        return extents;
    }
}
