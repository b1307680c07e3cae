using VmdkFast.Extents;
using VmdkFast.Opening;
using VmdkFast.Reading;
using VmdkFast.Storage;

namespace VmdkFast.Streaming;

/// <summary>Writes a whole disk as raw bytes, to a file at any offset or to a stream in order.</summary>
sealed class RawConversion
{
    // Two pieces for each thread: one to work on, one to wait for its turn.
    const int PiecesPerThread = 2;
    const int ReportMilliseconds = 100;

    static readonly byte[] s_zeros = new byte[64 << 10];

    readonly OpenedImage _image;
    readonly DiskReader _reader;
    readonly int _threads;
    readonly IProgress<VmdkProgress>? _progress;
    long _doneBytes;
    long _readBytes;
    long _reportedAt;

    internal RawConversion(OpenedImage image, DiskReader reader, int threads, IProgress<VmdkProgress>? progress)
    {
        _image = image;
        _reader = reader;
        _threads = threads;
        _progress = progress;
    }

    /// <summary>Writes into a file, in any order.</summary>
    /// <param name="target">At least as long as the disk.</param>
    /// <param name="isZero">Whether the target is known to read as zeros: then zeros are never written.</param>
    /// <param name="cancellationToken">Ends the work between two pieces.</param>
    internal void WriteTo(ImageFile target, bool isZero, CancellationToken cancellationToken) =>
        Run(piece => Write(piece, target, isZero), null, cancellationToken);

    /// <summary>Writes every byte in order.</summary>
    internal void WriteTo(Stream target, CancellationToken cancellationToken) =>
        Run(ReadPiece, piece => Append(piece, target), cancellationToken);

    void Run(Action<DiskPiece> process, Action<DiskPiece>? deliver, CancellationToken cancellationToken)
    {
        Dictionary<LocalFile, FileStatus> before = Statuses();
        var walk = new DiskWalk(_image.Top);
        IEnumerable<DiskPiece> pieces = Enumerable.Range(0, _threads * PiecesPerThread).Select(_ => new DiskPiece());
        new WorkPipeline<DiskPiece>(pieces, walk.TryTake, process, deliver).Run(_threads, cancellationToken);
        foreach ((LocalFile file, FileStatus status) in before)
        {
            FileStatus now = file.RefreshStatus();
            if (now.LengthBytes != status.LengthBytes || now.ModifiedNanoseconds != status.ModifiedNanoseconds)
            {
                VmdkException.Throw(
                    VmdkErrorCode.SourceChanged, file.Path, "the file was changed while it was converted", null,
                    "modified", $"{now.LengthBytes} bytes", $"{status.LengthBytes} bytes, untouched");
            }
        }

        _progress?.Report(new VmdkProgress(_image.Top.LengthBytes, _image.Top.LengthBytes, _readBytes));
    }

    void Write(DiskPiece piece, ImageFile target, bool isZero)
    {
        if (piece.IsZero)
        {
            if (!isZero)
            {
                target.PunchHole(piece.OffsetBytes, piece.LengthBytes);
            }

            Report(piece);
            return;
        }

        ReadPiece(piece);
        var runs = new NonZeroRuns(piece.Bytes);
        int written = 0;
        while (runs.MoveNext())
        {
            if (!isZero && runs.Start > written)
            {
                target.PunchHole(piece.OffsetBytes + written, runs.Start - written);
            }

            target.Write(piece.Bytes.Slice(runs.Start, runs.Length), piece.OffsetBytes + runs.Start);
            written = runs.Start + runs.Length;
        }

        if (!isZero && written < piece.LengthBytes)
        {
            target.PunchHole(piece.OffsetBytes + written, piece.LengthBytes - written);
        }

        Report(piece);
    }

    void ReadPiece(DiskPiece piece)
    {
        if (piece.IsZero)
        {
            return;
        }

        Span<byte> destination = piece.Bytes;
        foreach (Mapping mapping in piece.Mappings)
        {
            int length = (int)mapping.LengthBytes;
            _reader.CarryOut(mapping, destination[..length]);
            destination = destination[length..];
        }
    }

    void Append(DiskPiece piece, Stream target)
    {
        if (!piece.IsZero)
        {
            target.Write(piece.Bytes);
        }

        for (long left = piece.IsZero ? piece.LengthBytes : 0; left > 0; left -= s_zeros.Length)
        {
            target.Write(s_zeros, 0, (int)Math.Min(left, s_zeros.Length));
        }

        Report(piece);
    }

    void Report(DiskPiece piece)
    {
        long done = Interlocked.Add(ref _doneBytes, piece.LengthBytes);
        long read = Interlocked.Add(ref _readBytes, piece.IsZero ? 0 : piece.LengthBytes);
        if (_progress is null)
        {
            return;
        }

        long now = Environment.TickCount64;
        long last = Volatile.Read(ref _reportedAt);
        if (now - last >= ReportMilliseconds && Interlocked.CompareExchange(ref _reportedAt, now, last) == last)
        {
            _progress.Report(new VmdkProgress(done, _image.Top.LengthBytes, read));
        }
    }

    Dictionary<LocalFile, FileStatus> Statuses() =>
        _image.Files.OfType<LocalFile>().ToDictionary(file => file, file => file.RefreshStatus());
}
