namespace VmdkFast.Streaming;

/// <summary>Reduces a whole disk to a digest: read by several threads, hashed in order.</summary>
sealed class DiskHash(PieceSource source, int threads, IProgress<VmdkProgress>? listener)
{
    // Two pieces for each thread: one to work on, one to wait for its turn.
    const int PiecesPerThread = 2;

    readonly PieceProgress _progress = new(source.LengthBytes, listener);

    /// <summary>Where the content ends that counts; default at the disk's end.</summary>
    internal long LimitBytes { get; init; } = long.MaxValue;

    /// <summary>Runs to the end.</summary>
    internal VmdkDigest Run(VmdkDigestAlgorithm algorithm, CancellationToken cancellationToken)
    {
        using var digest = new ContentDigest(algorithm) { LimitBytes = LimitBytes };
        IEnumerable<DiskPiece> pieces = Enumerable.Range(0, threads * PiecesPerThread).Select(_ => new DiskPiece());
        new WorkPipeline<DiskPiece>(pieces, TryTake, source.Read, Append).Run(threads, cancellationToken);
        source.ThrowIfChanged();
        _progress.Complete();
        return digest.Complete();

        bool TryTake(DiskPiece piece) => source.TryTake(piece) && piece.OffsetBytes < LimitBytes;

        void Append(DiskPiece piece)
        {
            digest.Append(piece, cancellationToken);
            _progress.Add(piece);
        }
    }
}
