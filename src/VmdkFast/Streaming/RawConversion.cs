using VmdkFast.Storage;

namespace VmdkFast.Streaming;

/// <summary>Writes a whole disk as raw bytes, to a file at any offset or to a stream in order.</summary>
sealed class RawConversion(PieceSource source, int threads, IProgress<VmdkProgress>? listener)
{
    // Two pieces for each thread: one to work on, one to wait for its turn.
    const int PiecesPerThread = 2;

    static readonly byte[] s_zeros = new byte[64 << 10];

    readonly PieceProgress _progress = new(source.LengthBytes, listener);

    /// <summary>Writes into a file, in any order.</summary>
    /// <param name="target">At least as long as the disk.</param>
    /// <param name="isZero">Whether the target is known to read as zeros: then zeros are never written.</param>
    /// <param name="cancellationToken">Ends the work between two pieces.</param>
    internal void WriteTo(ImageFile target, bool isZero, CancellationToken cancellationToken) =>
        Run(piece => Write(piece, target, isZero), null, cancellationToken);

    /// <summary>Writes every byte in order.</summary>
    internal void WriteTo(Stream target, CancellationToken cancellationToken) =>
        Run(source.Read, piece => Append(piece, target), cancellationToken);

    void Run(Action<DiskPiece> process, Action<DiskPiece>? deliver, CancellationToken cancellationToken)
    {
        IEnumerable<DiskPiece> pieces = Enumerable.Range(0, threads * PiecesPerThread).Select(_ => new DiskPiece());
        new WorkPipeline<DiskPiece>(pieces, source.TryTake, process, deliver).Run(threads, cancellationToken);
        source.ThrowIfChanged();
        _progress.Complete();
    }

    void Write(DiskPiece piece, ImageFile target, bool isZero)
    {
        if (piece.IsZero)
        {
            if (!isZero)
            {
                target.PunchHole(piece.OffsetBytes, piece.LengthBytes);
            }

            _progress.Add(piece);
            return;
        }

        source.Read(piece);
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

        _progress.Add(piece);
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

        _progress.Add(piece);
    }
}
