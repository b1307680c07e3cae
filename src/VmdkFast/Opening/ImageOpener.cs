using VmdkFast.Extents;
using VmdkFast.Format;
using VmdkFast.Storage;

namespace VmdkFast.Opening;

/// <summary>Opens an image and its parents: probe, header, descriptor, extents, chain, locks. Writes nothing.</summary>
sealed class ImageOpener
{
    readonly VmdkOpenOptions _options;
    readonly ImageFiles _files;
    readonly ExtentOpener _extents;
    readonly ReferenceOpener _references;

    ImageOpener(VmdkOpenOptions options, ImageFiles files)
    {
        _options = options;
        _files = files;
        _extents = new ExtentOpener(options, files);
        _references = new ReferenceOpener(options);
    }

    /// <summary>Opens an image; every file is closed again when anything fails.</summary>
    /// <param name="path">The image.</param>
    /// <param name="options">How.</param>
    /// <param name="wrap">Stands a double before each file that is opened for writing; null for none.</param>
    internal static OpenedImage Open(
        string path, VmdkOpenOptions options, Func<LocalFile, ImageFile>? wrap = null)
    {
        // The files are given away by a success; until then every way out closes them.
        using var files = new ImageFiles(options, wrap);
        return new ImageOpener(options, files).OpenChain(path);
    }

    /// <summary>Opens any file or block device as the disk that its bytes are.</summary>
    internal static OpenedImage OpenRaw(string path, VmdkOpenOptions options)
    {
        using var files = new ImageFiles(options, wrap: null);
        LocalFile file = LocalFile.Open(path, FileAccessMode.Read);
        ImageFile taken = files.AddImage(file);
        var layer = new OpenedLayer(taken, null, [ExtentOpener.OpenRaw(taken)]);
        return new ImageOpener(options, files).Complete(path, [layer]);
    }

    OpenedImage OpenChain(string path)
    {
        var images = new List<OpenedLayer>();
        LocalFile? file = LocalFile.Open(path, ModeOfTop);
        ImageFolder? folder = null;
        try
        {
            while (file is not null)
            {
                ImageFile taken = _files.AddImage(file);
                folder ??= ImageFolder.Beside(file.Path, _options.Limits);
                OpenedLayer image = OpenLayer(taken, folder, images.Count == 0 ? ModeOfTop : FileAccessMode.Read);
                CheckContentId(images.LastOrDefault(), image);
                image.ChangeTracking = ChangeTracking.Look(
                    image.Info.Path, image.Descriptor, folder, _references);
                images.Add(image);
                (file, ImageFolder? parentFolder) = OpenParent(image, folder, images.Count);
                if (!ReferenceEquals(parentFolder, folder))
                {
                    folder.Dispose();
                    folder = parentFolder;
                }
            }
        }
        finally
        {
            folder?.Dispose();
        }

        return Complete(path, images);
    }

    OpenedImage Complete(string path, List<OpenedLayer> images)
    {
        foreach (OpenedLayer unclean in images.Where(image => image.Info.UncleanShutdown))
        {
            Telemetry.Note("unclean image opened", unclean.Info.Path);
            foreach (OpenedExtent dirty in unclean.Opened.Where(extent => extent.SeSparse is { IsDirty: true }))
            {
                Telemetry.Note("dirty seSparse extent read, its tables may be stale", dirty.Info.Path!);
            }
        }

        if (_options.ForceShare)
        {
            Telemetry.Note("locks skipped", path);
        }

        ImageLocks? locks = _options.ForceShare ? null : _files.LockAll();
        Layer? layer = null;
        for (int i = images.Count - 1; i >= 0; i--)
        {
            layer = new Layer(images[i].Extents, layer);
        }

        return new OpenedImage(layer!, ChainDescription.Of(images), _files.Release(), locks, images[0]);
    }

    FileAccessMode ModeOfTop =>
        _options.Access == VmdkOpenAccess.ReadWrite ? FileAccessMode.ReadWrite : FileAccessMode.Read;

    OpenedLayer OpenLayer(ImageFile file, ImageFolder folder, FileAccessMode mode)
    {
        switch (Probe.Look(file))
        {
            case ImageSignature.HostedSparse:
                HostedSparseFile hosted = HostedSparseFile.Read(file, _options.Limits, _options.RecoverStreams);
                hosted.RequireDescriptor(file);
                return hosted.IsDescriptorOnly
                    ? OpenDescribed(file, hosted.Descriptor!, folder, mode, hosted)
                    : new OpenedLayer(file, hosted.Descriptor, [_extents.OpenSelf(file, hosted)], hosted);
            case ImageSignature.Cowd:
                return new OpenedLayer(file, null, [_extents.OpenSelf(file, CowdFile.Read(file, _options.Limits))]);
            case ImageSignature.SeSparse:
                return new OpenedLayer(file, null, [_extents.OpenSelfSeSparse(file, mode)]);
            default:
                return OpenDescribed(file, ReadDescriptor(file), folder, mode);
        }
    }

    OpenedLayer OpenDescribed(
        ImageFile file, DescriptorText descriptor, ImageFolder folder, FileAccessMode mode,
        HostedSparseFile? embedding = null)
    {
        RefuseEncryption(file, descriptor);
        if (descriptor.Extents.Count == 0)
        {
            VmdkException.Throw(
                VmdkErrorCode.DescriptorInvalid, file.Path, "the descriptor lists no extent", null, "extents", "none",
                "at least one");
        }

        // Lines that share a file share its handle, which must be able to do what any of them allows.
        HashSet<string?> written = [.. descriptor.Extents
            .Where(line => line.Access == VmdkAccess.ReadWrite).Select(line => line.FileName)];
        var extents = new List<OpenedExtent>();
        for (int index = 0; index < descriptor.Extents.Count; index++)
        {
            ExtentLine line = descriptor.Extents[index];
            extents.Add(_extents.OpenLine(
                file, line, index, folder, _references, written.Contains(line.FileName) ? mode : FileAccessMode.Read));
        }

        return new OpenedLayer(file, descriptor, extents, embedding);
    }

    DescriptorText ReadDescriptor(ImageFile file)
    {
        if (file.LengthBytes > _options.Limits.MaxDescriptorBytes)
        {
            VmdkException.Throw(
                VmdkErrorCode.LimitExceeded, file.Path, "the descriptor is too long", null, "length",
                $"{file.LengthBytes} bytes", $"at most {_options.Limits.MaxDescriptorBytes} bytes");
        }

        var text = new byte[file.LengthBytes];
        int read = file.Read(text, 0);
        return DescriptorText.Parse(text.AsSpan(0, read), file.Path, _options.Limits);
    }

    (LocalFile? File, ImageFolder? Folder) OpenParent(OpenedLayer child, ImageFolder folder, int depth)
    {
        DescriptorText? descriptor = child.Descriptor;
        if (!_options.OpenParents || descriptor is null || descriptor.ParentContentId == DescriptorValue.NoParent)
        {
            return (null, null);
        }

        if (descriptor.ParentFileNameHintBytes.IsEmpty)
        {
            VmdkException.Throw(
                VmdkErrorCode.DescriptorInvalid, child.Info.Path, "the image has a parent, but does not name it", null,
                DescriptorKeys.ParentFileNameHint, "nothing", "the parent's file name");
        }

        if (depth >= _options.Limits.MaxChainDepth)
        {
            VmdkException.Throw(
                VmdkErrorCode.LimitExceeded, child.Info.Path, "the chain of parents is too long", null,
                DescriptorKeys.ParentFileNameHint, $"a parent of image {depth}",
                $"at most {_options.Limits.MaxChainDepth} images");
        }

        return _references.Open(
            child.Info.Path, folder, descriptor.ParentFileNameHintBytes.Span, descriptor.NameEncoding);
    }

    void CheckContentId(OpenedLayer? child, OpenedLayer parent)
    {
        // fffffffe stands for "compare longContentID", which is no number to compare here.
        const uint UseLongContentId = 0xffff_fffe;
        if (child is null || _options.AllowParentMismatch
            || child.Descriptor!.ParentContentId == UseLongContentId
            || parent.Descriptor?.ContentId == child.Descriptor.ParentContentId)
        {
            return;
        }

        string found = parent.Descriptor is { } descriptor ? $"{descriptor.ContentId:x8}" : "no descriptor";
        throw new VmdkException(
            VmdkErrorCode.ParentMismatch, child.Info.Path,
            $"the parent '{parent.Info.Path}' has changed since this child was made", null,
            DescriptorKeys.ParentContentId, $"{found} in the parent",
            $"{child.Descriptor.ParentContentId:x8} as the child says");
    }

    static void RefuseEncryption(ImageFile file, DescriptorText descriptor)
    {
        if (descriptor["encryptionKeys"] is not null || descriptor["encryption.keySafe"] is not null)
        {
            VmdkException.Throw(
                VmdkErrorCode.Unsupported, file.Path, "the disk is encrypted", null, "encryptionKeys", "present",
                "no encryption");
        }
    }
}
