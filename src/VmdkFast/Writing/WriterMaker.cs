using VmdkFast.Caching;
using VmdkFast.Compression;
using VmdkFast.Extents;
using VmdkFast.Format;
using VmdkFast.Opening;
using VmdkFast.Reading;
using VmdkFast.Storage;

namespace VmdkFast.Writing;

/// <summary>Makes the writer of an image that was opened for writing, or says why it cannot be written.</summary>
/// <remarks>Nothing is written here: the first change of the disk does that.</remarks>
sealed class WriterMaker
{
    const int MinDirtyTables = 16;

    // A quarter of the tables' memory may wait for a flush; the rest can leave at any time.
    const int DirtyShare = 4;

    readonly OpenedImage _image;
    readonly VmdkOpenOptions _options;
    readonly FreedGrains _freed;
    readonly DirtyCount _dirty = new();
    readonly DiskReader? _parents;
    readonly bool _isNew;
    readonly Dictionary<ImageFile, WriteFile> _files = [];

    WriterMaker(OpenedImage image, VmdkOpenOptions options, OperationGate gate, DiskReader? parents, bool isNew)
    {
        _image = image;
        _options = options;
        _freed = new FreedGrains(gate);
        _parents = parents;
        _isNew = isNew;
    }

    /// <summary>The writer of an opened image.</summary>
    /// <exception cref="VmdkException">The image's kind, version or layout does not allow writing.</exception>
    internal static DiskWriter Make(
        OpenedImage image, VmdkOpenOptions options, OperationGate gate, GrainCursor cursor) =>
        new WriterMaker(
            image, options, gate, image.Top.Parent is { } parent ? new DiskReader(parent, cursor) : null, isNew: false)
            .Make();

    /// <summary>The writer of an image that is being made, and that nobody but its maker knows.</summary>
    /// <param name="image">The image, opened without parents.</param>
    /// <param name="options">How it was opened.</param>
    /// <param name="gate">Counts the writes.</param>
    /// <param name="parents">Reads its parent; null when it has none.</param>
    /// <remarks>
    /// A power cut leaves no image of that name, whatever the order in which its parts became durable: so there are no
    /// barriers, and the content ID is the one that the image was made with.
    /// </remarks>
    internal static DiskWriter MakeForNew(
        OpenedImage image, VmdkOpenOptions options, OperationGate gate, DiskReader? parents) =>
        new WriterMaker(image, options, gate, parents, isNew: true).Make();

    DiskWriter Make()
    {
        OpenedLayer layer = _image.Opened;
        RequireKnownParent(layer);
        bool detach = RequireNoTracking(layer);
        var extents = new ExtentWriter[layer.Opened.Count];
        var starts = new long[extents.Length + 1];
        int largestTableBytes = 512 * sizeof(uint);
        for (int i = 0; i < extents.Length; i++)
        {
            OpenedExtent opened = layer.Opened[i];
            extents[i] = MakeExtent(opened, starts[i]);
            starts[i + 1] = starts[i] + opened.Extent.LengthBytes;
            if (opened.Extent is SparseExtent sparse)
            {
                largestTableBytes = Math.Max(largestTableBytes, sparse.Layout.TableEntries * sizeof(uint));
            }
        }

        DescriptorPlace? descriptor = layer.Descriptor is { } text
            ? new DescriptorPlace(FileOf(layer.File), layer.DescriptorOffsetBytes, layer.DescriptorAreaBytes, text)
            : null;
        long maxDirty = _options.TableCacheBytes / DirtyShare / largestTableBytes;
        return new DiskWriter(
            extents, starts, [.. _files.Values], descriptor, text => detach ? Detach(text) : text, _freed, _dirty,
            (int)Math.Clamp(maxDirty, MinDirtyTables, int.MaxValue), _isNew);
    }

    ExtentWriter MakeExtent(in OpenedExtent opened, long startBytes)
    {
        VmdkExtentInfo info = opened.Info;
        if (opened.Extent is ZeroExtent || info.Access != VmdkAccess.ReadWrite)
        {
            string path = info.Path ?? _image.Opened.File.Path;
            return new RefusingWriter(path, info.Access == VmdkAccess.ReadWrite ? "ZERO" : info.Access.ToString());
        }

        if (opened.Extent is FlatExtent flat)
        {
            return new FlatWriter(FileOf(flat.File), info.OffsetSectors << Sector.Shift);
        }

        var sparse = (SparseExtent)opened.Extent;
        if (opened.Hosted is { } hosted)
        {
            HeaderPlaces.RequireApart(sparse.File, hosted);
        }

        return opened.Hosted is { Compressed: true } stream
            ? MakeStream(sparse, stream)
            : MakeSparse(sparse, opened, startBytes);
    }

    SparseWriter MakeSparse(SparseExtent extent, in OpenedExtent opened, long startBytes)
    {
        WriteFile file = FileOf(extent.File);
        long endSector = Sector.CountFor(extent.File.LengthBytes);
        SparseMarks marks;
        uint align;
        if (opened.Hosted is { } hosted)
        {
            // Detaching change tracking makes an ordinary image of it: version 1, or 2 where zeros are entries.
            uint? version = hosted.Version == 3 ? (hosted.ZeroGrains ? 2u : 1u) : null;
            marks = new SparseMarks(IsCowd: false, hosted.UncleanShutdown) { NewVersion = version };
            align = extent.Layout.GrainSectors;

            // A grain that another program did not align may reach beyond a file that was cut short inside it.
            bool maybeMisaligned = endSector % align != 0 || hosted.OverheadSectors % align != 0;
            endSector += maybeMisaligned ? align - 1 : 0;
        }
        else
        {
            marks = new SparseMarks(IsCowd: true, opened.UncleanShutdown);
            align = 1;

            // The header's first free sector only confirms the file's end, or the sector before it as in a new file:
            // beyond it a header would choose how long the file becomes. Without that word the file may have been cut
            // short inside its last grain.
            endSector += endSector - opened.Cowd!.FreeSector is 0 or 1 ? 0 : extent.Layout.GrainSectors - 1;
        }

        var allocator = new GrainAllocator(
            file, extent.Layout.GrainSectors, endSector, align, virgin: !extent.File.IsDevice);
        return new SparseWriter(
            file, extent, new SparseTables(file, extent, marks, allocator, _dirty), allocator, _freed,
            _parents is null ? null : new ParentReader(_parents, startBytes));
    }

    StreamWriter MakeStream(SparseExtent extent, HostedSparseFile hosted)
    {
        if (hosted.DirectoryAtEnd && !_options.ConvertFooterLayout)
        {
            VmdkException.Throw(
                VmdkErrorCode.AccessRefused, extent.File.Path,
                "a stream whose directory is at its end can be appended to only when its header may be changed", 56,
                nameof(SparseHeader.DirectoryOffsetSectors), "the end", "an option that allows it, or a conversion");
        }

        WriteFile file = FileOf(extent.File);
        var marks = new SparseMarks(IsCowd: false, hosted.UncleanShutdown)
        {
            NewDirectorySector = hosted.DirectoryAtEnd
                ? (ulong)(hosted.DirectoryOffsetBytes >> Sector.Shift)
                : null,
        };
        var allocator = new GrainAllocator(
            file, 1, hosted.DirectoryAtEnd ? Sector.CountFor(extent.File.LengthBytes) : StreamEnd.Find(extent), 1,
            virgin: false);
        return new StreamWriter(
            file, extent, new SparseTables(file, extent, marks, allocator, _dirty), allocator,
            GrainCodec.Of(_options.Codec), _parents is not null);
    }

    // What a child lacks comes from its parent: without it, copy on write would fill the rest with zeros.
    void RequireKnownParent(OpenedLayer layer)
    {
        if (!_options.OpenParents && !_isNew
            && layer.Descriptor is { } text && text.ParentContentId != DescriptorValue.NoParent)
        {
            VmdkException.Throw(
                VmdkErrorCode.AccessRefused, layer.File.Path, "a child cannot be written without its parent", null,
                DescriptorKeys.ParentFileNameHint, "not opened", "the parent");
        }
    }

    bool RequireNoTracking(OpenedLayer layer)
    {
        bool tracked = layer.Descriptor is { ChangeTrackPathBytes.IsEmpty: false }
            || layer.Opened.Any(extent => extent.Hosted is { Version: 3, Compressed: false });
        if (tracked && !_options.DetachChangeTracking)
        {
            VmdkException.Throw(
                VmdkErrorCode.AccessRefused, layer.File.Path,
                "the image keeps track of changes, and this writer would not", null, DescriptorKeys.ChangeTrackPath,
                layer.Descriptor?.ChangeTrackPath ?? "header version 3", "an option that detaches the tracking");
        }

        return tracked;
    }

    static DescriptorText Detach(DescriptorText text) =>
        text.ChangeTrackPathBytes.IsEmpty ? text : text.WithoutValue(DescriptorKeys.ChangeTrackPath);

    WriteFile FileOf(ImageFile file)
    {
        if (!_files.TryGetValue(file, out WriteFile? known))
        {
            known = new WriteFile(file);
            _files.Add(file, known);
        }

        return known;
    }
}
