namespace VmdkFast.Compression;

/// <summary>
/// Fixed memory as a stream, for the framework's codec: says afterwards whether more was asked for than there is.
/// </summary>
/// <remarks>
/// <see cref="UnmanagedMemoryStream"/> throws where the room ends, which costs as much as deflating the grain, and does
/// not tell whether the end was read: the framework's inflater takes data that ends early for complete.
/// </remarks>
sealed unsafe class FixedRoom : Stream
{
    byte* _start;
    int _lengthBytes;

    /// <summary>Whether a read met the end, or a write did not fit; what does not fit is dropped.</summary>
    internal bool IsExceeded { get; private set; }

    /// <summary>Bytes read or written so far.</summary>
    internal int UsedBytes { get; private set; }

    /// <inheritdoc/>
    public override bool CanRead => true;

    /// <inheritdoc/>
    public override bool CanWrite => true;

    /// <inheritdoc/>
    public override bool CanSeek => false;

    /// <inheritdoc/>
    public override long Length => throw new NotSupportedException();

    /// <inheritdoc/>
    public override long Position
    {
        get => throw new NotSupportedException();
        set => throw new NotSupportedException();
    }

    /// <summary>Takes other memory, which stays where it is until the next call.</summary>
    internal void Reset(byte* start, int lengthBytes)
    {
        _start = start;
        _lengthBytes = lengthBytes;
        UsedBytes = 0;
        IsExceeded = false;
    }

    /// <inheritdoc/>
    public override int Read(Span<byte> buffer)
    {
        int length = Math.Min(buffer.Length, _lengthBytes - UsedBytes);
        new ReadOnlySpan<byte>(_start + UsedBytes, length).CopyTo(buffer);
        UsedBytes += length;
        IsExceeded |= length == 0 && buffer.Length > 0;
        return length;
    }

    /// <inheritdoc/>
    public override int Read(byte[] buffer, int offset, int count) => Read(buffer.AsSpan(offset, count));

    /// <inheritdoc/>
    public override void Write(ReadOnlySpan<byte> buffer)
    {
        IsExceeded |= buffer.Length > _lengthBytes - UsedBytes;
        if (!IsExceeded)
        {
            buffer.CopyTo(new Span<byte>(_start + UsedBytes, buffer.Length));
            UsedBytes += buffer.Length;
        }
    }

    /// <inheritdoc/>
    public override void Write(byte[] buffer, int offset, int count) => Write(buffer.AsSpan(offset, count));

    /// <inheritdoc/>
    public override void Flush()
    {
    }

    /// <inheritdoc/>
    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    /// <inheritdoc/>
    public override void SetLength(long value) => throw new NotSupportedException();
}
