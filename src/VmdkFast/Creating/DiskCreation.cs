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
        using ParentLink? parent = OpenParent(path, options);
        using NewFileSet files = Stage(path, options, parent, [], cancellationToken);
        cancellationToken.ThrowIfCancellationRequested();
        files.Commit();
    }

    /// <summary>Opens the parent that the options name; null when they name none.</summary>
    internal static ParentLink? OpenParent(string path, VmdkCreateOptions options) =>
        options.ParentPath is { } parentPath
            ? ParentLink.Open(parentPath, options.ParentOpenOptions ?? VmdkOpenOptions.Default, path)
            : null;

    /// <summary>Makes all files, complete but for their names, which the caller's commit gives them.</summary>
    /// <param name="path">The name that the disk will have.</param>
    /// <param name="options">What it is.</param>
    /// <param name="parent">Its parent, open; null without one.</param>
    /// <param name="untouchable">Files that must not be replaced, besides the parent's.</param>
    /// <param name="cancellationToken">Ends the work.</param>
    internal static NewFileSet Stage(
        string path, VmdkCreateOptions options, ParentLink? parent, IReadOnlyCollection<FileIdentity> untouchable,
        CancellationToken cancellationToken)
    {
        NewDisk disk = NewDisk.Plan(path, options, parent);
        HostedLayout[] layouts = Layouts(disk);
        string[] paths = [.. disk.Extents.Select(extent => extent.Path), path];
        HashSet<FileIdentity> kept = [.. parent?.Files ?? [], .. untouchable];
        var files = new NewFileSet(disk.Form.EmbedsDescriptor ? [path] : paths, options.Overwrite, options.Sync, kept);
        try
        {
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

            return files;
        }
        catch
        {
            files.Dispose();
            throw;
        }
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
        if (form.EmbedsDescriptor)
        {
            ThrowIfTooLong(disk.Descriptor, layouts[0]);
        }

        return layouts;
    }

    /// <summary>Refuses a descriptor that has no room in front of its extent.</summary>
    internal static void ThrowIfTooLong(byte[] descriptor, HostedLayout layout)
    {
        if (descriptor.Length > layout.DescriptorSectors * Sector.Bytes)
        {
            throw new ArgumentException("The names of the disk and its parent are too long for the descriptor.");
        }
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
