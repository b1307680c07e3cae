namespace VmdkFast.Fuzz;

/// <summary>Bytes as they come out of a pipe: forward only, no length, and as many at once as the pipe likes.</summary>
/// <param name="bytes">What comes.</param>
/// <param name="nextBytes">How many come at once at most, asked before each read.</param>
sealed class PipedBytes(ReadOnlyMemory<byte> bytes, Func<int> nextBytes) : Stream
{
    // A prime, so that no structure's length is a multiple of it.
    const int MaxOddBytes = 13;

    int _position;

    /// <summary>A pipe that gives the same number of bytes each time.</summary>
    internal PipedBytes(ReadOnlyMemory<byte> bytes, int stepBytes = 1)
        : this(bytes, () => stepBytes)
    {
    }

    /// <summary>A pipe that gives 1 to 13 bytes, in an order that a number seeds.</summary>
    internal static PipedBytes AtOddPace(ReadOnlyMemory<byte> bytes, uint seed) => new(bytes, () =>
    {
        // The constants of a linear congruential generator of full period (Knuth).
        seed = (seed * 1664525) + 1013904223;
        return 1 + (int)((seed >> 16) % MaxOddBytes);
    });

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
        int length = Math.Min(Math.Min(buffer.Length, nextBytes()), bytes.Length - _position);
        bytes.Span.Slice(_position, length).CopyTo(buffer);
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
}
