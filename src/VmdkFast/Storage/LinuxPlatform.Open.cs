using System.Runtime.InteropServices;
using System.Text;
using Microsoft.Win32.SafeHandles;

namespace VmdkFast.Storage;

/// <summary>Opening: by our own calls, because the framework's open takes a flock and may hang on a FIFO.</summary>
sealed unsafe partial class LinuxPlatform
{
    // O_NONBLOCK keeps a FIFO from hanging the open; regular files and disks ignore it afterwards.
    const int AlwaysFlags = LinuxCalls.CloseOnExec | LinuxCalls.NoTerminal | LinuxCalls.NonBlocking;

    internal override SafeFileHandle Open(string path, FileAccessMode mode)
    {
        int descriptor = OpenPath(Terminated(path), AccessFlags(mode), 0);
        return descriptor >= 0
            ? Own(descriptor)
            : throw CallersFailure(path, Marshal.GetLastPInvokeError());
    }

    internal override SafeFileHandle CreateNew(string path)
    {
        const uint ReadWriteForAll = 0x1b6; // 0666, narrowed by the process's umask as for every new file
        int descriptor = OpenPath(
            Terminated(path), LinuxCalls.ReadWrite | LinuxCalls.Create | LinuxCalls.Exclusive, ReadWriteForAll);
        if (descriptor >= 0)
        {
            return Own(descriptor);
        }

        int error = Marshal.GetLastPInvokeError();
        throw error == Errno.Exists
            ? new VmdkException(VmdkErrorCode.TargetRefused, path, "the file already exists")
            : CallersFailure(path, error);
    }

    internal override void Rename(string from, string to, bool replace)
    {
        fixed (byte* oldPath = Terminated(from), newPath = Terminated(to))
        {
            if (LinuxCalls.RenameAt2(
                    LinuxCalls.RenameAt2Number, LinuxCalls.FolderOfProcess, oldPath, LinuxCalls.FolderOfProcess,
                    newPath, replace ? 0 : LinuxCalls.RenameNoReplace) == 0)
            {
                return;
            }
        }

        switch (Marshal.GetLastPInvokeError())
        {
            case Errno.Exists:
                throw new VmdkException(VmdkErrorCode.TargetRefused, to, "the file already exists");

            // A file system (NFS, FAT) or a kernel that knows only the rename that replaces: look first, then.
            case Errno.Invalid or Errno.NoSystemCall when !replace:
                if (File.Exists(to))
                {
                    throw new VmdkException(VmdkErrorCode.TargetRefused, to, "the file already exists");
                }

                File.Move(from, to, overwrite: false);
                break;

            case var error:
                throw Errno.Failure(to, "renaming to this name failed", error);
        }
    }

    internal override SafeFileHandle Reopen(SafeFileHandle handle, string path, FileAccessMode mode)
    {
        bool added = false;
        try
        {
            handle.DangerousAddRef(ref added);
            int descriptor = OpenPath(
                Terminated($"/proc/self/fd/{handle.DangerousGetHandle()}"), AccessFlags(mode), 0);
            return descriptor >= 0
                ? Own(descriptor)
                : throw CallersFailure(path, Marshal.GetLastPInvokeError());
        }
        finally
        {
            if (added)
            {
                handle.DangerousRelease();
            }
        }
    }

    internal override SafeFileHandle? OpenFolder(string path)
    {
        int descriptor = OpenPath(
            Terminated(path.Length == 0 ? "." : path), LinuxCalls.ReadOnly | LinuxCalls.DirectoryOnly, 0);
        return descriptor >= 0
            ? Own(descriptor)
            : throw CallersFailure(path, Marshal.GetLastPInvokeError());
    }

    internal override SafeFileHandle OpenBeneath(
        SafeFileHandle? folder, string path, ReadOnlySpan<byte> name, FileAccessMode mode) =>
        OpenBeneath(folder!, path, name, AccessFlags(mode));

    internal override SafeFileHandle? OpenFolderBeneath(
        SafeFileHandle? folder, string path, ReadOnlySpan<byte> name) =>
        OpenBeneath(folder!, path, name, LinuxCalls.ReadOnly | LinuxCalls.DirectoryOnly);

    SafeFileHandle OpenBeneath(SafeFileHandle folder, string path, ReadOnlySpan<byte> name, int flags)
    {
        if (hasOpenAt2)
        {
            fixed (byte* start = Terminated(name))
            {
                LinuxCalls.OpenHow how = new()
                {
                    Flags = (ulong)(uint)(flags | AlwaysFlags),
                    Resolve = LinuxCalls.ResolveBeneath | LinuxCalls.ResolveNoMagicLinks
                        | LinuxCalls.ResolveNoSymlinks,
                };
                nint descriptor = LinuxCalls.OpenAt2(
                    LinuxCalls.OpenAt2Number, folder, start, &how, sizeof(LinuxCalls.OpenHow));
                if (descriptor >= 0)
                {
                    return Own((int)descriptor);
                }
            }

            // EPERM is either a sandbox that does not know the call, or the file's own: the walk tells which.
            int error = Marshal.GetLastPInvokeError();
            if (error is not (Errno.NoSystemCall or Errno.NotPermitted))
            {
                throw ReferenceFailure(path, error);
            }
        }

        return WalkBeneath(folder, path, name, flags);
    }

    // One openat per component, none of which may be a link: the same answer as openat2's for names without "..".
    static SafeFileHandle WalkBeneath(SafeFileHandle folder, string path, ReadOnlySpan<byte> name, int flags)
    {
        SafeFileHandle current = folder;
        try
        {
            while (true)
            {
                int slash = name.IndexOf((byte)'/');
                int wanted = slash < 0 ? flags : LinuxCalls.PathOnly | LinuxCalls.DirectoryOnly;
                int descriptor;
                fixed (byte* start = Terminated(slash < 0 ? name : name[..slash]))
                {
                    descriptor = LinuxCalls.OpenAt(current, start, wanted | AlwaysFlags | LinuxCalls.NoFollow, 0);
                }

                if (descriptor < 0)
                {
                    throw ReferenceFailure(path, Marshal.GetLastPInvokeError());
                }

                SafeFileHandle next = Own(descriptor);
                if (slash < 0)
                {
                    return next;
                }

                if (!ReferenceEquals(current, folder))
                {
                    current.Dispose();
                }

                current = next;
                name = name[(slash + 1)..];
            }
        }
        finally
        {
            if (!ReferenceEquals(current, folder))
            {
                current.Dispose();
            }
        }
    }

    static int OpenPath(byte[] path, int flags, uint mode)
    {
        fixed (byte* start = path)
        {
            while (true)
            {
                int descriptor = LinuxCalls.OpenAt(LinuxCalls.FolderOfProcess, start, flags | AlwaysFlags, mode);
                if (descriptor >= 0 || Marshal.GetLastPInvokeError() != Errno.Interrupted)
                {
                    return descriptor;
                }
            }
        }
    }

    static int AccessFlags(FileAccessMode mode) =>
        mode == FileAccessMode.ReadWrite ? LinuxCalls.ReadWrite : LinuxCalls.ReadOnly;

    static SafeFileHandle Own(int descriptor) => new(descriptor, ownsHandle: true);

    static byte[] Terminated(string path)
    {
        if (path.Contains('\0', StringComparison.Ordinal))
        {
            throw new ArgumentException("A path cannot contain a NUL character.", nameof(path));
        }

        byte[] bytes = new byte[Encoding.UTF8.GetByteCount(path) + 1];
        Encoding.UTF8.GetBytes(path, bytes);
        return bytes;
    }

    static byte[] Terminated(ReadOnlySpan<byte> name) => [.. name, 0];

    static VmdkException CallersFailure(string path, int error) => error switch
    {
        Errno.NoEntry or Errno.NotDirectory =>
            new(VmdkErrorCode.FileMissing, path, "the file does not exist", found: Errno.Text(error)),
        Errno.NotPermitted or Errno.Access or Errno.ReadOnlyFileSystem =>
            new(VmdkErrorCode.AccessRefused, path, "the file may not be opened", found: Errno.Text(error)),
        Errno.IsDirectory => new(VmdkErrorCode.NotVmdk, path, "a directory is not a disk image"),
        Errno.NoDevice => new(VmdkErrorCode.NotVmdk, path, "a socket or an absent device is not a disk image"),
        _ => Errno.Failure(path, "the file cannot be opened", error),
    };

    static VmdkException ReferenceFailure(string path, int error) => error switch
    {
        Errno.Loop or Errno.CrossDevice or Errno.NotDirectory => new(
            VmdkErrorCode.ReferenceRefused, path, "the name leads over a link or out of the folder",
            found: Errno.Text(error)),
        Errno.NoDevice or Errno.IsDirectory => new(
            VmdkErrorCode.ReferenceRefused, path, "the name does not lead to a regular file",
            found: Errno.Text(error)),
        Errno.NameTooLong => new(
            VmdkErrorCode.ReferenceRefused, path, "the name is too long for the file system",
            found: Errno.Text(error)),
        _ => CallersFailure(path, error),
    };
}
