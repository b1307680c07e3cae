namespace VmdkFast.Streaming;

/// <summary>A conversion from an opened source to a committed target.</summary>
/// <param name="options">How.</param>
/// <param name="listener">Hears of the progress; null for nobody.</param>
sealed class Conversion(VmdkConvertOptions options, IProgress<VmdkProgress>? listener)
{
    /// <summary>Sees every piece with its bytes, in order and one at a time; null when nobody looks.</summary>
    internal Action<DiskPiece>? Observer { get; init; }

    /// <summary>Runs to the end.</summary>
    /// <param name="openSource">Opens the source, cut as the target wants it.</param>
    /// <param name="target">Committed when everything is there; the caller disposes it.</param>
    /// <param name="unreadable">What the source notes as unreadable; null without salvage.</param>
    /// <param name="cancellationToken">Ends the work.</param>
    internal VmdkConvertResult Run(
        Func<PieceCut, PieceSource> openSource, PieceTarget target, UnreadableRanges? unreadable,
        CancellationToken cancellationToken)
    {
        PieceSource source = openSource(target.Cut);
        var progress = new PieceProgress(source.LengthBytes, listener);
        new DiskConversion(source, target, options.EffectiveThreads)
        {
            Progress = progress,
            Observer = Observer,
            Rate = options.RateBytesPerSecond == 0 ? null : new RateLimit(options.RateBytesPerSecond),
        }.Run(cancellationToken);
        cancellationToken.ThrowIfCancellationRequested();
        target.Commit(options.Sync);
        progress.Complete();
        return new VmdkConvertResult
        {
            LengthBytes = source.LengthBytes,
            ReadBytes = progress.ReadBytes,
            Unreadable = unreadable?.ToList() ?? [],
        };
    }
}
