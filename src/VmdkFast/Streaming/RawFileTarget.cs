using VmdkFast.Storage;

namespace VmdkFast.Streaming;

/// <summary>A disk as raw bytes in a file or on a device, in any order.</summary>
/// <param name="target">At least as long as the disk.</param>
/// <param name="isZero">Whether it is known to read as zeros: then zeros are never written.</param>
/// <param name="sparseBytes">Zeros of this length become holes; 0 writes all of them.</param>
sealed class RawFileTarget(TargetFile target, bool isZero, int sparseBytes) : PieceTarget
{
    static readonly byte[] s_zeros = new byte[1 << 20];

    readonly ZeroRuns _zeros = ZeroRuns.Of(sparseBytes, Sector.Bytes);

    internal override PieceCut Cut => _zeros.Within(PieceCut.Anywhere);

    internal override void Process(DiskPiece piece, CancellationToken cancellationToken)
    {
        if (piece.IsZero)
        {
            Clear(piece.OffsetBytes, piece.LengthBytes, cancellationToken);
            return;
        }

        var runs = new NonZeroRuns(piece.Bytes, _zeros);
        int written = 0;
        while (runs.MoveNext())
        {
            Clear(piece.OffsetBytes + written, runs.Start - written, cancellationToken);
            target.File.Write(piece.Bytes.Slice(runs.Start, runs.Length), piece.OffsetBytes + runs.Start);
            written = runs.Start + runs.Length;
        }

        Clear(piece.OffsetBytes + written, piece.LengthBytes - written, cancellationToken);
    }

    internal override void Commit(bool durable) => target.Commit(durable);

    /// <inheritdoc/>
    public override void Dispose() => target.Dispose();

    void Clear(long offsetBytes, long lengthBytes, CancellationToken cancellationToken)
    {
        if (sparseBytes == 0)
        {
            for (long done = 0; done < lengthBytes; done += s_zeros.Length)
            {
                cancellationToken.ThrowIfCancellationRequested();
                int step = (int)Math.Min(lengthBytes - done, s_zeros.Length);
                target.File.Write(s_zeros.AsSpan(0, step), offsetBytes + done);
            }
        }
        else if (!isZero && lengthBytes > 0)
        {
            target.File.PunchHole(offsetBytes, lengthBytes);
        }
    }
}
