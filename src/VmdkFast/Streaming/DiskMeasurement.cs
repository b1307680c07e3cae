namespace VmdkFast.Streaming;

/// <summary>
/// Counts the grains that a conversion will store, and the tables that they need: cut and judged as it does.
/// </summary>
sealed class DiskMeasurement(PieceSource source, TargetSize size, int threads, IProgress<VmdkProgress>? listener)
{
    const int PiecesPerThread = 2;
    const long MaxPiecesBytes = 128L << 20;

    readonly PieceProgress _progress = new(source.LengthBytes, listener);
    long _grains;
    long _tables;
    long _lastGrain = -1;
    long _lastTable = -1;

    /// <summary>Runs to the end.</summary>
    internal VmdkMeasurement Run(CancellationToken cancellationToken)
    {
        int pieceBytes = size.Cut.MaxBytes;
        int count = (int)Math.Min(MaxPiecesBytes / pieceBytes, threads * PiecesPerThread);
        IEnumerable<MeasuredPiece> pieces = Enumerable.Range(0, count).Select(_ => new MeasuredPiece(pieceBytes));
        new WorkPipeline<MeasuredPiece>(pieces, piece => source.TryTake(piece.Bytes), FindGrains, Count)
            .Run(Math.Min(threads, count), cancellationToken);
        source.ThrowIfChanged();
        _progress.Complete();
        return size.With(_grains, _tables);
    }

    void FindGrains(MeasuredPiece piece)
    {
        piece.Grains.Clear();
        if (piece.Bytes.IsZero)
        {
            return;
        }

        source.Read(piece.Bytes);
        var runs = new NonZeroRuns(piece.Bytes.Bytes, size.Zeros);
        while (runs.MoveNext())
        {
            long startBytes = piece.Bytes.OffsetBytes + runs.Start;
            long last = (startBytes + runs.Length - 1) / size.GrainBytes;
            for (long grain = startBytes / size.GrainBytes; grain <= last; grain++)
            {
                piece.Grains.Add(grain);
            }
        }
    }

    // In order, so that a grain of several pieces is seen as one.
    void Count(MeasuredPiece piece)
    {
        foreach (long grain in piece.Grains)
        {
            if (grain == _lastGrain)
            {
                continue;
            }

            _lastGrain = grain;
            _grains++;
            long table = grain / size.TableEntries;
            _tables += table == _lastTable ? 0 : 1;
            _lastTable = table;
        }

        _progress.Add(piece.Bytes);
    }

    sealed class MeasuredPiece(int maxBytes)
    {
        internal DiskPiece Bytes { get; } = new(maxBytes);

        internal List<long> Grains { get; } = [];
    }
}
