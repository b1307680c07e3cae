using VmdkFast.Caching;
using VmdkFast.Creating;
using VmdkFast.Opening;
using VmdkFast.Reading;
using VmdkFast.Storage;
using VmdkFast.Writing;

namespace VmdkFast.Streaming;

/// <summary>
/// A disk in an image that takes writes anywhere: a new one without its name yet, or one that exists.
/// </summary>
sealed class WriterTarget : PieceTarget
{
    static readonly byte[] s_zeros = new byte[1 << 20];

    readonly OpenedImage _image;
    readonly GrainCursor _cursor = new();
    readonly OperationGate _gate = new();
    readonly DiskWriter _writer;
    readonly int _sparseBytes;
    readonly ZeroRuns _zeros;
    readonly bool _isZero;
    readonly NewFileSet? _files;
    readonly ParentLink? _parent;
    readonly BaseComparison? _base;

    WriterTarget(
        OpenedImage image, VmdkOpenOptions opened, VmdkConvertOptions options, bool isZero, NewFileSet? files,
        ParentLink? parent)
    {
        _image = image;
        _files = files;
        _parent = parent;
        _isZero = isZero;
        _sparseBytes = options.SparseBytes;

        // Of a giant grain parts are written: what they leave out is a hole, or is filled from the parent.
        int unitBytes = (int)Math.Clamp(
            image.Layers[0].GrainBytes ?? Sector.Bytes, Sector.Bytes, DiskPiece.UsualMaxBytes);
        _zeros = ZeroRuns.Of(_sparseBytes, unitBytes);
        Cut = _zeros.Within(PieceCut.ByGrain(unitBytes));
        DiskReader? reader = parent is null ? null : new DiskReader(parent.Content, _cursor);
        _writer = files is null
            ? WriterMaker.Make(image, opened, _gate, _cursor)
            : WriterMaker.MakeForNew(image, opened, _gate, reader);
        _base = reader is null ? null : new BaseComparison(parent!.Content, reader, unitBytes);
    }

    internal override PieceCut Cut { get; }

    /// <summary>Makes a new image, which has its name only after the commit.</summary>
    internal static WriterTarget Stage(
        string path, VmdkCreateOptions image, VmdkConvertOptions options, IReadOnlyList<ImageFile> sources,
        CancellationToken cancellationToken)
    {
        DiskCreation.CheckName(path);
        ParentLink? parent = DiskCreation.OpenParent(path, image);
        NewFileSet? files = null;
        try
        {
            files = DiskCreation.Stage(
                path, image, parent, [.. sources.Select(source => source.Identity)], cancellationToken);
            var opened = new VmdkOpenOptions { Access = VmdkOpenAccess.ReadWrite, OpenParents = false };
            return Open(files.StagedPath(path), opened, options, isZero: true, files, parent);
        }
        catch
        {
            files?.Dispose();
            parent?.Dispose();
            throw;
        }
    }

    /// <summary>Opens an image that exists.</summary>
    internal static WriterTarget OpenExisting(
        string path, long lengthBytes, VmdkConvertOptions options, IReadOnlyList<ImageFile> sources)
    {
        // Looked at before anything is opened for writing: locks of a part of the source would be in the way of this.
        var looking = new VmdkOpenOptions { OpenParents = false, ForceShare = true };
        using (OpenedImage present = ImageOpener.Open(path, looking))
        {
            if (present.Files.Any(file => sources.Any(source => source.Identity == file.Identity)))
            {
                throw new VmdkException(VmdkErrorCode.TargetRefused, path, "the target is a part of the source");
            }

            if (present.Top.LengthBytes < lengthBytes)
            {
                throw new VmdkException(
                    VmdkErrorCode.TargetRefused, path, "the target is too small", null, "length",
                    $"{present.Top.LengthBytes} bytes", $"at least {lengthBytes} bytes");
            }

            if (present.Layers[0].Compressed)
            {
                throw new VmdkException(
                    VmdkErrorCode.TargetRefused, path, "compressed grains cannot be written again", null, "createType",
                    "streamOptimized", "a kind that takes writes anywhere");
            }
        }

        var opened = new VmdkOpenOptions { Access = VmdkOpenAccess.ReadWrite };
        return Open(path, opened, options, options.TargetIsZero, null, null);
    }

    internal override void Process(DiskPiece piece, CancellationToken cancellationToken)
    {
        int token = _gate.Enter();
        try
        {
            if (_base is not null)
            {
                _base.Write(piece, this, cancellationToken);
            }
            else if (piece.IsZero)
            {
                WriteZeros(piece.OffsetBytes, piece.LengthBytes, cancellationToken);
            }
            else
            {
                WriteRuns(piece.Bytes, piece.OffsetBytes, cancellationToken);
            }
        }
        finally
        {
            _gate.Exit(token);
        }
    }

    /// <summary>Writes bytes, zeros where they count as such by other means.</summary>
    internal void WriteRuns(ReadOnlySpan<byte> bytes, long offsetBytes, CancellationToken cancellationToken)
    {
        var runs = new NonZeroRuns(bytes, _zeros);
        int written = 0;
        while (runs.MoveNext())
        {
            WriteZeros(offsetBytes + written, runs.Start - written, cancellationToken);
            _writer.Write(bytes.Slice(runs.Start, runs.Length), offsetBytes + runs.Start, cancellationToken);
            written = runs.Start + runs.Length;
        }

        WriteZeros(offsetBytes + written, bytes.Length - written, cancellationToken);
    }

    internal override void Commit(bool durable)
    {
        _writer.Close();
        if (_files is null)
        {
            return;
        }

        foreach (ImageFile file in durable ? _image.Files : [])
        {
            file.Barrier();
        }

        _image.Dispose();
        _files.Commit();
    }

    /// <inheritdoc/>
    public override void Dispose()
    {
        _cursor.Dispose();
        _image.Dispose();
        _files?.Dispose();
        _parent?.Dispose();
    }

    static WriterTarget Open(
        string path, VmdkOpenOptions opened, VmdkConvertOptions options, bool isZero, NewFileSet? files,
        ParentLink? parent)
    {
        OpenedImage image = ImageOpener.Open(path, opened);
        try
        {
            return new WriterTarget(image, opened, options, isZero, files, parent);
        }
        catch
        {
            image.Dispose();
            throw;
        }
    }

    void WriteZeros(long offsetBytes, long lengthBytes, CancellationToken cancellationToken)
    {
        if (lengthBytes == 0 || (_isZero && _sparseBytes != 0 && _base is null))
        {
            return;
        }

        if (_sparseBytes != 0)
        {
            _writer.Clear(offsetBytes, lengthBytes, discard: false, cancellationToken);
            return;
        }

        for (long done = 0; done < lengthBytes; done += s_zeros.Length)
        {
            int step = (int)Math.Min(lengthBytes - done, s_zeros.Length);
            _writer.Write(s_zeros.AsSpan(0, step), offsetBytes + done, cancellationToken);
        }
    }
}
