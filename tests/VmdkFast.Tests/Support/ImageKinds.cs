using Xunit;

namespace VmdkFast.Tests.Support;

/// <summary>Writes one content as any <see cref="ImageKind"/>.</summary>
public static class ImageKinds
{
    public static TheoryData<ImageKind> All => [.. Enum.GetValues<ImageKind>()];

    /// <summary>Those that qemu-img 7.2 takes: few createTypes, no bare ESX extents, no lone lengths.</summary>
    public static TheoryData<ImageKind> ForQemu => [.. Enum.GetValues<ImageKind>().Where(QemuReads)];

    /// <summary>Writes <c>folder/disk.vmdk</c> with what belongs to it; returns its path.</summary>
    public static string Write(ImageKind kind, string folder, GuestContent content, string name = "disk") => kind switch
    {
        <= ImageKind.SplitSparseOldSpelling => WriteSparse(kind, folder, name, content),
        <= ImageKind.VmfsThin => WriteFlat(kind, folder, name, content),
        <= ImageKind.StreamLargerThanGrains => StreamImage.Write(folder, name, content, StreamOf(kind)),
        ImageKind.CustomMixture => WriteMixture(folder, name, content),
        ImageKind.SeSparse => SeSparseImage.Write(folder, name, content),
        ImageKind.SeSparseShuffled => SeSparseImage.Write(
            folder, name, content, new SeSparseOptions { Order = GrainOrder.Shuffled, OddAreas = true }),
        ImageKind.SeSparseBare => SeSparseImage.WriteBare(folder, name, content),
        _ => WriteCowd(kind, folder, name, content),
    };

    public static bool IsCompressed(ImageKind kind) =>
        kind is >= ImageKind.StreamExport and <= ImageKind.StreamLargerThanGrains;

    public static bool IsFlat(ImageKind kind) => kind is >= ImageKind.MonolithicFlat and <= ImageKind.VmfsThin;

    static bool QemuReads(ImageKind kind) => kind is not (
        ImageKind.SplitSparseOldSpelling or ImageKind.SplitFlatOldSpelling or ImageKind.FullDevice
        or ImageKind.PartitionedDevice or ImageKind.VmfsThin or ImageKind.CustomMixture
        or ImageKind.CowdBare or ImageKind.SeSparseBare or ImageKind.StreamWithoutMarkers);

    static string WriteSparse(ImageKind kind, string folder, string name, GuestContent content) => kind switch
    {
        ImageKind.SplitSparse => SplitSparseImage.Write(folder, name, content, Third(content)),
        ImageKind.SplitSparseOldSpelling => SplitSparseImage.Write(
            folder, name, content, Third(content), createType: "2GbMaxExtentSparse"),
        _ => SparseImage.Write(folder, name, content, kind switch
        {
            ImageKind.SparseOfSmallestGrains => new SparseOptions { GrainSectors = 8 },
            ImageKind.SparseOfLargeGrains => new SparseOptions { GrainSectors = 2048 },
            ImageKind.SparseOfSmallTables => new SparseOptions { TableEntries = 8, GrainSectors = 16 },
            ImageKind.SparseWithoutCopies => new SparseOptions { Redundant = false },
            ImageKind.SparseWithAbsentTables => new SparseOptions { TablesLazilyAbsent = true, GrainSectors = 8 },
            ImageKind.SparseShuffled => new SparseOptions { Order = GrainOrder.Shuffled, GrainSectors = 16 },
            ImageKind.SparseReversed => new SparseOptions { Order = GrainOrder.Reversed, GrainSectors = 32 },
            ImageKind.SparseUnclean => new SparseOptions { Unclean = true },
            ImageKind.SparseVersion2 => new SparseOptions { Version = 2 },
            ImageKind.SparseVersion3 => new SparseOptions { Version = 3 },
            _ => new SparseOptions(),
        }),
    };

    static string WriteFlat(ImageKind kind, string folder, string name, GuestContent content) => kind switch
    {
        ImageKind.SplitFlat => FlatImage.Write(folder, name, content, "twoGbMaxExtentFlat", Third(content)),
        ImageKind.SplitFlatOldSpelling => FlatImage.Write(folder, name, content, "2GbMaxExtentFlat", Third(content)),
        ImageKind.FullDevice => FlatImage.Write(folder, name, content, "fullDevice"),
        ImageKind.PartitionedDevice => FlatImage.Write(folder, name, content, "partitionedDevice", Third(content)),
        ImageKind.Vmfs => FlatImage.Write(folder, name, content, "vmfs"),
        ImageKind.VmfsThin => FlatImage.Write(folder, name, content, "vmfsThin"),
        _ => FlatImage.Write(folder, name, content),
    };

    static StreamOptions StreamOf(ImageKind kind) => kind switch
    {
        ImageKind.StreamExport => new StreamOptions { Layout = StreamLayout.Export },
        ImageKind.StreamExportOfProgress => new StreamOptions { Layout = StreamLayout.Export, ProgressEvery = 2 },
        ImageKind.StreamExportOfTwoDirectories =>
            new StreamOptions { Layout = StreamLayout.Export, DirectoryInHeaderToo = true },
        ImageKind.StreamExportOfLongDescriptor =>
            new StreamOptions { Layout = StreamLayout.Export, DescriptorSectors = 20 },
        ImageKind.StreamLocal => new StreamOptions { Layout = StreamLayout.Local },
        ImageKind.StreamLocalOfShortDescriptor =>
            new StreamOptions { Layout = StreamLayout.Local, DescriptorSectors = 1 },
        ImageKind.StreamLocalVersion1 => new StreamOptions { Layout = StreamLayout.Local, Version = 1 },
        ImageKind.StreamLocalVersion2 => new StreamOptions { Layout = StreamLayout.Local, Version = 2 },
        ImageKind.StreamLocalOfSmallGrains => new StreamOptions { Layout = StreamLayout.Local, GrainSectors = 8 },
        ImageKind.StreamLocalOfGiantGrains =>
            new StreamOptions { Layout = StreamLayout.Local, GrainSectors = 8192, Level = 1 },
        ImageKind.StreamQemu => new StreamOptions { Layout = StreamLayout.Qemu, PadFileBytes = 65536 },
        ImageKind.StreamQemuOfShortLastGrain =>
            new StreamOptions { Layout = StreamLayout.Qemu, ShortLastGrain = true },
        ImageKind.StreamWithoutMarkers => new StreamOptions { Layout = StreamLayout.Local, Markers = false },
        ImageKind.StreamStored => new StreamOptions { Layout = StreamLayout.Local, Level = 0 },
        ImageKind.StreamLargerThanGrains =>
            new StreamOptions { Layout = StreamLayout.Export, Level = 0, StoredBlockBytes = 8 },
        _ => throw new ArgumentOutOfRangeException(nameof(kind)),
    };

    static string WriteCowd(ImageKind kind, string folder, string name, GuestContent content) => kind switch
    {
        ImageKind.CowdOfLargeGrains => CowdImage.Write(folder, name, content, new CowdOptions { GrainSectors = 128 }),
        ImageKind.CowdShuffled => CowdImage.Write(
            folder, name, content, new CowdOptions { GrainSectors = 4, Order = GrainOrder.Shuffled }),
        ImageKind.CowdSplit => CowdImage.Write(folder, name, content, extentSectors: Third(content)),
        ImageKind.CowdBare => CowdImage.WriteBare(folder, name, content),
        _ => CowdImage.Write(folder, name, content),
    };

    static string WriteMixture(string folder, string name, GuestContent content)
    {
        long third = Third(content);
        List<DiskExtent> extents =
        [
            new FlatExtent { Sectors = Math.Min(third, content.LengthSectors), OffsetSectors = 63, ExtraBytes = 4096 },
        ];
        long left = content.LengthSectors - extents[0].Sectors;
        if (left > third)
        {
            extents.Add(new SparseExtent { Sectors = third });
            left -= third;
        }

        if (left > 0)
        {
            extents.Add(new CowdExtent { Sectors = left, Access = "RDONLY" });
        }

        return DescriptorImage.Write(folder, name, "custom", content, extents);
    }

    // In whole grains, so that three extents come out of a disk of more than two.
    static long Third(GuestContent content) =>
        SparseTables.RoundUp(Math.Max(1, content.LengthSectors / 3), 128);
}
