using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace VmdkFast.Storage;

/// <summary>64-bit Linux, by its system calls. Opening is in its own part, locking too.</summary>
/// <param name="hasOpenAt2">False forces the walk by component, for kernels before 5.6 and sandboxes.</param>
/// <param name="hasOfdLocks">False forces flock, for file systems without byte locks.</param>
sealed unsafe partial class LinuxPlatform(bool hasOpenAt2 = true, bool hasOfdLocks = true) : Platform
{
    // procfs, sysfs, debugfs, tracefs, securityfs: from the kernel's magic.h.
    internal override bool IsOfKernel(SafeFileHandle handle)
    {
        LinuxCalls.StatfsBuffer status;
        return LinuxCalls.Statfs(handle, &status) == 0
            && (status.Type & uint.MaxValue) is 0x9fa0 or 0x62656572 or 0x64626720 or 0x74726163 or 0x73636673;
    }

    internal override FileStatus Status(SafeFileHandle handle, string path)
    {
        LinuxCalls.StatxBuffer status;
        byte empty = 0;
        if (LinuxCalls.Statx(handle, &empty, LinuxCalls.EmptyPath, LinuxCalls.StatxBasic, &status) < 0)
        {
            throw Errno.Failure(path, "the file's status cannot be read", Marshal.GetLastPInvokeError());
        }

        const int FormatMask = 0xf000;
        FileKind kind = (status.Mode & FormatMask) switch
        {
            0x8000 => FileKind.Regular,
            0x6000 => FileKind.BlockDevice,
            0x4000 => FileKind.Directory,
            0x2000 => FileKind.CharacterDevice,
            0x1000 => FileKind.Pipe,
            _ => FileKind.Other,
        };

        // The inode of a device node has length 0; the end of the device is found by seeking, as lsblk does.
        long lengthBytes = kind == FileKind.BlockDevice
            ? LinuxCalls.Seek(handle, 0, LinuxCalls.SeekEnd)
            : (long)status.LengthBytes;
        if (lengthBytes < 0)
        {
            throw Errno.Failure(path, "the size of the device cannot be read", Marshal.GetLastPInvokeError());
        }

        return new FileStatus(
            new FileIdentity((ulong)status.DeviceMajor << 32 | status.DeviceMinor, status.Inode),
            kind,
            lengthBytes,
            (status.ModifiedSeconds * 1_000_000_000) + status.ModifiedNanoseconds,
            (long)status.Blocks << Sector.Shift,
            status.LinkCount);
    }

    internal override int Read(SafeFileHandle handle, Span<byte> destination, long offsetBytes, string path)
    {
        fixed (byte* start = destination)
        {
            int done = 0;
            while (done < destination.Length)
            {
                nint count = LinuxCalls.ReadAt(handle, start + done, destination.Length - done, offsetBytes + done);
                if (count > 0)
                {
                    done += (int)count;
                }
                else if (count == 0)
                {
                    break;
                }
                else if (Marshal.GetLastPInvokeError() is var error and not Errno.Interrupted)
                {
                    throw Errno.Failure(path, "read failed", error, offsetBytes + done);
                }
            }

            return done;
        }
    }

    internal override NoWaitOutcome ReadWithoutWaiting(
        SafeFileHandle handle, Span<byte> destination, long offsetBytes)
    {
        fixed (byte* start = destination)
        {
            LinuxCalls.Vector vector = new() { Start = start, LengthBytes = destination.Length };
            nint count = LinuxCalls.ReadVectorAt(handle, &vector, 1, offsetBytes, LinuxCalls.NoWait);
            if (count == destination.Length)
            {
                return NoWaitOutcome.Complete;
            }

            // A real failure is left to the read that may wait: it knows how to report one.
            return count < 0 && Marshal.GetLastPInvokeError()
                is Errno.NotSupported or Errno.NoSystemCall or Errno.Invalid
                ? NoWaitOutcome.Unsupported
                : NoWaitOutcome.WouldWait;
        }
    }

    internal override void Write(SafeFileHandle handle, ReadOnlySpan<byte> source, long offsetBytes, string path)
    {
        fixed (byte* start = source)
        {
            int done = 0;
            while (done < source.Length)
            {
                nint count = LinuxCalls.WriteAt(handle, start + done, source.Length - done, offsetBytes + done);
                if (count > 0)
                {
                    done += (int)count;
                }
                else if (count == 0)
                {
                    // Never seen of a file or device; going on would loop for ever.
                    throw new VmdkException(
                        VmdkErrorCode.InputOutput, path, "write made no progress", offsetBytes + done);
                }
                else if (Marshal.GetLastPInvokeError() is var error and not Errno.Interrupted)
                {
                    throw Errno.Failure(path, "write failed", error, offsetBytes + done);
                }
            }
        }
    }

    internal override void Barrier(SafeFileHandle handle, string path)
    {
        // Only an interruption is tried again: after a failure the kernel has dropped the dirty pages, and a second
        // call would report success for data that is gone.
        while (LinuxCalls.SyncData(handle) < 0)
        {
            if (Marshal.GetLastPInvokeError() is var error and not Errno.Interrupted)
            {
                throw Errno.Failure(path, "making written data durable failed", error);
            }
        }
    }

    internal override void FolderBarrier(SafeFileHandle? folder, string path)
    {
        while (LinuxCalls.Sync(folder!) < 0)
        {
            if (Marshal.GetLastPInvokeError() is var error and not Errno.Interrupted)
            {
                throw Errno.Failure(path, "making the folder's names durable failed", error);
            }
        }
    }

    internal override void SetLength(SafeFileHandle handle, long lengthBytes, string path)
    {
        while (LinuxCalls.SetLength(handle, lengthBytes) < 0)
        {
            if (Marshal.GetLastPInvokeError() is var error and not Errno.Interrupted)
            {
                throw Errno.Failure(path, "changing the length failed", error, lengthBytes);
            }
        }
    }

    internal override void Reserve(SafeFileHandle handle, long lengthBytes, string path)
    {
        while (LinuxCalls.Allocate(handle, mode: 0, 0, lengthBytes) < 0)
        {
            switch (Marshal.GetLastPInvokeError())
            {
                case Errno.Interrupted:
                    break;

                case Errno.NotSupported or Errno.NoSystemCall:
                    throw new VmdkException(
                        VmdkErrorCode.Unsupported, path, "the file system cannot reserve space without writing it");

                case var error:
                    throw Errno.Failure(path, "reserving space failed", error, lengthBytes);
            }
        }
    }

    internal override void CopyOwnership(SafeFileHandle from, SafeFileHandle to, string path)
    {
        LinuxCalls.StatxBuffer status;
        byte empty = 0;
        if (LinuxCalls.Statx(from, &empty, LinuxCalls.EmptyPath, LinuxCalls.StatxBasic, &status) < 0)
        {
            throw Errno.Failure(path, "the file's status cannot be read", Marshal.GetLastPInvokeError());
        }

        // Only root may give files away; everybody else's new file is his own. The mode comes last, because a change
        // of the owner clears bits of it.
        const uint Permissions = 0xfff;
        if ((LinuxCalls.ChangeOwner(to, status.Owner, status.Group) < 0
                && Marshal.GetLastPInvokeError() is not (Errno.NotPermitted or Errno.Invalid or Errno.NotSupported))
            || LinuxCalls.ChangeMode(to, status.Mode & Permissions) < 0)
        {
            throw Errno.Failure(path, "the owner or mode cannot be set", Marshal.GetLastPInvokeError());
        }
    }

    internal override bool TryPunchHole(SafeFileHandle handle, long offsetBytes, long lengthBytes, string path)
    {
        while (LinuxCalls.Allocate(handle, LinuxCalls.KeepSizePunchHole, offsetBytes, lengthBytes) < 0)
        {
            switch (Marshal.GetLastPInvokeError())
            {
                case Errno.Interrupted:
                    break;

                // A block device refuses ranges that are not aligned to its blocks (EINVAL), loop devices over
                // file systems without holes everything (EOPNOTSUPP).
                case Errno.NotSupported or Errno.NoSystemCall or Errno.Invalid:
                    return false;

                case var error:
                    throw Errno.Failure(path, "freeing a range failed", error, offsetBytes);
            }
        }

        return true;
    }

    internal override ByteRange NextData(SafeFileHandle handle, long offsetBytes, long lengthBytes, string path)
    {
        long start = LinuxCalls.Seek(handle, offsetBytes, LinuxCalls.SeekData);
        if (start < 0)
        {
            return Marshal.GetLastPInvokeError() switch
            {
                Errno.NoDevice => new ByteRange(lengthBytes, lengthBytes),
                Errno.Invalid or Errno.NotSupported or Errno.NoSystemCall => new ByteRange(offsetBytes, lengthBytes),
                var error => throw Errno.Failure(path, "looking for data failed", error, offsetBytes),
            };
        }

        // No hole found means that the file was cut short since: what is left of it ends at the length.
        long end = LinuxCalls.Seek(handle, start, LinuxCalls.SeekHole);
        return new ByteRange(
            Math.Min(start, lengthBytes), end < 0 ? lengthBytes : Math.Min(end, lengthBytes));
    }
}
