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
    // What is handed on at once: most compressed grains of 64 KiB are less than half of that.
    const int HandedOnBytes = 128 << 10;

    byte[]? _handedOn;
    byte* _start;
    int _lengthBytes;
    bool _throwsWhenExceeded;

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
    /// <param name="start">The memory.</param>
    /// <param name="lengthBytes">Its length.</param>
    /// <param name="throwsWhenExceeded">
    /// Whether a write that does not fit throws <see cref="InvalidDataException"/>: that ends the inflating of a few
    /// bytes that stand for gigabytes.
    /// </param>
    internal void Reset(byte* start, int lengthBytes, bool throwsWhenExceeded = false)
    {
        _throwsWhenExceeded = throwsWhenExceeded;
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
    /// <remarks>
    /// In steps as large as may be: the framework's inflater works on what it is given, and leaves its fast loop at the
    /// ends.
    /// </remarks>
    public override void CopyTo(Stream destination, int bufferSize)
    {
        _handedOn ??= GC.AllocateUninitializedArray<byte>(HandedOnBytes);
        int length;
        while ((length = Math.Min(_handedOn.Length, _lengthBytes - UsedBytes)) > 0)
        {
            new ReadOnlySpan<byte>(_start + UsedBytes, length).CopyTo(_handedOn);
            UsedBytes += length;
            destination.Write(_handedOn, 0, length);
        }
    }

    /// <inheritdoc/>
    public override void Write(ReadOnlySpan<byte> buffer)
    {
        IsExceeded |= buffer.Length > _lengthBytes - UsedBytes;
        if (IsExceeded && _throwsWhenExceeded)
        {
            throw new InvalidDataException("More data than there is room for.");
        }

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
