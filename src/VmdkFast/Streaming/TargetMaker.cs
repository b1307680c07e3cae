using System.Text;
using VmdkFast.Compression;
using VmdkFast.Creating;
using VmdkFast.Storage;

namespace VmdkFast.Streaming;

/// <summary>Makes the target that options ask for.</summary>
/// <param name="options">They have passed <see cref="VmdkConvertOptions.Validate"/>.</param>
/// <param name="lengthBytes">Length of the disk.</param>
sealed class TargetMaker(VmdkConvertOptions options, long lengthBytes)
{
    // A pipe has no name that an extent line could state.
    const string NamelessStream = "stream.vmdk";

    readonly VmdkCreateOptions? _image = options.Target is { } target
        ? target with { LengthBytes = lengthBytes, Overwrite = true, Sync = options.Sync }
        : null;

    bool IsStream => _image is { Kind: VmdkDiskKind.StreamOptimized };

    /// <summary>Refuses what can be refused before anything is opened.</summary>
    /// <exception cref="ArgumentException">Options contradict each other, the kind, or the target.</exception>
    internal void Check(bool isStream)
    {
        if (_image is null)
        {
            return;
        }

        if (!options.IntoExisting)
        {
            CreateRules.Check(_image);
        }

        if (IsStream)
        {
            // Says so now, when the machine lacks the codec.
            GrainCodec.Of(options.Codec);
        }

        _image.ParentOpenOptions?.Validate();
        if (IsStream && _image.GrainBytes > StreamTarget.MaxGrainBytes)
        {
            throw new ArgumentException(
                $"Grains of a streamOptimized target have at most {StreamTarget.MaxGrainBytes} bytes: each is deflated "
                + "in memory.");
        }

        if (isStream && (!IsStream || options.StreamLayout != VmdkStreamLayout.Export))
        {
            throw new ArgumentException(
                "Only raw bytes and streamOptimized images of the export layout can be written into a stream.");
        }
    }

    /// <summary>A target at a path.</summary>
    /// <param name="path">The name that the caller gave.</param>
    /// <param name="sources">Files that must not be the target.</param>
    /// <param name="cancellationToken">Ends the making of files that are written at once.</param>
    /// <exception cref="VmdkException">The target is refused.</exception>
    internal PieceTarget Open(string path, IReadOnlyList<ImageFile> sources, CancellationToken cancellationToken)
    {
        if (_image is not null && !options.IntoExisting && LocalFile.KindOf(path) == FileKind.BlockDevice)
        {
            throw new VmdkException(
                VmdkErrorCode.TargetRefused, path, "a VMDK is made of files; a device takes raw bytes only");
        }

        if ((_image is null || (IsStream && !options.IntoExisting)) && TargetFile.TryOpenInOrder(path) is { } pipe)
        {
            if (options.Verify)
            {
                pipe.Dispose();
                throw new ArgumentException("What went into a pipe cannot be read back.");
            }

            return OpenStream(pipe, leaveOpen: false);
        }

        if (_image is null)
        {
            TargetFile file = TargetFile.Create(path, lengthBytes, options.IntoExisting, sources);
            return new RawFileTarget(file, file.IsZero || options.TargetIsZero, options.SparseBytes);
        }

        return options.IntoExisting ? WriterTarget.OpenExisting(path, lengthBytes, options, sources)
            : IsStream ? OpenStreamFile(path, sources)
            : WriterTarget.Stage(path, _image, options, sources, cancellationToken);
    }

    /// <summary>A target that takes bytes in order.</summary>
    internal PieceTarget OpenStream(Stream stream, bool leaveOpen)
    {
        if (_image is null)
        {
            return new RawStreamTarget(stream, leaveOpen);
        }

        try
        {
            NewDisk disk = NewDisk.Plan(NamelessStream, _image, null, VmdkAccess.ReadOnly);
            return Begin(new ExportComposer(stream, leaveOpen, NamelessStream, disk), disk, null);
        }
        catch when (!leaveOpen)
        {
            stream.Dispose();
            throw;
        }
    }

    StreamTarget OpenStreamFile(string path, IReadOnlyList<ImageFile> sources)
    {
        DiskCreation.CheckName(path);
        bool isExport = options.StreamLayout == VmdkStreamLayout.Export;

        // Gates that look at streams take only ASCII for a descriptor.
        string name = isExport && !Ascii.IsValid(Path.GetFileName(path)) ? NamelessStream : path;
        NewDisk disk = NewDisk.Plan(
            name, _image!, null, isExport ? VmdkAccess.ReadOnly : VmdkAccess.ReadWrite);
        TargetFile file = TargetFile.Create(path, 0, intoExisting: false, sources);
        try
        {
            StreamComposer composer = isExport
                ? new ExportComposer(new AppendStream(file.File), leaveOpen: false, path, disk)
                : new LocalComposer(file.File, disk);
            return Begin(composer, disk, file);
        }
        catch
        {
            file.Dispose();
            throw;
        }
    }

    StreamTarget Begin(StreamComposer composer, NewDisk disk, TargetFile? file)
    {
        composer.Begin();
        int grainBytes = (int)(disk.GrainSectors << Sector.Shift);
        return new StreamTarget(composer, grainBytes, GrainCodec.Of(options.Codec), options.Compression, file);
    }
}
