namespace VmdkFast.Storage;

/// <summary>
/// Bytes at an offset: all that the rest of the library knows of a file. One class for reading and writing, so that
/// a double that injects faults stands in for the operating system everywhere.
/// </summary>
/// <remarks>
/// An abstract class and not an <c>interface</c>: the 4 KiB read is one virtual call away from the system call, and a
/// sealed implementation can be tested for and inlined. Every member is safe for concurrent use. Failures of the
/// operating system surface as <see cref="VmdkException"/> with <see cref="VmdkErrorCode.InputOutput"/>.
/// </remarks>
abstract class ImageFile : IDisposable
{
    /// <summary>The path as it was opened, for messages; never used to open anything again.</summary>
    internal abstract string Path { get; }

    /// <summary>What file this is, whatever its name: equal for two opens of one file.</summary>
    internal abstract FileIdentity Identity { get; }

    /// <summary>Whether <see cref="Write"/> and the other changing members may be called.</summary>
    internal abstract bool CanWrite { get; }

    /// <summary>Whether this is a device: fixed length, and what was never written need not be zeros.</summary>
    internal virtual bool IsDevice => false;

    /// <summary>Length in bytes, as it is now (a block device: its size).</summary>
    internal abstract long LengthBytes { get; }

    /// <summary>Bytes that the file system has allocated.</summary>
    internal abstract long AllocatedBytes { get; }

    /// <summary>
    /// Reads until <paramref name="destination"/> is full or the file ends; short system calls are continued.
    /// </summary>
    /// <returns>Bytes read; fewer than asked only at the end of the file.</returns>
    internal abstract int Read(Span<byte> destination, long offsetBytes);

    /// <summary>Reads all of <paramref name="destination"/> if that needs no waiting (page cache).</summary>
    /// <returns>True when every byte was read; false leaves the destination's content undefined.</returns>
    internal abstract bool TryReadWithoutWaiting(Span<byte> destination, long offsetBytes);

    /// <summary>Writes all of <paramref name="source"/>, growing the file when it ends beyond it.</summary>
    internal abstract void Write(ReadOnlySpan<byte> source, long offsetBytes);

    /// <summary>Makes every write that has returned durable: data, extent map and length. A failure is final.</summary>
    internal abstract void Barrier();

    /// <summary>Makes the file at least <paramref name="lengthBytes"/> long; never shortens it.</summary>
    internal abstract void Grow(long lengthBytes);

    /// <summary>Shortens the file to <paramref name="lengthBytes"/>; never lengthens it.</summary>
    internal abstract void Truncate(long lengthBytes);

    /// <summary>Gives the blocks of a range back; it reads as zeros afterwards, the length stays.</summary>
    internal abstract void PunchHole(long offsetBytes, long lengthBytes);

    /// <summary>
    /// The first run of stored data at or after an offset; holes lie between runs and read as zeros.
    /// </summary>
    /// <returns>
    /// The run, start not below <paramref name="offsetBytes"/>; both ends at the file's length when no data follows.
    /// A file system that cannot tell answers with everything up to the end.
    /// </returns>
    internal abstract ByteRange NextData(long offsetBytes);

    /// <inheritdoc/>
    public abstract void Dispose();
}
