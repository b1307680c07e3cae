using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace VmdkFast.Storage;

/// <summary>
/// Locks as QEMU's file-posix driver takes them: shared locks on single bytes that belong to the open file
/// description. Byte 100 + n says "I use permission n", byte 200 + n "I do not let others use permission n".
/// </summary>
/// <remarks>
/// All are read locks, so they never exclude each other by themselves; each side takes its own bytes first and then
/// tests the other's. In the other order two processes could both find nothing and both go on.
/// </remarks>
sealed unsafe partial class LinuxPlatform
{
    const int UsedBase = 100, DeniedBase = 200;
    const int ConsistentRead = 0, WritePermission = 1, ResizePermission = 3, PermissionCount = 5;

    static ReadOnlySpan<byte> ReaderUses => [ConsistentRead];

    static ReadOnlySpan<byte> WriterUses => [ConsistentRead, WritePermission, ResizePermission];

    // Both roles want the bytes to stay as they are while they look: nobody else may write or resize.
    static ReadOnlySpan<byte> Denied => [WritePermission, ResizePermission];

    internal override LockOutcome TryLock(SafeFileHandle handle, LockRole role, string path)
    {
        ReadOnlySpan<byte> uses = role == LockRole.Writer ? WriterUses : ReaderUses;
        int error = hasOfdLocks ? TakeAndTest(handle, uses) : Errno.Invalid;
        switch (error)
        {
            case 0:
                return LockOutcome.Taken;

            case Errno.Again or Errno.Access:
                Unlock(handle);
                return LockOutcome.Held;

            // No such locks here (an old kernel, some network file systems): flock at least keeps our own kind out.
            case Errno.Invalid or Errno.NoLocks or Errno.NoSystemCall or Errno.NotSupported:
                Unlock(handle);
                return TryFlock(handle, role, path);

            default:
                Unlock(handle);
                throw Errno.Failure(path, "locking failed", error);
        }
    }

    internal override void Unlock(SafeFileHandle handle)
    {
        // Closing the file gave the locks back already.
        if (handle.IsClosed)
        {
            return;
        }

        LinuxCalls.ByteLock range = new()
        {
            Type = LinuxCalls.NoLock,
            StartBytes = UsedBase,
            LengthBytes = DeniedBase + PermissionCount - UsedBase,
        };
        _ = LinuxCalls.ControlLock(handle, LinuxCalls.OfdSetLock, &range);
        _ = LinuxCalls.Flock(handle, LinuxCalls.FlockUnlock);
    }

    // 0 when all is ours, EAGAIN when held, otherwise the error.
    static int TakeAndTest(SafeFileHandle handle, ReadOnlySpan<byte> uses)
    {
        int error = 0;
        foreach (byte permission in uses)
        {
            error = error != 0 ? error : Take(handle, UsedBase + permission);
        }

        foreach (byte permission in Denied)
        {
            error = error != 0 ? error : Take(handle, DeniedBase + permission);
        }

        foreach (byte permission in uses)
        {
            error = error != 0 ? error : Test(handle, DeniedBase + permission);
        }

        foreach (byte permission in Denied)
        {
            error = error != 0 ? error : Test(handle, UsedBase + permission);
        }

        return error;
    }

    static int Take(SafeFileHandle handle, int offsetBytes)
    {
        LinuxCalls.ByteLock range = new()
        {
            Type = LinuxCalls.ReadLock,
            StartBytes = offsetBytes,
            LengthBytes = 1,
        };
        return LinuxCalls.ControlLock(handle, LinuxCalls.OfdSetLock, &range) < 0 ? Marshal.GetLastPInvokeError() : 0;
    }

    // Would a write lock be granted? That asks for everybody's locks but our own, and changes nothing.
    static int Test(SafeFileHandle handle, int offsetBytes)
    {
        LinuxCalls.ByteLock range = new()
        {
            Type = LinuxCalls.WriteLock,
            StartBytes = offsetBytes,
            LengthBytes = 1,
        };
        if (LinuxCalls.ControlLock(handle, LinuxCalls.OfdGetLock, &range) < 0)
        {
            return Marshal.GetLastPInvokeError();
        }

        return range.Type == LinuxCalls.NoLock ? 0 : Errno.Again;
    }

    static LockOutcome TryFlock(SafeFileHandle handle, LockRole role, string path)
    {
        int kind = role == LockRole.Writer ? LinuxCalls.FlockExclusive : LinuxCalls.FlockShared;
        while (LinuxCalls.Flock(handle, kind | LinuxCalls.FlockNoWait) < 0)
        {
            switch (Marshal.GetLastPInvokeError())
            {
                case Errno.Interrupted:
                    break;

                case Errno.Again:
                    return LockOutcome.Held;

                // Nothing can be locked here at all; refusing to open would make such file systems useless.
                case Errno.Invalid or Errno.NoLocks or Errno.NoSystemCall or Errno.NotSupported:
                    return LockOutcome.Taken;

                case var error:
                    throw Errno.Failure(path, "locking failed", error);
            }
        }

        return LockOutcome.Taken;
    }
}
