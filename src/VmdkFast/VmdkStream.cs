namespace VmdkFast;

/// <summary>A position over a <see cref="VmdkDisk"/>.</summary>
sealed class VmdkStream(VmdkDisk disk) : Stream
{
    long _position;
    bool _closed;

    public override bool CanRead => !_closed;

    public override bool CanSeek => !_closed;

    public override bool CanWrite => !_closed && disk.IsWritable;

    public override long Length => disk.Length;

    public override long Position
    {
        get => _position;
        set
        {
            ArgumentOutOfRangeException.ThrowIfNegative(value);
            _position = value;
        }
    }

    public override int Read(Span<byte> buffer)
    {
        ObjectDisposedException.ThrowIf(_closed, this);
        int read = disk.Read(buffer, _position);
        _position += read;
        return read;
    }

    public override int Read(byte[] buffer, int offset, int count)
    {
        ValidateBufferArguments(buffer, offset, count);
        return Read(buffer.AsSpan(offset, count));
    }

    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        ObjectDisposedException.ThrowIf(_closed, this);
        int read = await disk.ReadAsync(buffer, _position, cancellationToken).ConfigureAwait(false);
        _position += read;
        return read;
    }

    public override Task<int> ReadAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken)
    {
        ValidateBufferArguments(buffer, offset, count);
        return ReadAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();
    }

    public override long Seek(long offset, SeekOrigin origin)
    {
        long start = origin switch
        {
            SeekOrigin.Begin => 0,
            SeekOrigin.Current => _position,
            SeekOrigin.End => Length,
            _ => throw new ArgumentOutOfRangeException(nameof(origin)),
        };
        long target = checked(start + offset);
        if (target < 0)
        {
            throw new IOException("A position before the beginning of the disk was asked for.");
        }

        return _position = target;
    }

    public override void Flush() => disk.Flush();

    public override Task FlushAsync(CancellationToken cancellationToken) => disk.FlushAsync(cancellationToken);

    public override void SetLength(long value) => throw new NotSupportedException("A disk's length is fixed.");

    public override void Write(ReadOnlySpan<byte> buffer)
    {
        ObjectDisposedException.ThrowIf(_closed, this);
        RequireWritable();
        disk.Write(buffer, _position);
        _position += buffer.Length;
    }

    public override void Write(byte[] buffer, int offset, int count)
    {
        ValidateBufferArguments(buffer, offset, count);
        Write(buffer.AsSpan(offset, count));
    }

    public override async ValueTask WriteAsync(
        ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
    {
        ObjectDisposedException.ThrowIf(_closed, this);
        RequireWritable();
        await disk.WriteAsync(buffer, _position, durable: false, cancellationToken).ConfigureAwait(false);
        _position += buffer.Length;
    }

    public override Task WriteAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken)
    {
        ValidateBufferArguments(buffer, offset, count);
        return WriteAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();
    }

    protected override void Dispose(bool disposing)
    {
        if (disposing && CanWrite)
        {
            // Marked as closed first: a flush that fails is thrown once, and never hidden.
            _closed = true;
            disk.Flush();
        }

        _closed = true;
        base.Dispose(disposing);
    }

    void RequireWritable()
    {
        if (!disk.IsWritable)
        {
            throw new NotSupportedException("The disk is open for reading.");
        }
    }
}
