using VmdkFast.Extents;
using VmdkFast.Format;
using VmdkFast.Storage;

namespace VmdkFast.Opening;

/// <summary>Makes extents: from a sparse file that is the image itself, or from the lines of a descriptor.</summary>
sealed class ExtentOpener(VmdkOpenOptions options, ImageFiles files)
{
    /// <summary>The one extent of a hosted sparse file that embeds its descriptor, whatever its lines name.</summary>
    internal OpenedExtent OpenSelf(ImageFile file, HostedSparseFile hosted) =>
        Describe(file, MakeHosted(file, hosted, hosted.CapacityBytes), VmdkExtentType.Sparse, hosted.Compressed
            ? VmdkExtentFormat.StreamOptimized : VmdkExtentFormat.HostedSparse, hosted.UncleanShutdown) with
        {
            Hosted = hosted,
        };

    /// <summary>The one extent of a COWD file that was opened without a descriptor.</summary>
    internal OpenedExtent OpenSelf(ImageFile file, CowdFile cowd) =>
        Describe(file, MakeCowd(file, cowd, cowd.CapacityBytes), VmdkExtentType.VmfsSparse, VmdkExtentFormat.Cowd,
            cowd.UncleanShutdown) with
        {
            Cowd = cowd,
        };

    /// <summary>The one extent of a space-efficient sparse file that was opened without a descriptor.</summary>
    internal OpenedExtent OpenSelfSeSparse(ImageFile file, FileAccessMode mode)
    {
        SeSparseFile sparse = ReadSeSparse(file, mode);
        OpenedExtent opened = Describe(
            file, new SeSparseExtent(file, sparse.Layout, files.Tables, sparse.CapacityBytes),
            VmdkExtentType.SeSparse, VmdkExtentFormat.SeSparse, sparse.IsDirty);
        return opened with
        {
            Info = opened.Info with { Access = VmdkAccess.ReadOnly },
            SeSparse = sparse,
        };
    }

    /// <summary>
    /// The one extent of a file that is no image: its bytes, and zeros up to the end of its last sector.
    /// </summary>
    internal static OpenedExtent OpenRaw(ImageFile file)
    {
        // A file system in memory allows 2^63 - 1 bytes, which no number of sectors is.
        const long MaxBytes = long.MaxValue & -Sector.Bytes;
        if (file.LengthBytes > MaxBytes)
        {
            VmdkException.Throw(
                VmdkErrorCode.LimitExceeded, file.Path, "the file is too long for a disk", null, "length",
                $"{file.LengthBytes} bytes", $"at most {MaxBytes} bytes");
        }

        long lengthSectors = Sector.CountFor(file.LengthBytes);
        return new OpenedExtent(
            new FlatExtent(file, 0, lengthSectors << Sector.Shift),
            new VmdkExtentInfo
            {
                Index = 0,
                Access = VmdkAccess.ReadWrite,
                Type = VmdkExtentType.Flat,
                LengthSectors = lengthSectors,
                Path = file.Path,
                Format = VmdkExtentFormat.Flat,
            },
            UncleanShutdown: false);
    }

    /// <summary>The extent of a descriptor's line; its file is opened for what the mode says.</summary>
    internal OpenedExtent OpenLine(
        ImageFile descriptor, ExtentLine line, int index, ImageFolder folder, ReferenceOpener references,
        FileAccessMode mode)
    {
        VmdkExtentInfo info = line.ToInfo(index);
        long lengthBytes = line.LengthSectors << Sector.Shift;

        // Nobody may look into a NOACCESS extent: its place is kept, its file is not even opened.
        if (line.Type == VmdkExtentType.Zero || line.Access == VmdkAccess.None)
        {
            return new OpenedExtent(
                new ZeroExtent(lengthBytes), info with { Format = VmdkExtentFormat.Zero }, false);
        }

        if (IsRaw(line.Type) && options.RawMappings.TryGetValue(line.FileName!, out string? target))
        {
            // The caller names the target, so it may be a device, and it stays open: it has no second name.
            return OpenFlat(descriptor, LocalFile.Open(target, mode), line, info, again: null);
        }

        RefuseUnreadable(descriptor, line, index);
        LocalFile file = references.OpenExtent(
            descriptor.Path, folder, line.FileNameBytes.Span, line.NameEncoding, mode);
        bool late = !files.HasRoomForHandle;
        return line.Type is VmdkExtentType.Flat or VmdkExtentType.Vmfs
            ? OpenFlat(descriptor, file, line, info, late ? Again : null)
            : OpenSparse(descriptor, file, line, info, mode, late ? Again : null);

        LocalFile Again()
        {
            using ImageFolder beside = ImageFolder.Beside(descriptor.Path, options.Limits);
            return references.OpenExtent(
                descriptor.Path, beside, line.FileNameBytes.Span, line.NameEncoding, FileAccessMode.Read);
        }
    }

    /// <summary>Whether the caller may say where the data of such extents is.</summary>
    internal static bool IsRaw(VmdkExtentType type) =>
        type is VmdkExtentType.Flat or VmdkExtentType.Vmfs or VmdkExtentType.VmfsRdm or VmdkExtentType.VmfsRaw;

    static void RefuseUnreadable(ImageFile descriptor, ExtentLine line, int index)
    {
        switch (line.Type)
        {
            case VmdkExtentType.VmfsRdm:
                throw Refuse(
                    $"the extent's data is on a raw device, to which the mapping file '{line.FileName}' only points");
            case VmdkExtentType.VmfsRaw:
                throw Refuse($"the extent's data is on the raw device '{line.FileName}' of an ESX host");
            case VmdkExtentType.VsanSparse:
                throw Refuse("deltas on vSAN are objects of its store, and no files that could be read");
        }

        VmdkException Refuse(string problem) =>
            new(VmdkErrorCode.Unsupported, descriptor.Path, problem, null, $"extent[{index}]", line.ToString(),
                line.Type == VmdkExtentType.VsanSparse
                    ? "an extent in a file"
                    : "the device, or a copy of it, given by a raw mapping");
    }

    OpenedExtent OpenFlat(
        ImageFile descriptor, LocalFile file, ExtentLine line, VmdkExtentInfo info, Func<LocalFile>? again)
    {
        long lengthBytes = line.LengthSectors << Sector.Shift;
        long offsetBytes = line.OffsetSectors << Sector.Shift;
        long fileBytes = file.LengthBytes;
        ImageFile shared = files.AddRange(
            file, new ByteRange(offsetBytes, checked(offsetBytes + lengthBytes)), descriptor.Path);
        if (fileBytes - offsetBytes < lengthBytes)
        {
            VmdkException.Throw(
                VmdkErrorCode.Truncated, shared.Path, "the file is shorter than its extent", fileBytes, "length",
                $"{fileBytes} bytes", $"{offsetBytes + lengthBytes} bytes as the descriptor says");
        }

        if (again is not null && ReferenceEquals(shared, file))
        {
            shared = files.OpenLater(file, again);
        }

        return new OpenedExtent(
            new FlatExtent(shared, offsetBytes, lengthBytes),
            info with { Path = shared.Path, Format = VmdkExtentFormat.Flat }, false);
    }

    OpenedExtent OpenSparse(
        ImageFile descriptor, LocalFile file, ExtentLine line, VmdkExtentInfo info, FileAccessMode mode,
        Func<LocalFile>? again)
    {
        ImageFile taken = files.AddExclusive(file, descriptor.Path);
        long lengthBytes = line.LengthSectors << Sector.Shift;
        Span<byte> magic = stackalloc byte[sizeof(ulong)];
        switch (Probe.Signature(magic[..file.Read(magic, 0)]))
        {
            case ImageSignature.HostedSparse:
                HostedSparseFile hosted = HostedSparseFile.Read(taken, options.Limits, options.RecoverStreams);
                CheckCapacity(file, hosted.CapacityBytes, lengthBytes);
                ImageFile hostedFile = again is null ? taken : files.OpenLater(file, again);
                return new OpenedExtent(
                    MakeHosted(hostedFile, hosted, lengthBytes),
                    info with
                    {
                        Path = file.Path,
                        Format = hosted.Compressed ? VmdkExtentFormat.StreamOptimized : VmdkExtentFormat.HostedSparse,
                    },
                    hosted.UncleanShutdown, Hosted: hosted);
            case ImageSignature.Cowd:
                CowdFile cowd = CowdFile.Read(taken, options.Limits);
                CheckCapacity(file, cowd.CapacityBytes, lengthBytes);
                ImageFile cowdFile = again is null ? taken : files.OpenLater(file, again);
                return new OpenedExtent(
                    MakeCowd(cowdFile, cowd, lengthBytes),
                    info with { Path = file.Path, Format = VmdkExtentFormat.Cowd }, cowd.UncleanShutdown,
                    Cowd: cowd);
            case ImageSignature.SeSparse:
                SeSparseFile space = ReadSeSparse(taken, mode);
                CheckCapacity(file, space.CapacityBytes, lengthBytes, 16);
                ImageFile spaceFile = again is null ? taken : files.OpenLater(file, again);
                return new OpenedExtent(
                    new SeSparseExtent(spaceFile, space.Layout, files.Tables, lengthBytes),
                    info with { Path = file.Path, Format = VmdkExtentFormat.SeSparse }, space.IsDirty,
                    SeSparse: space);
            default:
                throw new VmdkException(
                    VmdkErrorCode.NotVmdk, file.Path, "the file is not the sparse extent that the descriptor names", 0,
                    "magic", Convert.ToHexString(magic[..4]), "KDMV, COWD or seSparse");
        }
    }

    SeSparseFile ReadSeSparse(ImageFile file, FileAccessMode mode)
    {
        if (mode == FileAccessMode.ReadWrite)
        {
            VmdkException.Throw(
                VmdkErrorCode.Unsupported, file.Path, "seSparse extents can only be read", 0, "Magic", "seSparse",
                "opening for reading, or a conversion to another kind");
        }

        return SeSparseFile.Read(file, options);
    }

    static void CheckCapacity(LocalFile file, long capacityBytes, long lengthBytes, int fieldOffset = 12)
    {
        if (capacityBytes < lengthBytes)
        {
            VmdkException.Throw(
                VmdkErrorCode.HeaderInvalid, file.Path, "the extent holds less than the descriptor says", fieldOffset,
                nameof(SparseHeader.CapacitySectors), $"{capacityBytes >> Sector.Shift} sectors",
                $"{lengthBytes >> Sector.Shift} sectors");
        }
    }

    SparseExtent MakeHosted(ImageFile file, HostedSparseFile hosted, long lengthBytes) =>
        new(file, hosted.ToLayout() with
        {
            Recovered = hosted.IsReadByMarkers
                ? RecoveredGrains.Collect(
                    new MarkerWalk(file, hosted.Shape, (long)hosted.OverheadSectors << Sector.Shift), hosted.GrainBytes)
                : null,
            Compressed = hosted.Compressed
                ? files.MakeGrains(file, hosted.GrainBytes, hosted.CapacityBytes, hosted.Markers)
                : null,
        }, files.Tables, lengthBytes);

    SparseExtent MakeCowd(ImageFile file, CowdFile cowd, long lengthBytes) =>
        new(file, cowd.ToLayout(), files.Tables, lengthBytes);

    static OpenedExtent Describe(
        ImageFile file, TabledExtent extent, VmdkExtentType type, VmdkExtentFormat format, bool uncleanShutdown) =>
        new(extent, new VmdkExtentInfo
        {
            Index = 0,
            Access = VmdkAccess.ReadWrite,
            Type = type,
            LengthSectors = extent.LengthBytes >> Sector.Shift,
            FileName = null,
            Path = file.Path,
            Format = format,
        }, uncleanShutdown);
}
