namespace VmdkFast.Streaming;

/// <summary>Where a pipeline takes a whole disk from: an opened image, or a stream that can only go forward.</summary>
abstract class PieceSource
{
    /// <summary>Length of the disk, a multiple of 512.</summary>
    internal abstract long LengthBytes { get; }

    /// <summary>Fills in the next piece; false at the end. One call at a time.</summary>
    /// <remarks>Pieces do not overlap and together are the disk; they are cut as the <see cref="PieceCut"/>
    /// says that the source was made with. Nothing is read that another thread could read.</remarks>
    internal abstract bool TryTake(DiskPiece piece);

    /// <summary>Fills <see cref="DiskPiece.Bytes"/> of a piece that was taken; many at once.</summary>
    internal abstract void Read(DiskPiece piece);

    /// <summary>Looks, at the end, whether the source was changed meanwhile.</summary>
    /// <exception cref="VmdkException">
    /// <see cref="VmdkErrorCode.SourceChanged"/>: what was read is of no single moment.
    /// </exception>
    internal virtual void ThrowIfChanged()
    {
    }
}
