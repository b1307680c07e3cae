using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace VmdkFast.Storage;

/// <summary>
/// The system calls of 64-bit Linux that the framework does not wrap, wraps without an error (fsync), or wraps with
/// side effects (open takes a flock).
/// </summary>
/// <remarks>
/// Variadic functions are declared with fixed parameters: on x86-64 and arm64 Linux both are passed alike.
/// Structures and flags follow the kernel's user interface headers; O_DIRECTORY and O_NOFOLLOW differ by processor.
/// </remarks>
static unsafe partial class LinuxCalls
{
    internal const int ReadOnly = 0, ReadWrite = 2, Create = 0x40, Exclusive = 0x80;
    internal const int NoTerminal = 0x100, NonBlocking = 0x800, CloseOnExec = 0x80000, PathOnly = 0x200000;
    internal const int EmptyPath = 0x1000;
    internal const int SeekEnd = 2, SeekData = 3, SeekHole = 4;
    internal const int KeepSizePunchHole = 1 | 2;
    internal const int NoWait = 8;
    internal const int OfdGetLock = 36, OfdSetLock = 37;
    internal const short ReadLock = 0, WriteLock = 1, NoLock = 2;
    internal const int FlockShared = 1, FlockExclusive = 2, FlockNoWait = 4, FlockUnlock = 8;
    internal const int OpenAt2Number = 437;
    internal const uint RenameNoReplace = 1;
    internal const ulong ResolveBeneath = 0x08, ResolveNoSymlinks = 0x04, ResolveNoMagicLinks = 0x02;
    internal const uint StatxBasic = 0x7ff;
    internal const int FolderOfProcess = -100;

    static readonly bool s_isArm = RuntimeInformation.ProcessArchitecture == Architecture.Arm64;

    internal static int DirectoryOnly => s_isArm ? 0x4000 : 0x10000;

    internal static int RenameAt2Number => s_isArm ? 276 : 316;

    internal static int NoFollow => s_isArm ? 0x8000 : 0x20000;

    /// <summary><c>struct flock</c>; the process field must be 0 for locks of an open file description.</summary>
    [StructLayout(LayoutKind.Sequential)]
    internal struct ByteLock
    {
        internal short Type;
        internal short Whence;
        internal long StartBytes;
        internal long LengthBytes;
        internal int Process;
    }

    /// <summary><c>struct open_how</c>.</summary>
    [StructLayout(LayoutKind.Sequential)]
    internal struct OpenHow
    {
        internal ulong Flags;
        internal ulong Mode;
        internal ulong Resolve;
    }

    /// <summary><c>struct statx</c>, as far as it is used.</summary>
    [StructLayout(LayoutKind.Explicit, Size = 256)]
    internal struct StatxBuffer
    {
        [FieldOffset(16)] internal uint LinkCount;
        [FieldOffset(20)] internal uint Owner;
        [FieldOffset(24)] internal uint Group;
        [FieldOffset(28)] internal ushort Mode;
        [FieldOffset(32)] internal ulong Inode;
        [FieldOffset(40)] internal ulong LengthBytes;
        [FieldOffset(48)] internal ulong Blocks;
        [FieldOffset(112)] internal long ModifiedSeconds;
        [FieldOffset(120)] internal uint ModifiedNanoseconds;
        [FieldOffset(136)] internal uint DeviceMajor;
        [FieldOffset(140)] internal uint DeviceMinor;
    }

    /// <summary><c>struct statfs</c>, as far as it is used.</summary>
    [StructLayout(LayoutKind.Explicit, Size = 256)]
    internal struct StatfsBuffer
    {
        [FieldOffset(0)] internal long Type;
    }

    /// <summary>Buffer and length of one vector element.</summary>
    [StructLayout(LayoutKind.Sequential)]
    internal struct Vector
    {
        internal byte* Start;
        internal nint LengthBytes;
    }

    [LibraryImport("libc", EntryPoint = "fchown", SetLastError = true)]
    internal static partial int ChangeOwner(SafeFileHandle file, uint owner, uint group);

    [LibraryImport("libc", EntryPoint = "fchmod", SetLastError = true)]
    internal static partial int ChangeMode(SafeFileHandle file, uint mode);

    [LibraryImport("libc", EntryPoint = "openat", SetLastError = true)]
    internal static partial int OpenAt(int folder, byte* path, int flags, uint mode);

    [LibraryImport("libc", EntryPoint = "openat", SetLastError = true)]
    internal static partial int OpenAt(SafeFileHandle folder, byte* path, int flags, uint mode);

    [LibraryImport("libc", EntryPoint = "syscall", SetLastError = true)]
    internal static partial nint OpenAt2(
        nint number, SafeFileHandle folder, byte* path, OpenHow* how, nint howBytes);

    [LibraryImport("libc", EntryPoint = "syscall", SetLastError = true)]
    internal static partial nint RenameAt2(
        nint number, int oldFolder, byte* oldPath, int newFolder, byte* newPath, uint flags);

    [LibraryImport("libc", EntryPoint = "statx", SetLastError = true)]
    internal static partial int Statx(SafeFileHandle handle, byte* path, int flags, uint mask, StatxBuffer* result);

    [LibraryImport("libc", EntryPoint = "fstatfs", SetLastError = true)]
    internal static partial int Statfs(SafeFileHandle handle, StatfsBuffer* result);

    [LibraryImport("libc", EntryPoint = "pread", SetLastError = true)]
    internal static partial nint ReadAt(SafeFileHandle handle, byte* buffer, nint lengthBytes, long offsetBytes);

    [LibraryImport("libc", EntryPoint = "preadv2", SetLastError = true)]
    internal static partial nint ReadVectorAt(
        SafeFileHandle handle, Vector* vectors, int vectorCount, long offsetBytes, int flags);

    [LibraryImport("libc", EntryPoint = "pwrite", SetLastError = true)]
    internal static partial nint WriteAt(SafeFileHandle handle, byte* buffer, nint lengthBytes, long offsetBytes);

    [LibraryImport("libc", EntryPoint = "fdatasync", SetLastError = true)]
    internal static partial int SyncData(SafeFileHandle handle);

    [LibraryImport("libc", EntryPoint = "fsync", SetLastError = true)]
    internal static partial int Sync(SafeFileHandle handle);

    [LibraryImport("libc", EntryPoint = "ftruncate", SetLastError = true)]
    internal static partial int SetLength(SafeFileHandle handle, long lengthBytes);

    [LibraryImport("libc", EntryPoint = "fallocate", SetLastError = true)]
    internal static partial int Allocate(SafeFileHandle handle, int mode, long offsetBytes, long lengthBytes);

    [LibraryImport("libc", EntryPoint = "lseek", SetLastError = true)]
    internal static partial long Seek(SafeFileHandle handle, long offsetBytes, int whence);

    [LibraryImport("libc", EntryPoint = "fcntl", SetLastError = true)]
    internal static partial int ControlLock(SafeFileHandle handle, int command, ByteLock* range);

    [LibraryImport("libc", EntryPoint = "flock", SetLastError = true)]
    internal static partial int Flock(SafeFileHandle handle, int operation);
}
