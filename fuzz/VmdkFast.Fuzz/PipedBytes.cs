namespace VmdkFast.Fuzz;

/// <summary>Bytes as they come out of a pipe: forward only, no length, and as many at once as the pipe likes.</summary>
/// <param name="bytes">What comes.</param>
/// <param name="pace">
/// 0: one byte at a time; else 1 to 13 in an order that the number seeds; null: all there is.
/// </param>
sealed class PipedBytes(byte[] bytes, byte? pace) : Stream
{
    // A prime, so that no structure's length is a multiple of it.
    const int MaxOddBytes = 13;

    uint _state = pace ?? 0;
    int _position;

    public override bool CanRead => true;

    public override bool CanSeek => false;

    public override bool CanWrite => false;

    public override long Length => throw new NotSupportedException();

    public override long Position
    {
        get => throw new NotSupportedException();
        set => throw new NotSupportedException();
    }

    public override int Read(Span<byte> buffer)
    {
        int length = Math.Min(Math.Min(buffer.Length, NextBytes()), bytes.Length - _position);
        bytes.AsSpan(_position, length).CopyTo(buffer);
        _position += length;
        return length;
    }

    public override int Read(byte[] buffer, int offset, int count) => Read(buffer.AsSpan(offset, count));

    public override void Flush()
    {
    }

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();

    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    int NextBytes()
    {
        if (pace is null)
        {
            return int.MaxValue;
        }

        // The constants of a linear congruential generator of full period (Knuth); 0 stays 0 here, for single bytes.
        _state = _state == 0 ? 0 : (_state * 1664525) + 1013904223;
        return 1 + (int)((_state >> 16) % MaxOddBytes);
    }
}
