using VmdkFast.Extents;
using VmdkFast.Format;
using VmdkFast.Storage;

namespace VmdkFast.Opening;

/// <summary>An extent that has been opened, and what it turned out to be.</summary>
readonly record struct OpenedExtent(Extent Extent, VmdkExtentInfo Info, bool UncleanShutdown);

/// <summary>One image of a chain, open but not yet put upon its parent.</summary>
sealed class OpenedLayer
{
    internal OpenedLayer(LocalFile file, DescriptorText? descriptor, IReadOnlyList<OpenedExtent> extents)
    {
        Descriptor = descriptor;
        Extents = [.. extents.Select(extent => extent.Extent)];
        VmdkExtentInfo[] infos = [.. extents.Select(extent =>
            extent.Info with { GrainBytes = extent.Extent.GrainBytes == 0 ? null : extent.Extent.GrainBytes })];
        bool compressed = infos.Any(info => info.Format == VmdkExtentFormat.StreamOptimized);
        long grainBytes = Extents.Select(extent => extent.GrainBytes).FirstOrDefault(bytes => bytes != 0);
        Info = new VmdkLayerInfo
        {
            Path = file.Path,
            LengthBytes = Extents.Aggregate(0L, (sum, extent) => checked(sum + extent.LengthBytes)),
            Kind = descriptor?.Kind ?? KindOf(infos[0].Format),
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
        };
    }

    internal DescriptorText? Descriptor { get; }

    internal Extent[] Extents { get; }

    internal VmdkLayerInfo Info { get; }

    static VmdkDiskKind KindOf(VmdkExtentFormat format) => format switch
    {
        VmdkExtentFormat.StreamOptimized => VmdkDiskKind.StreamOptimized,
        VmdkExtentFormat.Cowd => VmdkDiskKind.VmfsSparse,
        _ => VmdkDiskKind.MonolithicSparse,
    };
}
