namespace VmdkFast.Streaming;

/// <summary>A raw disk that comes in order as a source of pieces, such as from a pipe.</summary>
/// <param name="stream">Only read from, up to its end.</param>
/// <param name="lengthBytes">How many bytes will come: a header that is written before them must know it.</param>
/// <param name="name">The stream's name, for messages.</param>
/// <param name="cut">The pieces that are wanted.</param>
sealed class RawStreamSource(Stream stream, long lengthBytes, string name, PieceCut cut) : PieceSource
{
    long _offsetBytes;

    /// <summary>Rounded up to a sector: what is missing of the last one is zeros.</summary>
    internal override long LengthBytes { get; } = PaddedBytes(lengthBytes);

    /// <summary>The length of a disk that holds so many bytes.</summary>
    internal static long PaddedBytes(long lengthBytes) => Sector.CountFor(lengthBytes) << Sector.Shift;

    internal override bool TryTake(DiskPiece piece)
    {
        if (_offsetBytes == LengthBytes)
        {
            RequireEnd();
            return false;
        }

        int length = (int)Math.Min(cut.MaxBytes, LengthBytes - _offsetBytes);
        int stated = (int)Math.Min(length, lengthBytes - _offsetBytes);
        piece.BeginData(_offsetBytes);
        piece.SetLength(length);
        piece.IsFilled = true;
        int read = stream.ReadAtLeast(piece.Bytes[..stated], stated, throwOnEndOfStream: false);
        if (read < stated)
        {
            VmdkException.Throw(
                VmdkErrorCode.Truncated, name, "the disk ends early", _offsetBytes + read, "length",
                $"{_offsetBytes + read} bytes", $"{lengthBytes} bytes");
        }

        piece.Bytes[stated..].Clear();
        _offsetBytes += length;
        return true;
    }

    internal override void Read(DiskPiece piece)
    {
        // The bytes came while the piece was taken: a stream is read by one thread, in order.
    }

    void RequireEnd()
    {
        Span<byte> more = stackalloc byte[1];
        if (stream.Read(more) > 0)
        {
            VmdkException.Throw(
                VmdkErrorCode.SourceChanged, name, "the disk goes on behind its stated end", lengthBytes, "length",
                "more", $"{lengthBytes} bytes");
        }
    }
}
