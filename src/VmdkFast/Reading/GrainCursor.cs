using System.IO.Compression;
using VmdkFast.Compression;
using VmdkFast.Extents;
using VmdkFast.Storage;

namespace VmdkFast.Reading;

/// <summary>
/// Reads inside compressed grains that are too large to be kept inflated, moving forward where it can.
/// </summary>
/// <remarks>
/// One cursor serves a disk: sequential small reads of a giant grain inflate it once. A read behind the cursor begins
/// again at the grain's start. Memory is one inflater, whatever the grain's size. Thread-safe by a lock.
/// </remarks>
sealed class GrainCursor : IDisposable
{
    const int SkipBytes = 64 << 10;

    // The inflater asks for 8 KiB at a time.
    const int AheadBytes = 64 << 10;

    readonly Lock _lock = new();
    byte[]? _skipped;
    byte[]? _ahead;
    Stream? _inflater;
    CompressedGrains? _grains;
    long _fileOffsetBytes;
    long _grainIndex;
    long _position;

    /// <summary>Copies a part of a grain.</summary>
    internal void Read(in StoredGrain grain, long offsetBytes, Span<byte> destination)
    {
        lock (_lock)
        {
            if (_inflater is null || !ReferenceEquals(_grains, grain.Grains)
                || _fileOffsetBytes != grain.FileOffsetBytes || _grainIndex != grain.GrainIndex
                || _position > offsetBytes)
            {
                Begin(grain);
            }

            try
            {
                Skip(offsetBytes - _position);
                int produced = _inflater!.ReadAtLeast(destination, destination.Length, throwOnEndOfStream: false);
                _position += produced;
                if (produced < destination.Length)
                {
                    throw new InvalidDataException($"{_position} bytes");
                }
            }
            catch (Exception damage) when (ZlibCodec.IsDamage(damage))
            {
                End();
                throw grain.Grains.Invalid(
                    grain, "a compressed grain does not inflate", 0, "data", damage.Message,
                    $"{offsetBytes + destination.Length} bytes");
            }
            catch
            {
                End();
                throw;
            }
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        lock (_lock)
        {
            End();
        }
    }

    void Begin(in StoredGrain grain)
    {
        End();
        int dataBytes = grain.Grains.Locate(grain, out long dataOffsetBytes);
        _ahead ??= new byte[AheadBytes];
        var stored = new FileWindow(grain.Grains.File, dataOffsetBytes, dataBytes, _ahead);
        _inflater = new ZLibStream(stored, CompressionMode.Decompress);
        _grains = grain.Grains;
        _fileOffsetBytes = grain.FileOffsetBytes;
        _grainIndex = grain.GrainIndex;
    }

    void Skip(long lengthBytes)
    {
        if (lengthBytes == 0)
        {
            return;
        }

        _skipped ??= new byte[SkipBytes];
        while (lengthBytes > 0)
        {
            int read = _inflater!.Read(_skipped, 0, (int)Math.Min(SkipBytes, lengthBytes));
            if (read == 0)
            {
                throw new InvalidDataException($"{_position} bytes");
            }

            _position += read;
            lengthBytes -= read;
        }
    }

    void End()
    {
        _inflater?.Dispose();
        _inflater = null;
        _grains = null;
        _position = 0;
    }

    /// <summary>A stretch of a file as a forward-only stream, read ahead into a buffer of the cursor's.</summary>
    /// <remarks>Not a BufferedStream, which makes 64 KiB anew for each grain that is begun.</remarks>
    sealed class FileWindow(ImageFile file, long offsetBytes, long lengthBytes, byte[] ahead) : Stream
    {
        long _fetchedBytes;
        int _start;
        int _end;

        public override bool CanRead => true;

        public override bool CanSeek => false;

        public override bool CanWrite => false;

        public override long Length => lengthBytes;

        public override long Position
        {
            get => _fetchedBytes - (_end - _start);
            set => throw new NotSupportedException();
        }

        public override int Read(Span<byte> buffer)
        {
            if (_start == _end)
            {
                int wanted = (int)Math.Min(ahead.Length, lengthBytes - _fetchedBytes);
                _start = 0;
                _end = wanted == 0 ? 0 : file.Read(ahead.AsSpan(0, wanted), offsetBytes + _fetchedBytes);
                _fetchedBytes += _end;
            }

            int given = Math.Min(buffer.Length, _end - _start);
            ahead.AsSpan(_start, given).CopyTo(buffer);
            _start += given;
            return given;
        }

        public override int Read(byte[] buffer, int offset, int count) => Read(buffer.AsSpan(offset, count));

        public override void Flush()
        {
        }

        public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

        public override void SetLength(long value) => throw new NotSupportedException();

        public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();
    }
}
