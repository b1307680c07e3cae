using VmdkFast.Format;

namespace VmdkFast.Fuzz;

/// <summary>
/// A whole image in one file: probe, header, footer, embedded descriptor, tables and compressed grains, read in
/// several ways that must agree.
/// </summary>
sealed class HeaderTarget : IFuzzTarget
{
    internal const string TargetName = "header";

    /// <summary>A file beside the image, for descriptors that name an extent.</summary>
    internal const string ExtentName = "extent.raw";

    const int ExtentBytes = 4096;

    readonly string _folder = Directory.CreateTempSubdirectory("vmdkfast-fuzz-").FullName;

    // Small enough that an input cannot buy itself seconds, large enough that no seed meets one.
    static VmdkOpenOptions Options { get; } = new()
    {
        TableCacheBytes = 1 << 20,
        GrainCacheBytes = 1 << 20,
        Limits = new VmdkLimits { MaxDescriptorBytes = 1 << 16, MaxExtents = 64, MaxGrainSectors = 1 << 11 },
    };

    internal HeaderTarget() => WriteExtent(_folder);

    public string Name => TargetName;

    string ImagePath => Path.Combine(_folder, "disk.vmdk");

    /// <summary>Writes the file of <see cref="ExtentName"/>.</summary>
    internal static void WriteExtent(string folder)
    {
        byte[] content = new byte[ExtentBytes];
        content.AsSpan().Fill((byte)'x');
        File.WriteAllBytes(Path.Combine(folder, ExtentName), content);
    }

    public void Describe(FuzzDictionary dictionary)
    {
        dictionary.Add("SparseHeader_Magic", SparseHeader.MagicValue, sizeof(uint));
        dictionary.Add("SparseHeader_NewlineTest", SparseHeader.NewlineTestValue, sizeof(uint));
        dictionary.Add("CowdHeader_Magic", CowdHeader.MagicValue, sizeof(uint));
        dictionary.AddFields(nameof(SparseHeader), SparseHeader.Fields);
        dictionary.AddFields(nameof(MetadataMarker), MetadataMarker.Fields);
        dictionary.AddFields(nameof(GrainMarker), GrainMarker.Fields);
        dictionary.AddFields(nameof(CowdHeader), CowdHeader.Fields);
    }

    public void Run(ReadOnlySpan<byte> input)
    {
        File.WriteAllBytes(ImagePath, input);
        VmdkDisk disk;
        try
        {
            disk = VmdkDisk.Open(ImagePath, Options);
        }
        catch (VmdkException)
        {
            return;
        }

        using (disk)
        {
            var reading = new DiskReading(disk, ImagePath, input);
            reading.FollowMap();
            reading.ReadInPieces();
        }
    }

    public void Dispose() => Directory.Delete(_folder, recursive: true);
}
