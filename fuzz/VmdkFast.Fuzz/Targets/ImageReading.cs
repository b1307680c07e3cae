namespace VmdkFast.Fuzz;

/// <summary>All that a reader can do with one image: open, map, read in several ways, convert, inspect.</summary>
sealed class ImageReading(FuzzFolder folder)
{
    // The caches are small; what is left are tables that are read again and again, and the buffers of DiskReading.
    const long MaxAllocatedBytes = 48L << 20;

    internal const string FileName = "disk.vmdk";

    // Small enough that an input cannot buy itself seconds, large enough that no seed meets one.
    internal static VmdkOpenOptions Options { get; } = new()
    {
        TableCacheBytes = 1 << 20,
        GrainCacheBytes = 1 << 20,
        DirtySeSparse = VmdkDirtySeSparse.Read,
        Limits = new VmdkLimits { MaxDescriptorBytes = 1 << 16, MaxExtents = 64, MaxGrainSectors = 1 << 11 },
    };

    /// <summary>Writes the image, then reads it.</summary>
    internal void Run(ReadOnlySpan<byte> image)
    {
        File.WriteAllBytes(folder[FileName], image);
        Read(image);
    }

    /// <summary>Reads the image that lies in the folder.</summary>
    /// <param name="image">The bytes of the opened file.</param>
    internal void Read(ReadOnlySpan<byte> image)
    {
        string path = folder[FileName];
        var budget = InputBudget.Start(MaxAllocatedBytes);
        Inspect(path);
        VmdkDisk disk;
        try
        {
            disk = VmdkDisk.Open(path, Options);
        }
        catch (VmdkException)
        {
            budget.Check();
            return;
        }

        using (disk)
        {
            RequireInside(disk);
            var reading = new DiskReading(disk, path, image);
            reading.FollowMap();
            reading.ReadInPieces();
        }

        budget.Check();
    }

    static void Inspect(string path)
    {
        try
        {
            VmdkImage.Inspect(path, Options.Limits);
        }
        catch (VmdkException)
        {
            // Nothing of a VMDK in it.
        }
    }

    // The policy lets an image name files beside it, and none else.
    void RequireInside(VmdkDisk disk)
    {
        foreach (VmdkLayerInfo layer in disk.Layers)
        {
            foreach (string? path in layer.Extents.Select(extent => extent.Path).Append(layer.Path))
            {
                DisagreementException.ThrowUnless(
                    path is null || Path.GetDirectoryName(Path.GetFullPath(path)) == folder.Path,
                    $"the image opened '{path}'");
            }
        }
    }
}
