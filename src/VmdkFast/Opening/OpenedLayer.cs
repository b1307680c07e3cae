using VmdkFast.Extents;
using VmdkFast.Format;
using VmdkFast.Storage;

namespace VmdkFast.Opening;

/// <summary>An extent that has been opened, and what it turned out to be.</summary>
/// <param name="Extent">Answers and reads.</param>
/// <param name="Info">What it is.</param>
/// <param name="UncleanShutdown">Whether its last writer left it open.</param>
/// <param name="Hosted">Its header, when it is hosted sparse.</param>
/// <param name="Cowd">Its header, when it is COWD.</param>
/// <param name="SeSparse">Its headers, when it is space-efficient sparse.</param>
readonly record struct OpenedExtent(
    Extent Extent, VmdkExtentInfo Info, bool UncleanShutdown, HostedSparseFile? Hosted = null, CowdFile? Cowd = null,
    SeSparseFile? SeSparse = null);

/// <summary>One image of a chain, open but not yet put upon its parent.</summary>
sealed class OpenedLayer
{
    /// <param name="file">The image's own file.</param>
    /// <param name="descriptor">Its descriptor; null when it has none.</param>
    /// <param name="extents">The extents in guest order.</param>
    /// <param name="embedding">
    /// The header that places an embedded descriptor; null when the file is the descriptor.
    /// </param>
    internal OpenedLayer(
        ImageFile file, DescriptorText? descriptor, IReadOnlyList<OpenedExtent> extents,
        HostedSparseFile? embedding = null)
    {
        DescriptorOffsetBytes = embedding?.DescriptorOffsetBytes ?? 0;
        DescriptorAreaBytes = embedding?.DescriptorAreaBytes ?? 0;
        File = file;
        Opened = extents;
        Descriptor = descriptor;
        Extents = [.. extents.Select(extent => extent.Extent)];
        VmdkExtentInfo[] infos = [.. extents.Select(extent =>
            extent.Info with
            {
                GrainBytes = extent.Extent.GrainBytes == 0 ? null : extent.Extent.GrainBytes,
                Recovery = (extent.Extent as SparseExtent)?.Layout.Recovered?.Recovery,
            })];
        bool compressed = infos.Any(info => info.Format == VmdkExtentFormat.StreamOptimized);
        long grainBytes = Extents.Select(extent => extent.GrainBytes).FirstOrDefault(bytes => bytes != 0);
        VmdkDiskKind kind = descriptor?.Kind ?? KindOf(infos[0].Format);
        Info = new VmdkLayerInfo
        {
            Path = file.Path,
            LengthBytes = Extents.Aggregate(0L, (sum, extent) => checked(sum + extent.LengthBytes)),
            Kind = kind,
            RawLengthBytes = kind == VmdkDiskKind.Raw ? file.LengthBytes : null,
            Descriptor = descriptor?.ToDescriptor(),
            Extents = infos,
            Geometry = descriptor?.Geometry,
            AllocatedBytes = file.AllocatedBytes + Extents
                .Select(extent => extent.File).OfType<ImageFile>().Distinct()
                .Where(extentFile => extentFile.Identity != file.Identity).Sum(extentFile => extentFile.AllocatedBytes),
            GrainBytes = grainBytes == 0 ? null : grainBytes,
            Compressed = compressed,
            UncleanShutdown = extents.Any(extent => extent.UncleanShutdown),
            ParentFileNameHint = descriptor?.ParentFileNameHint,
            Warnings = [.. extents
                .Select(extent => SeSparseFile.WarningOf(extent.SeSparse, extent.Info.Path ?? file.Path))
                .OfType<string>()],
        };
    }

    /// <summary>The image's own file: the descriptor's, or the extent that embeds it.</summary>
    internal ImageFile File { get; }

    internal IReadOnlyList<OpenedExtent> Opened { get; }

    /// <summary>Where the descriptor begins in the file.</summary>
    internal long DescriptorOffsetBytes { get; }

    /// <summary>Room for the descriptor; 0 when the file is the descriptor, of any length.</summary>
    internal int DescriptorAreaBytes { get; }

    internal DescriptorText? Descriptor { get; }

    internal Extent[] Extents { get; }

    /// <summary>What the image alone says of itself.</summary>
    internal VmdkLayerInfo Info { get; }

    /// <summary>The change tracking file that it names; null when there is none.</summary>
    internal VmdkChangeTracking? ChangeTracking { get; set; }

    static VmdkDiskKind KindOf(VmdkExtentFormat format) => format switch
    {
        VmdkExtentFormat.StreamOptimized => VmdkDiskKind.StreamOptimized,
        VmdkExtentFormat.Cowd => VmdkDiskKind.VmfsSparse,
        VmdkExtentFormat.SeSparse => VmdkDiskKind.SeSparse,
        VmdkExtentFormat.Flat => VmdkDiskKind.Raw,
        _ => VmdkDiskKind.MonolithicSparse,
    };
}
