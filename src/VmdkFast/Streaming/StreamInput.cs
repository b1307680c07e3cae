using VmdkFast.Storage;

namespace VmdkFast.Streaming;

/// <summary>A stream that only goes forward, as the file that header and descriptor are read from.</summary>
/// <remarks>
/// The first sector can be read again; everything else once, in order. What lies between two reads is read and
/// dropped, so neither length nor seeking is asked for. Not thread-safe.
/// </remarks>
sealed class StreamInput(Stream stream, string name) : ImageFile
{
    readonly byte[] _buffer = new byte[256 << 10];
    readonly byte[] _first = new byte[Sector.Bytes];
    int _firstBytes;
    int _start;
    int _end;

    internal override string Path => name;

    internal override FileIdentity Identity => default;

    internal override bool CanWrite => false;

    /// <summary>Not known: as long as any structure could ask for.</summary>
    internal override long LengthBytes => long.MaxValue;

    internal override long AllocatedBytes => 0;

    /// <summary>How far the stream was read.</summary>
    internal long PositionBytes { get; private set; }

    internal override int Read(Span<byte> destination, long offsetBytes)
    {
        if (offsetBytes < _firstBytes)
        {
            int again = Math.Min(destination.Length, _firstBytes - (int)offsetBytes);
            _first.AsSpan((int)offsetBytes, again).CopyTo(destination);
            return again == destination.Length
                ? again
                : again + Read(destination[again..], offsetBytes + again);
        }

        if (offsetBytes < PositionBytes)
        {
            VmdkException.Throw(
                VmdkErrorCode.Unsupported, name, "a structure lies before one that had to be read first, and a stream "
                + "only goes forward", offsetBytes);
        }

        Skip(offsetBytes - PositionBytes);
        return PositionBytes < offsetBytes ? 0 : Read(destination);
    }

    /// <summary>Reads on until <paramref name="destination"/> is full or the stream ends.</summary>
    /// <returns>Bytes read.</returns>
    internal int Read(Span<byte> destination)
    {
        int done = 0;
        while (done < destination.Length)
        {
            if (_start == _end && destination.Length - done >= _buffer.Length)
            {
                int direct = stream.Read(destination[done..]);
                if (direct == 0)
                {
                    break;
                }

                Note(destination.Slice(done, direct));
                done += direct;
                continue;
            }

            ReadOnlySpan<byte> buffered = Buffered(destination.Length - done);
            if (buffered.IsEmpty)
            {
                break;
            }

            buffered.CopyTo(destination[done..]);
            done += buffered.Length;
        }

        return done;
    }

    /// <summary>Drops bytes until so many are gone or the stream ends.</summary>
    internal void Skip(long lengthBytes)
    {
        while (lengthBytes > 0)
        {
            int dropped = Buffered(lengthBytes).Length;
            if (dropped == 0)
            {
                return;
            }

            lengthBytes -= dropped;
        }
    }

    /// <summary>Reads to the end.</summary>
    /// <returns>Where the first byte is that is not zero; null when there is none.</returns>
    internal long? FindDataToEnd()
    {
        while (true)
        {
            long start = PositionBytes;
            ReadOnlySpan<byte> buffered = Buffered(long.MaxValue);
            if (buffered.IsEmpty)
            {
                return null;
            }

            int data = buffered.IndexOfAnyExcept((byte)0);
            if (data >= 0)
            {
                return start + data;
            }
        }
    }

    internal override bool TryReadWithoutWaiting(Span<byte> destination, long offsetBytes) => false;

    internal override void Write(ReadOnlySpan<byte> source, long offsetBytes) => throw new NotSupportedException();

    internal override void Barrier() => throw new NotSupportedException();

    internal override void Grow(long lengthBytes) => throw new NotSupportedException();

    internal override void Truncate(long lengthBytes) => throw new NotSupportedException();

    internal override void PunchHole(long offsetBytes, long lengthBytes) => throw new NotSupportedException();

    internal override ByteRange NextData(long offsetBytes) => new(offsetBytes, LengthBytes);

    /// <summary>The stream is the caller's.</summary>
    public override void Dispose()
    {
    }

    // What is in the buffer, or comes into it by one read; counted as read.
    ReadOnlySpan<byte> Buffered(long atMostBytes)
    {
        if (_start == _end)
        {
            _start = 0;
            _end = stream.Read(_buffer);
        }

        ReadOnlySpan<byte> bytes = _buffer.AsSpan(_start, (int)Math.Min(_end - _start, atMostBytes));
        _start += bytes.Length;
        Note(bytes);
        return bytes;
    }

    void Note(ReadOnlySpan<byte> bytes)
    {
        if (PositionBytes < Sector.Bytes)
        {
            ReadOnlySpan<byte> first = bytes[..(int)Math.Min(bytes.Length, Sector.Bytes - PositionBytes)];
            first.CopyTo(_first.AsSpan((int)PositionBytes));
            _firstBytes += first.Length;
        }

        PositionBytes += bytes.Length;
    }
}
