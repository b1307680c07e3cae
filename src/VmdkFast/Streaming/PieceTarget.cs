namespace VmdkFast.Streaming;

/// <summary>Where a pipeline puts a whole disk.</summary>
/// <remarks>
/// Disposing without <see cref="Commit"/> takes back what can be taken back: a new target is not there.
/// </remarks>
abstract class PieceTarget : IDisposable
{
    /// <summary>The pieces that the target wants.</summary>
    internal virtual PieceCut Cut => PieceCut.Anywhere;

    /// <summary>Whether <see cref="Deliver"/> does something, and pieces must come to it in order.</summary>
    internal virtual bool InOrder => false;

    /// <summary>Memory that one piece takes, for the bound on how many there are.</summary>
    internal virtual long PieceCostBytes => Cut.MaxBytes;

    /// <summary>A piece with all the room that the target needs.</summary>
    internal virtual DiskPiece MakePiece() => new(Cut.MaxBytes);

    /// <summary>The work on a piece whose bytes are there; many at once, in any order.</summary>
    /// <param name="piece">The piece.</param>
    /// <param name="cancellationToken">Ends what takes long, such as terabytes of zeros.</param>
    internal virtual void Process(DiskPiece piece, CancellationToken cancellationToken)
    {
    }

    /// <summary>Takes a processed piece; one at a time, in the order of the disk.</summary>
    /// <param name="piece">The piece.</param>
    /// <param name="cancellationToken">Ends what takes long.</param>
    internal virtual void Deliver(DiskPiece piece, CancellationToken cancellationToken)
    {
    }

    /// <summary>After the last piece: what makes the target complete, and gives it its name.</summary>
    /// <param name="durable">Whether data and names survive a power cut when this returns.</param>
    internal abstract void Commit(bool durable);

    /// <inheritdoc/>
    public abstract void Dispose();
}
