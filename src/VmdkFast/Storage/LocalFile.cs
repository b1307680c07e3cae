using Microsoft.Win32.SafeHandles;

namespace VmdkFast.Storage;

/// <summary>A regular file or a block device of this machine, by positional calls on one descriptor.</summary>
/// <remarks>
/// Safe for concurrent use; <see cref="Dispose"/> waits for nothing, a call under way keeps the descriptor until it
/// returns, later ones throw <see cref="ObjectDisposedException"/>. The descriptor, not the path, is what was judged
/// and what is used: swapping the name afterwards changes nothing.
/// </remarks>
sealed class LocalFile : ImageFile
{
    static readonly byte[] s_zeros = new byte[64 << 10];

    readonly Platform _platform;
    readonly SafeFileHandle _handle;
    readonly FileKind _kind;

    // All changes of the length happen under this lock: an ftruncate to a length that was judged enough a moment ago
    // would cut off what another thread has appended since.
    readonly Lock _lengthLock = new();
    long _lengthBytes;
    bool _cannotTellWaiting;

    LocalFile(Platform platform, SafeFileHandle handle, string path, FileAccessMode mode, FileStatus status)
    {
        _platform = platform;
        _handle = handle;
        _kind = status.Kind;
        _lengthBytes = status.LengthBytes;
        Path = path;
        Identity = status.Identity;
        CanWrite = mode == FileAccessMode.ReadWrite;
    }

    /// <inheritdoc/>
    internal override string Path { get; }

    /// <inheritdoc/>
    internal override FileIdentity Identity { get; }

    /// <inheritdoc/>
    internal override bool CanWrite { get; }

    /// <inheritdoc/>
    internal override bool IsDevice => IsBlockDevice;

    /// <summary>Whether this is a device: fixed length, never virgin, no holes to find.</summary>
    internal bool IsBlockDevice => _kind == FileKind.BlockDevice;

    /// <summary>
    /// Length in bytes as this object knows it: from the open, its own changes, and <see cref="RefreshStatus"/>.
    /// Costs no system call.
    /// </summary>
    internal override long LengthBytes => Volatile.Read(ref _lengthBytes);

    /// <inheritdoc/>
    internal override long AllocatedBytes => _platform.Status(_handle, Path).AllocatedBytes;

    /// <summary>Opens a file that the caller names: links and block devices are the caller's business.</summary>
    /// <exception cref="VmdkException">
    /// <see cref="VmdkErrorCode.FileMissing"/>, <see cref="VmdkErrorCode.AccessRefused"/>,
    /// <see cref="VmdkErrorCode.NotVmdk"/> for a directory, pipe, socket or character device (never opened for
    /// longer than the look at it takes, never waited for), <see cref="VmdkErrorCode.InputOutput"/> for the rest.
    /// </exception>
    internal static LocalFile Open(string path, FileAccessMode mode) => Open(path, mode, Platform.Current);

    /// <inheritdoc cref="Open(string, FileAccessMode)"/>
    internal static LocalFile Open(string path, FileAccessMode mode, Platform platform)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        return Adopt(platform, platform.Open(path, mode), path, mode, VmdkErrorCode.NotVmdk, allowDevice: true);
    }

    /// <summary>
    /// Opens a file anywhere that an image names and a policy has explicitly permitted: links are followed, but the
    /// descriptor must lead to a regular file.
    /// </summary>
    /// <exception cref="VmdkException">
    /// As <see cref="Open(string, FileAccessMode)"/>; <see cref="VmdkErrorCode.ReferenceRefused"/> for anything that
    /// is not a regular file.
    /// </exception>
    internal static LocalFile OpenReferenced(string path, FileAccessMode mode)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        Platform platform = Platform.Current;
        return Adopt(
            platform, platform.Open(path, mode), path, mode, VmdkErrorCode.ReferenceRefused, allowDevice: false);
    }

    /// <summary>What a name that the caller gives leads to; null when there is nothing.</summary>
    internal static FileKind? KindOf(string path)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        Platform platform = Platform.Current;
        try
        {
            using SafeFileHandle handle = platform.Open(path, FileAccessMode.Read);
            return platform.Status(handle, path).Kind;
        }
        catch (VmdkException missing) when (missing.Code == VmdkErrorCode.FileMissing)
        {
            return null;
        }
    }

    /// <summary>Creates an empty regular file for reading and writing.</summary>
    /// <exception cref="VmdkException"><see cref="VmdkErrorCode.TargetRefused"/> when the name exists.</exception>
    internal static LocalFile CreateNew(string path)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        Platform platform = Platform.Current;
        return Adopt(
            platform, platform.CreateNew(path), path, FileAccessMode.ReadWrite, VmdkErrorCode.TargetRefused, false);
    }

    /// <summary>Takes over a handle after judging what it leads to; closes it when that is refused.</summary>
    internal static LocalFile Adopt(
        Platform platform, SafeFileHandle handle, string path, FileAccessMode mode, VmdkErrorCode refusal,
        bool allowDevice)
    {
        try
        {
            FileStatus status = platform.Status(handle, path);
            if (status.Kind == FileKind.Regular || (allowDevice && status.Kind == FileKind.BlockDevice))
            {
                // What an image names must be stored somewhere: /proc/kcore is a regular file too, of 128 TiB.
                if (!allowDevice && platform.IsOfKernel(handle))
                {
                    throw new VmdkException(
                        refusal, path, "not a disk image", found: "a file that the kernel makes up",
                        wanted: "a file that is stored");
                }

                return new LocalFile(platform, handle, path, mode, status);
            }

            throw new VmdkException(
                refusal, path, "not a disk image", found: Describe(status.Kind),
                wanted: allowDevice ? "a regular file or block device" : "a regular file");
        }
        catch
        {
            handle.Dispose();
            throw;
        }
    }

    /// <summary>
    /// A second, independent open of this very file, whatever its name leads to by now; for another access mode, or
    /// as an own position for walks over holes. Locks are not inherited.
    /// </summary>
    internal LocalFile Reopen(FileAccessMode mode)
    {
        LocalFile again = Adopt(
            _platform, _platform.Reopen(_handle, Path, mode), Path, mode, VmdkErrorCode.NotVmdk, allowDevice: true);
        if (again.Identity == Identity)
        {
            return again;
        }

        again.Dispose();
        throw new VmdkException(VmdkErrorCode.SourceChanged, Path, "the name leads to another file now");
    }

    /// <summary>Asks the system for the file's state as it is now; <see cref="LengthBytes"/> follows.</summary>
    internal FileStatus RefreshStatus()
    {
        lock (_lengthLock)
        {
            FileStatus status = _platform.Status(_handle, Path);
            Volatile.Write(ref _lengthBytes, status.LengthBytes);
            return status;
        }
    }

    /// <inheritdoc/>
    internal override int Read(Span<byte> destination, long offsetBytes)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(offsetBytes);
        return _platform.Read(_handle, destination, offsetBytes, Path);
    }

    /// <inheritdoc/>
    internal override bool TryReadWithoutWaiting(Span<byte> destination, long offsetBytes)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(offsetBytes);
        if (_cannotTellWaiting)
        {
            return false;
        }

        NoWaitOutcome outcome = _platform.ReadWithoutWaiting(_handle, destination, offsetBytes);
        _cannotTellWaiting |= outcome == NoWaitOutcome.Unsupported;
        return outcome == NoWaitOutcome.Complete;
    }

    /// <inheritdoc/>
    internal override void Write(ReadOnlySpan<byte> source, long offsetBytes)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(offsetBytes);
        ThrowUnlessWritable();
        if (offsetBytes + source.Length <= LengthBytes || IsBlockDevice)
        {
            _platform.Write(_handle, source, offsetBytes, Path);
            return;
        }

        lock (_lengthLock)
        {
            try
            {
                _platform.Write(_handle, source, offsetBytes, Path);
                Volatile.Write(ref _lengthBytes, Math.Max(_lengthBytes, offsetBytes + source.Length));
            }
            catch (VmdkException)
            {
                // A full device may have taken a part of it.
                Volatile.Write(ref _lengthBytes, _platform.Status(_handle, Path).LengthBytes);
                throw;
            }
        }
    }

    /// <inheritdoc/>
    internal override void Barrier() => _platform.Barrier(_handle, Path);

    /// <inheritdoc/>
    internal override void Grow(long lengthBytes)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(lengthBytes);
        ThrowUnlessWritable();
        lock (_lengthLock)
        {
            // Asked anew, not remembered: setting a length below the real one would cut the file.
            long currentBytes = _platform.Status(_handle, Path).LengthBytes;
            if (lengthBytes > currentBytes)
            {
                ThrowIfDevice(currentBytes, lengthBytes);
                _platform.SetLength(_handle, lengthBytes, Path);
                currentBytes = lengthBytes;
            }

            Volatile.Write(ref _lengthBytes, currentBytes);
        }
    }

    /// <summary>Makes a new file <paramref name="lengthBytes"/> long, with all its blocks allocated.</summary>
    /// <exception cref="VmdkException">
    /// <see cref="VmdkErrorCode.Unsupported"/> where the file system cannot do that without writing.
    /// </exception>
    internal void Reserve(long lengthBytes)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(lengthBytes);
        ThrowUnlessWritable();
        lock (_lengthLock)
        {
            _platform.Reserve(_handle, lengthBytes, Path);
            Volatile.Write(ref _lengthBytes, _platform.Status(_handle, Path).LengthBytes);
        }
    }

    /// <inheritdoc/>
    internal override void Truncate(long lengthBytes)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(lengthBytes);
        ThrowUnlessWritable();
        lock (_lengthLock)
        {
            long currentBytes = _platform.Status(_handle, Path).LengthBytes;
            if (lengthBytes < currentBytes)
            {
                ThrowIfDevice(currentBytes, lengthBytes);
                _platform.SetLength(_handle, lengthBytes, Path);
                currentBytes = lengthBytes;
            }

            Volatile.Write(ref _lengthBytes, currentBytes);
        }
    }

    /// <inheritdoc/>
    internal override void PunchHole(long offsetBytes, long lengthBytes)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(offsetBytes);
        ArgumentOutOfRangeException.ThrowIfNegative(lengthBytes);
        ThrowUnlessWritable();
        long restBytes = Math.Min(lengthBytes, LengthBytes - offsetBytes);
        if (restBytes <= 0 || _platform.TryPunchHole(_handle, offsetBytes, restBytes, Path))
        {
            return;
        }

        while (restBytes > 0)
        {
            int stepBytes = (int)Math.Min(restBytes, s_zeros.Length);
            _platform.Write(_handle, s_zeros.AsSpan(0, stepBytes), offsetBytes, Path);
            offsetBytes += stepBytes;
            restBytes -= stepBytes;
        }
    }

    /// <inheritdoc/>
    internal override ByteRange NextData(long offsetBytes)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(offsetBytes);
        long lengthBytes = LengthBytes;
        return offsetBytes < lengthBytes
            ? _platform.NextData(_handle, offsetBytes, lengthBytes, Path)
            : new ByteRange(lengthBytes, lengthBytes);
    }

    /// <summary>Takes over another file's owner, group and mode, as far as the process may.</summary>
    internal void TakeOwnershipOf(LocalFile other) => _platform.CopyOwnership(other._handle, _handle, Path);

    /// <summary>Takes the lock of a role if that is possible at once; use <see cref="ImageLocks"/>.</summary>
    internal LockOutcome TryLock(LockRole role) => _platform.TryLock(_handle, role, Path);

    /// <summary>Gives the lock back; harmless without one and after <see cref="Dispose"/>.</summary>
    internal void Unlock() => _platform.Unlock(_handle);

    /// <inheritdoc/>
    public override void Dispose() => _handle.Dispose();

    static string Describe(FileKind kind) => kind switch
    {
        FileKind.Directory => "a directory",
        FileKind.Pipe => "a pipe",
        FileKind.CharacterDevice => "a character device",
        FileKind.BlockDevice => "a block device",
        _ => "neither file nor device",
    };

    void ThrowUnlessWritable()
    {
        if (!CanWrite)
        {
            throw new InvalidOperationException($"'{Path}' was opened for reading only.");
        }
    }

    void ThrowIfDevice(long currentBytes, long wantedBytes)
    {
        if (IsBlockDevice)
        {
            throw new VmdkException(
                VmdkErrorCode.InputOutput, Path, "a block device keeps its length", found: $"{currentBytes}",
                wanted: $"{wantedBytes}");
        }
    }
}
