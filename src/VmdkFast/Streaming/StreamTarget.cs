using VmdkFast.Compression;
using VmdkFast.Storage;

namespace VmdkFast.Streaming;

/// <summary>A disk as a streamOptimized image: grains are deflated by many threads, and appended in order.</summary>
/// <param name="composer">Writes the image.</param>
/// <param name="grainBytes">Bytes of a grain.</param>
/// <param name="codec">Deflates.</param>
/// <param name="compression">How much work goes into it.</param>
/// <param name="file">The file that the image is made in; null when the composer writes into a stream.</param>
sealed class StreamTarget(
    StreamComposer composer, int grainBytes, GrainCodec codec, VmdkCompression compression, TargetFile? file)
    : PieceTarget
{
    /// <summary>
    /// The largest grain: with it, its stored form and the codec's own memory, one piece stays below 256 MiB.
    /// </summary>
    internal const long MaxGrainBytes = 64L << 20;

    internal override PieceCut Cut { get; } = PieceCut.ByGrain(grainBytes);

    internal override bool InOrder => true;

    internal override long PieceCostBytes => Cut.MaxBytes + (long)PackedPiece.StoredBytesAtMost(Cut);

    internal override DiskPiece MakePiece() => new PackedPiece(Cut);

    internal override void Process(DiskPiece piece, CancellationToken cancellationToken) =>
        ((PackedPiece)piece).Pack(codec, compression);

    internal override void Deliver(DiskPiece piece, CancellationToken cancellationToken) =>
        composer.Add((PackedPiece)piece);

    internal override void Commit(bool durable)
    {
        composer.End();
        file?.Commit(durable);
    }

    /// <inheritdoc/>
    public override void Dispose()
    {
        composer.Dispose();
        file?.Dispose();
    }
}
