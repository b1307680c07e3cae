using VmdkFast.Storage;

namespace VmdkFast.Opening;

/// <summary>
/// A file that was opened, judged and closed again, and opens for good when it is first read: an image of thousands of
/// extents must not hold thousands of descriptors before anybody reads.
/// </summary>
sealed class LateFile : ImageFile
{
    readonly Func<LocalFile> _open;
    readonly bool _lockWhenOpened;
    readonly Lock _lock = new();
    readonly long _allocatedBytes;
    LocalFile? _file;
    ImageLocks? _locks;
    bool _closed;

    /// <param name="judged">The file as it was judged; this object does not keep it.</param>
    /// <param name="open">Opens it again, by the same rules.</param>
    /// <param name="lockWhenOpened">Whether to take the reader's lock then.</param>
    internal LateFile(LocalFile judged, Func<LocalFile> open, bool lockWhenOpened)
    {
        _open = open;
        _lockWhenOpened = lockWhenOpened;
        Path = judged.Path;
        Identity = judged.Identity;
        LengthBytes = judged.LengthBytes;
        _allocatedBytes = judged.AllocatedBytes;
    }

    internal override string Path { get; }

    internal override FileIdentity Identity { get; }

    internal override bool CanWrite => false;

    internal override long LengthBytes { get; }

    internal override long AllocatedBytes => _allocatedBytes;

    internal override int Read(Span<byte> destination, long offsetBytes) => File.Read(destination, offsetBytes);

    internal override bool TryReadWithoutWaiting(Span<byte> destination, long offsetBytes) =>
        Volatile.Read(ref _file) is { } file && file.TryReadWithoutWaiting(destination, offsetBytes);

    internal override ByteRange NextData(long offsetBytes) => File.NextData(offsetBytes);

    internal override void Write(ReadOnlySpan<byte> source, long offsetBytes) => throw ReadOnly();

    internal override void Barrier() => throw ReadOnly();

    internal override void Grow(long lengthBytes) => throw ReadOnly();

    internal override void Truncate(long lengthBytes) => throw ReadOnly();

    internal override void PunchHole(long offsetBytes, long lengthBytes) => throw ReadOnly();

    /// <summary>Closes the file and gives its lock back, until the next read. Nobody reads meanwhile.</summary>
    internal void CloseForNow()
    {
        lock (_lock)
        {
            _locks?.Dispose();
            _locks = null;
            _file?.Dispose();
            Volatile.Write(ref _file, null);
        }
    }

    public override void Dispose()
    {
        lock (_lock)
        {
            _closed = true;
            _locks?.Dispose();
            _file?.Dispose();
        }
    }

    LocalFile File => Volatile.Read(ref _file) ?? OpenNow();

    LocalFile OpenNow()
    {
        lock (_lock)
        {
            ObjectDisposedException.ThrowIf(_closed, this);
            if (_file is not null)
            {
                return _file;
            }

            LocalFile file = _open();
            try
            {
                if (file.Identity != Identity || file.LengthBytes != LengthBytes)
                {
                    VmdkException.Throw(
                        VmdkErrorCode.SourceChanged, Path, "the file has been replaced since the image was opened",
                        null, "identity", $"{file.LengthBytes} bytes", $"the same file of {LengthBytes} bytes");
                }

                _locks = _lockWhenOpened ? ImageLocks.Acquire([(file, LockRole.Reader)]) : null;
            }
            catch
            {
                file.Dispose();
                throw;
            }

            Volatile.Write(ref _file, file);
            return file;
        }
    }

    InvalidOperationException ReadOnly() => new($"'{Path}' was opened for reading only.");
}
