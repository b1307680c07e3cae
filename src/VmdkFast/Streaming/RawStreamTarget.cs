namespace VmdkFast.Streaming;

/// <summary>A disk as raw bytes into a stream, every byte in order.</summary>
sealed class RawStreamTarget(Stream stream, bool leaveOpen) : PieceTarget
{
    static readonly byte[] s_zeros = new byte[64 << 10];

    internal override bool InOrder => true;

    internal override void Deliver(DiskPiece piece, CancellationToken cancellationToken)
    {
        if (!piece.IsZero)
        {
            stream.Write(piece.Bytes);
        }

        for (long left = piece.IsZero ? piece.LengthBytes : 0; left > 0; left -= s_zeros.Length)
        {
            cancellationToken.ThrowIfCancellationRequested();
            stream.Write(s_zeros, 0, (int)Math.Min(left, s_zeros.Length));
        }
    }

    internal override void Commit(bool durable) => stream.Flush();

    /// <inheritdoc/>
    public override void Dispose()
    {
        if (!leaveOpen)
        {
            stream.Dispose();
        }
    }
}
