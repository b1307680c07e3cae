using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace VmdkFast.Storage;

/// <summary>How an attempt to read without waiting ended.</summary>
enum NoWaitOutcome
{
    /// <summary>Every byte was in memory and has been read.</summary>
    Complete,

    /// <summary>At least one byte would have needed the device.</summary>
    WouldWait,

    /// <summary>The file system cannot tell; asking again is pointless.</summary>
    Unsupported,
}

/// <summary>How an attempt to lock a file ended.</summary>
enum LockOutcome
{
    /// <summary>The lock is held now.</summary>
    Taken,

    /// <summary>Somebody holds the file in a way that excludes the role; nothing is held.</summary>
    Held,
}

/// <summary>
/// All that the library asks of the operating system beyond what the framework offers, in one place. 64-bit Linux is
/// the tested implementation; <see cref="PortablePlatform"/> serves every other system.
/// </summary>
/// <remarks>
/// Implementations are stateless and thread-safe. Failures are thrown as <see cref="VmdkException"/> that names
/// <c>path</c>, which serves messages only: everything acts on the handle.
/// </remarks>
abstract class Platform
{
    /// <summary>The implementation for the running system.</summary>
    internal static Platform Current { get; } =
        OperatingSystem.IsLinux() && RuntimeInformation.ProcessArchitecture is Architecture.X64 or Architecture.Arm64
            ? new LinuxPlatform()
            : new PortablePlatform();

    /// <summary>Opens a file that the caller names: links are followed; never blocks, takes no lock.</summary>
    internal abstract SafeFileHandle Open(string path, FileAccessMode mode);

    /// <summary>Creates a regular file for reading and writing; an existing name is refused.</summary>
    internal abstract SafeFileHandle CreateNew(string path);

    /// <summary>Opens the very file of <paramref name="handle"/> again, whatever its name leads to by now.</summary>
    internal abstract SafeFileHandle Reopen(SafeFileHandle handle, string path, FileAccessMode mode);

    /// <summary>Opens a folder to open files beneath; null where the system has no such handle.</summary>
    internal abstract SafeFileHandle? OpenFolder(string path);

    /// <summary>
    /// Opens a name beneath a folder, following no link. <paramref name="name"/> has passed
    /// <see cref="ImageFolder"/>'s rules.
    /// </summary>
    internal abstract SafeFileHandle OpenBeneath(
        SafeFileHandle? folder, string path, ReadOnlySpan<byte> name, FileAccessMode mode);

    /// <summary>Opens a folder beneath a folder, following no link.</summary>
    internal abstract SafeFileHandle? OpenFolderBeneath(
        SafeFileHandle? folder, string path, ReadOnlySpan<byte> name);

    /// <summary>Makes names created, renamed and deleted in a folder durable.</summary>
    internal abstract void FolderBarrier(SafeFileHandle? folder, string path);

    /// <summary>What the handle leads to, as it is now.</summary>
    internal abstract FileStatus Status(SafeFileHandle handle, string path);

    /// <summary>
    /// Whether a file that claims to be regular is made up by the kernel as it is read: nobody's disk is there.
    /// </summary>
    internal virtual bool IsOfKernel(SafeFileHandle handle) => false;

    /// <inheritdoc cref="ImageFile.Read"/>
    internal abstract int Read(SafeFileHandle handle, Span<byte> destination, long offsetBytes, string path);

    /// <inheritdoc cref="ImageFile.TryReadWithoutWaiting"/>
    internal abstract NoWaitOutcome ReadWithoutWaiting(
        SafeFileHandle handle, Span<byte> destination, long offsetBytes);

    /// <inheritdoc cref="ImageFile.Write"/>
    internal abstract void Write(SafeFileHandle handle, ReadOnlySpan<byte> source, long offsetBytes, string path);

    /// <inheritdoc cref="ImageFile.Barrier"/>
    internal abstract void Barrier(SafeFileHandle handle, string path);

    /// <summary>Sets a regular file's length, shorter or longer.</summary>
    internal abstract void SetLength(SafeFileHandle handle, long lengthBytes, string path);

    /// <summary>
    /// Allocates blocks for a whole file without writing them; it reads as zeros, and has that length.
    /// </summary>
    /// <exception cref="VmdkException">
    /// <see cref="VmdkErrorCode.Unsupported"/> where the system or file system cannot,
    /// <see cref="VmdkErrorCode.InputOutput"/> for the rest, such as a full device.
    /// </exception>
    internal abstract void Reserve(SafeFileHandle handle, long lengthBytes, string path);

    /// <summary>Gives a file another name in one step.</summary>
    /// <param name="from">The name it has.</param>
    /// <param name="to">The name it gets.</param>
    /// <param name="replace">Whether a file of that name is replaced; otherwise it is refused.</param>
    /// <exception cref="VmdkException"><see cref="VmdkErrorCode.TargetRefused"/> when the name is taken.</exception>
    internal abstract void Rename(string from, string to, bool replace);

    /// <summary>Gives a file the owner, group and mode of another, as far as the process may.</summary>
    internal abstract void CopyOwnership(SafeFileHandle from, SafeFileHandle to, string path);

    /// <summary>Deallocates a range that lies within the file; false where that is not supported.</summary>
    internal abstract bool TryPunchHole(SafeFileHandle handle, long offsetBytes, long lengthBytes, string path);

    /// <summary><see cref="ImageFile.NextData"/> of a file of <paramref name="lengthBytes"/>.</summary>
    internal abstract ByteRange NextData(SafeFileHandle handle, long offsetBytes, long lengthBytes, string path);

    /// <summary>Takes a role's lock against other processes and other opens of this one, without waiting.</summary>
    internal abstract LockOutcome TryLock(SafeFileHandle handle, LockRole role, string path);

    /// <summary>Gives back what <see cref="TryLock"/> took; never fails.</summary>
    internal abstract void Unlock(SafeFileHandle handle);
}
