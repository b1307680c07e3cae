using System.IO.Hashing;
using System.Runtime.InteropServices;
using System.Text;
using Microsoft.Win32.SafeHandles;

namespace VmdkFast.Storage;

/// <summary>Every system but 64-bit Linux, by what the framework offers. Its tests run on Linux.</summary>
/// <remarks>
/// What is weaker here: two names of one file by hard links count as two files; a name is checked for links by its
/// path just before the open; holes cannot be found or punched; nothing tells whether a read would wait. Barriers
/// and locks are real.
/// </remarks>
sealed unsafe partial class PortablePlatform : Platform
{
    // Mandatory on Windows, so the locked byte lies where no image has data.
    const uint LockByteHigh = 0x4000_0000;
    const int FlockShared = 1, FlockExclusive = 2, FlockNoWait = 4, FlockUnlock = 8;
    const int LockFailAtOnce = 1, LockExclusively = 2;
    const int FullSync = 51;

    internal override SafeFileHandle Open(string path, FileAccessMode mode) => Guard(path, "open", () =>
        File.OpenHandle(
            path, FileMode.Open, mode == FileAccessMode.Read ? FileAccess.Read : FileAccess.ReadWrite,
            FileShare.ReadWrite | FileShare.Delete));

    internal override SafeFileHandle CreateNew(string path)
    {
        if (File.Exists(path))
        {
            throw new VmdkException(VmdkErrorCode.TargetRefused, path, "the file already exists");
        }

        return Guard(path, "creation", () => File.OpenHandle(
            path, FileMode.CreateNew, FileAccess.ReadWrite, FileShare.ReadWrite | FileShare.Delete));
    }

    internal override SafeFileHandle Reopen(SafeFileHandle handle, string path, FileAccessMode mode) =>
        Open(path, mode);

    internal override SafeFileHandle? OpenFolder(string path) =>
        path.Length == 0 || Directory.Exists(path)
            ? null
            : throw new VmdkException(VmdkErrorCode.FileMissing, path, "the folder does not exist");

    internal override SafeFileHandle OpenBeneath(
        SafeFileHandle? folder, string path, ReadOnlySpan<byte> name, FileAccessMode mode)
    {
        RefuseLinks(path, name);
        return Open(path, mode);
    }

    internal override SafeFileHandle? OpenFolderBeneath(
        SafeFileHandle? folder, string path, ReadOnlySpan<byte> name)
    {
        RefuseLinks(path, name);
        return OpenFolder(path);
    }

    internal override void FolderBarrier(SafeFileHandle? folder, string path)
    {
        // Neither NTFS nor APFS offers or needs a sync of a folder by this interface.
    }

    internal override FileStatus Status(SafeFileHandle handle, string path) => Guard(path, "reading the status", () =>
    {
        string real = File.ResolveLinkTarget(path, returnFinalTarget: true)?.FullName ?? Path.GetFullPath(path);
        string folded = OperatingSystem.IsWindows() || OperatingSystem.IsMacOS() ? real.ToUpperInvariant() : real;
        UInt128 hash = XxHash128.HashToUInt128(Encoding.UTF8.GetBytes(folded));
        long lengthBytes = RandomAccess.GetLength(handle);
        long modified = (File.GetLastWriteTimeUtc(handle) - DateTime.UnixEpoch).Ticks * TimeSpan.NanosecondsPerTick;
        FileKind kind = (File.GetAttributes(handle) & FileAttributes.Directory) != 0
            ? FileKind.Directory
            : FileKind.Regular;
        FileIdentity identity = new((ulong)(hash >> 64), (ulong)hash);
        return new FileStatus(identity, kind, lengthBytes, modified, lengthBytes, LinkCount: 1);
    });

    internal override int Read(SafeFileHandle handle, Span<byte> destination, long offsetBytes, string path)
    {
        int done = 0;
        try
        {
            while (done < destination.Length)
            {
                int count = RandomAccess.Read(handle, destination[done..], offsetBytes + done);
                if (count == 0)
                {
                    break;
                }

                done += count;
            }

            return done;
        }
        catch (IOException cause)
        {
            throw Failure(path, "read failed", cause, offsetBytes + done);
        }
    }

    internal override NoWaitOutcome ReadWithoutWaiting(
        SafeFileHandle handle, Span<byte> destination, long offsetBytes) => NoWaitOutcome.Unsupported;

    internal override void Write(SafeFileHandle handle, ReadOnlySpan<byte> source, long offsetBytes, string path)
    {
        try
        {
            RandomAccess.Write(handle, source, offsetBytes);
        }
        catch (IOException cause)
        {
            throw Failure(path, "write failed", cause, offsetBytes);
        }
    }

    internal override void Barrier(SafeFileHandle handle, string path)
    {
        // F_FULLFSYNC is unknown to some network file systems; what fsync can promise there is all there is.
        bool done = OperatingSystem.IsWindows()
            ? FlushFileBuffers(handle)
            : (OperatingSystem.IsMacOS() && Control(handle, FullSync) == 0) || Sync(handle) == 0;
        if (!done)
        {
            throw Errno.Failure(path, "making written data durable failed", Marshal.GetLastPInvokeError());
        }
    }

    // The new file has what the folder gives it: Windows inherits, and macOS is not a system that this is tested on.
    internal override void CopyOwnership(SafeFileHandle from, SafeFileHandle to, string path)
    {
    }

    internal override void SetLength(SafeFileHandle handle, long lengthBytes, string path) =>
        Guard(path, "changing the length", () =>
        {
            RandomAccess.SetLength(handle, lengthBytes);
            return true;
        });

    internal override void Reserve(SafeFileHandle handle, long lengthBytes, string path)
    {
        // NTFS allocates what a file that is not marked as sparse is grown by; elsewhere nothing promises that.
        if (!OperatingSystem.IsWindows())
        {
            throw new VmdkException(
                VmdkErrorCode.Unsupported, path, "space cannot be reserved without writing on this system");
        }

        SetLength(handle, lengthBytes, path);
    }

    internal override void Rename(string from, string to, bool replace)
    {
        if (!replace && File.Exists(to))
        {
            throw new VmdkException(VmdkErrorCode.TargetRefused, to, "the file already exists");
        }

        Guard(to, "renaming to this name", () =>
        {
            File.Move(from, to, replace);
            return true;
        });
    }

    internal override bool TryPunchHole(SafeFileHandle handle, long offsetBytes, long lengthBytes, string path) =>
        false;

    internal override ByteRange NextData(
        SafeFileHandle handle, long offsetBytes, long lengthBytes, string path) => new(offsetBytes, lengthBytes);

    internal override LockOutcome TryLock(SafeFileHandle handle, LockRole role, string path)
    {
        bool taken;
        if (OperatingSystem.IsWindows())
        {
            NativeOverlapped place = new() { OffsetHigh = unchecked((int)LockByteHigh) };
            int flags = LockFailAtOnce | (role == LockRole.Writer ? LockExclusively : 0);
            taken = LockFileEx(handle, flags, 0, 1, 0, &place);
        }
        else
        {
            taken = Flock(handle, FlockNoWait | (role == LockRole.Writer ? FlockExclusive : FlockShared)) == 0;
        }

        return taken ? LockOutcome.Taken : LockOutcome.Held;
    }

    internal override void Unlock(SafeFileHandle handle)
    {
        if (handle.IsClosed)
        {
            return;
        }

        if (OperatingSystem.IsWindows())
        {
            NativeOverlapped place = new() { OffsetHigh = unchecked((int)LockByteHigh) };
            _ = UnlockFileEx(handle, 0, 1, 0, &place);
        }
        else
        {
            _ = Flock(handle, FlockUnlock);
        }
    }

    static void RefuseLinks(string path, ReadOnlySpan<byte> name)
    {
        if (OperatingSystem.IsWindows() && name.IndexOfAny("\\:"u8) >= 0)
        {
            throw new VmdkException(
                VmdkErrorCode.ReferenceRefused, path, "a drive, stream or folder in a name that an image gives");
        }

        string current = path;
        for (int left = name.Count((byte)'/') + 1; left > 0; left--)
        {
            if (new FileInfo(current).LinkTarget is not null)
            {
                throw new VmdkException(
                    VmdkErrorCode.ReferenceRefused, path, "the name leads over a link or out of the folder");
            }

            current = Path.GetDirectoryName(current) ?? current;
        }
    }

    static T Guard<T>(string path, string action, Func<T> body)
    {
        try
        {
            return body();
        }
        catch (Exception cause) when (cause is FileNotFoundException or DirectoryNotFoundException)
        {
            throw new VmdkException(VmdkErrorCode.FileMissing, path, "the file does not exist", inner: cause);
        }
        catch (UnauthorizedAccessException cause)
        {
            throw new VmdkException(VmdkErrorCode.AccessRefused, path, "the file may not be opened", inner: cause);
        }
        catch (IOException cause) when (cause is not VmdkException)
        {
            throw Failure(path, action + " failed", cause, null);
        }
    }

    static VmdkException Failure(string path, string problem, IOException cause, long? offsetBytes) =>
        new(VmdkErrorCode.InputOutput, path, problem, offsetBytes, found: cause.Message, inner: cause);

    [LibraryImport("kernel32", SetLastError = true)]
    [return: MarshalAs(UnmanagedType.Bool)]
    private static partial bool FlushFileBuffers(SafeFileHandle handle);

    [LibraryImport("kernel32", SetLastError = true)]
    [return: MarshalAs(UnmanagedType.Bool)]
    private static partial bool LockFileEx(
        SafeFileHandle handle, int flags, int reserved, uint lengthLow, uint lengthHigh, NativeOverlapped* place);

    [LibraryImport("kernel32", SetLastError = true)]
    [return: MarshalAs(UnmanagedType.Bool)]
    private static partial bool UnlockFileEx(
        SafeFileHandle handle, int reserved, uint lengthLow, uint lengthHigh, NativeOverlapped* place);

    [LibraryImport("libc", EntryPoint = "fsync", SetLastError = true)]
    private static partial int Sync(SafeFileHandle handle);

    [LibraryImport("libc", EntryPoint = "fcntl", SetLastError = true)]
    private static partial int Control(SafeFileHandle handle, int command);

    [LibraryImport("libc", EntryPoint = "flock", SetLastError = true)]
    private static partial int Flock(SafeFileHandle handle, int operation);
}
