using VmdkFast.Format;
using VmdkFast.Storage;

namespace VmdkFast.Creating;

/// <summary>Makes the files of a new disk.</summary>
static class DiskCreation
{
    /// <summary>Refuses a name that cannot be a disk's before anything is opened.</summary>
    /// <exception cref="ArgumentException">It names no file, or holds what a descriptor cannot express.</exception>
    internal static void CheckName(string path)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        string name = Path.GetFileName(path);
        ArgumentException.ThrowIfNullOrEmpty(name, nameof(path));
        DescriptorValue.ThrowIfUnwritable(name, nameof(path));
    }

    /// <summary>Makes all files, or leaves none; the options have passed <see cref="CreateRules.Check"/>.</summary>
    /// <exception cref="VmdkException">The parent or a target is refused, or the file system fails.</exception>
    internal static void Run(string path, VmdkCreateOptions options, CancellationToken cancellationToken)
    {
        using ParentLink? parent = options.ParentPath is { } parentPath
            ? ParentLink.Open(parentPath, options.ParentOpenOptions ?? VmdkOpenOptions.Default, path)
            : null;
        NewDisk disk = NewDisk.Plan(path, options, parent);
        HostedLayout[] layouts = Layouts(disk);
        string[] paths = [.. disk.Extents.Select(extent => extent.Path), path];
        using var files = new NewFileSet(
            disk.Form.EmbedsDescriptor ? [path] : paths, options.Overwrite, options.Sync, parent?.Files ?? []);
        for (int i = 0; i < disk.Extents.Count; i++)
        {
            cancellationToken.ThrowIfCancellationRequested();
            NewExtent extent = disk.Extents[i];
            HostedLayout? layout = layouts.ElementAtOrDefault(i);
            files.Write(extent.Path, file => Write(file, disk, extent, layout, options, cancellationToken));
        }

        if (!disk.Form.EmbedsDescriptor)
        {
            files.Write(path, file => file.Write(disk.Descriptor, 0));
        }

        cancellationToken.ThrowIfCancellationRequested();
        files.Commit();
    }

    // Placed before any file is made, because this is where a disk proves too long.
    static HostedLayout[] Layouts(NewDisk disk)
    {
        KindForm form = disk.Form;
        if (form.Storing is not (Storing.HostedSparse or Storing.Stream))
        {
            return [];
        }

        HostedLayout[] layouts = [.. disk.Extents.Select(extent => new HostedLayout(
            extent.LengthSectors, disk.GrainSectors, form.EmbedsDescriptor, form.Storing == Storing.HostedSparse))];
        return !form.EmbedsDescriptor || disk.Descriptor.Length <= layouts[0].DescriptorSectors * Sector.Bytes
            ? layouts
            : throw new ArgumentException("The names of the disk and its parent are too long for the descriptor.");
    }

    static void Write(
        LocalFile file, NewDisk disk, NewExtent extent, HostedLayout? layout, VmdkCreateOptions options,
        CancellationToken cancellationToken)
    {
        switch (disk.Form.Storing)
        {
            case Storing.Flat:
                FlatFile.Write(
                    file, extent.LengthSectors * Sector.Bytes, options.Preallocation, cancellationToken);
                break;
            case Storing.Cowd:
                CowdExtent.Write(
                    file, extent.LengthSectors, disk.GrainSectors, options.ParentPath is null ? disk.Geometry : null);
                break;
            case Storing.Stream:
                HostedExtent.Write(
                    file, layout!, SparseFlags.NewlineTest | SparseFlags.Compressed | SparseFlags.Markers,
                    disk.Descriptor);
                break;
            default:
                SparseFlags flags = SparseFlags.NewlineTest | SparseFlags.RedundantDirectory
                    | (options.ZeroGrains ? SparseFlags.ZeroGrains : SparseFlags.None);
                HostedExtent.Write(file, layout!, flags, disk.Form.EmbedsDescriptor ? disk.Descriptor : []);
                break;
        }
    }
}
