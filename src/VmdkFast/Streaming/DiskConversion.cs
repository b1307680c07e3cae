namespace VmdkFast.Streaming;

/// <summary>Takes a whole disk from a source to a target: the one pipeline of all conversions.</summary>
/// <param name="source">Where it comes from, cut as the target wants it.</param>
/// <param name="target">Where it goes; it is committed by the caller.</param>
/// <param name="threads">Threads at most; fewer when pieces are so large that memory counts.</param>
sealed class DiskConversion(PieceSource source, PieceTarget target, int threads)
{
    // Two pieces for each thread: one to work on, one to wait for its turn.
    const int PiecesPerThread = 2;

    // Grains of up to 1 MiB never come near it; of larger ones so many are under way as it allows, at least one.
    const long MaxPiecesBytes = 128L << 20;

    /// <summary>Counts what is done.</summary>
    internal required PieceProgress Progress { get; init; }

    /// <summary>Sees every piece with its bytes, in order and one at a time; null when nobody looks.</summary>
    internal Action<DiskPiece>? Observer { get; init; }

    /// <summary>Slows the reading down; null for none.</summary>
    internal RateLimit? Rate { get; init; }

    /// <summary>Runs to the end.</summary>
    internal void Run(CancellationToken cancellationToken)
    {
        int count = (int)Math.Clamp(MaxPiecesBytes / target.PieceCostBytes, 1, threads * PiecesPerThread);
        IEnumerable<DiskPiece> pieces = Enumerable.Range(0, count).Select(_ => target.MakePiece());
        Action<DiskPiece>? deliver = target.InOrder || Observer is not null
            ? piece => Deliver(piece, cancellationToken)
            : null;
        new WorkPipeline<DiskPiece>(pieces, source.TryTake, piece => Process(piece, cancellationToken), deliver)
            .Run(Math.Min(threads, count), cancellationToken);
        source.ThrowIfChanged();
    }

    void Process(DiskPiece piece, CancellationToken cancellationToken)
    {
        if (!piece.IsZero)
        {
            Rate?.Take(piece.LengthBytes, cancellationToken);
            source.Read(piece);
        }

        target.Process(piece, cancellationToken);
        if (!target.InOrder)
        {
            Progress.Add(piece);
        }
    }

    void Deliver(DiskPiece piece, CancellationToken cancellationToken)
    {
        Observer?.Invoke(piece);
        if (target.InOrder)
        {
            target.Deliver(piece, cancellationToken);
            Progress.Add(piece);
        }
    }
}
