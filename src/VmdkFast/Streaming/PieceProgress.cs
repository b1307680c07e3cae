namespace VmdkFast.Streaming;

/// <summary>Counts what is done of a disk and reports it some ten times a second. Thread-safe.</summary>
sealed class PieceProgress(long totalBytes, IProgress<VmdkProgress>? listener)
{
    const int ReportMilliseconds = 100;

    long _doneBytes;
    long _readBytes;
    long _reportedAt;

    /// <summary>Bytes that had to be read so far.</summary>
    internal long ReadBytes => Volatile.Read(ref _readBytes);

    /// <summary>Counts a piece that is done.</summary>
    internal void Add(DiskPiece piece) => Add(piece.LengthBytes, piece.IsZero ? 0 : piece.LengthBytes);

    /// <summary>Counts what is done, and what of it had to be read.</summary>
    internal void Add(long doneBytes, long readBytes)
    {
        long done = Interlocked.Add(ref _doneBytes, doneBytes);
        long read = Interlocked.Add(ref _readBytes, readBytes);
        if (listener is null)
        {
            return;
        }

        long now = Environment.TickCount64;
        long last = Volatile.Read(ref _reportedAt);
        if (now - last >= ReportMilliseconds && Interlocked.CompareExchange(ref _reportedAt, now, last) == last)
        {
            listener.Report(new VmdkProgress(done, totalBytes, read));
        }
    }

    /// <summary>Reports the end.</summary>
    internal void Complete() =>
        listener?.Report(new VmdkProgress(totalBytes, totalBytes, Volatile.Read(ref _readBytes)));
}
