using System.Runtime.InteropServices;

namespace VmdkFast.Fuzz;

/// <summary>
/// Memory whose next byte, on either side, belongs to nobody: reading one too many ends the process.
/// </summary>
/// <remarks>An array would hide it: the runtime's heap goes on behind the array's end.</remarks>
sealed unsafe partial class GuardedMemory : IDisposable
{
    const int ProtectionNone = 0;
    const int ProtectionReadWrite = 1 | 2;
    const int PrivateAnonymous = 2 | 0x20;

    readonly byte* _mapping;
    readonly nuint _mappedBytes;
    readonly byte* _start;

    /// <param name="capacityBytes">The most that one view can give.</param>
    internal GuardedMemory(int capacityBytes)
    {
        if (!OperatingSystem.IsLinux())
        {
            throw new PlatformNotSupportedException("Guard pages are made with Linux's mmap.");
        }

        int page = Environment.SystemPageSize;
        CapacityBytes = (capacityBytes + page - 1) / page * page;
        _mappedBytes = (nuint)(CapacityBytes + (2 * page));
        _mapping = (byte*)Map(null, _mappedBytes, ProtectionNone, PrivateAnonymous, -1, 0);
        _start = _mapping + page;
        if (_mapping == (byte*)-1 || Protect(_start, (nuint)CapacityBytes, ProtectionReadWrite) != 0)
        {
            throw new InvalidOperationException("The system gives no memory between guard pages.");
        }
    }

    internal int CapacityBytes { get; }

    /// <summary>Bytes that end where the guard begins.</summary>
    internal Span<byte> AtEnd(int lengthBytes)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan(lengthBytes, CapacityBytes);
        return new Span<byte>(_start + CapacityBytes - lengthBytes, lengthBytes);
    }

    /// <summary>A copy that ends where the guard begins.</summary>
    internal Span<byte> AtEnd(ReadOnlySpan<byte> bytes)
    {
        Span<byte> copy = AtEnd(bytes.Length);
        bytes.CopyTo(copy);
        return copy;
    }

    /// <summary>A copy that begins where the guard ends.</summary>
    internal Span<byte> AtStart(ReadOnlySpan<byte> bytes)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan(bytes.Length, CapacityBytes);
        var copy = new Span<byte>(_start, bytes.Length);
        bytes.CopyTo(copy);
        return copy;
    }

    public void Dispose() => _ = Unmap(_mapping, _mappedBytes);

    [LibraryImport("libc", EntryPoint = "mmap")]
    private static partial void* Map(
        void* address, nuint lengthBytes, int protection, int flags, int descriptor, nint offsetBytes);

    [LibraryImport("libc", EntryPoint = "mprotect")]
    private static partial int Protect(void* address, nuint lengthBytes, int protection);

    [LibraryImport("libc", EntryPoint = "munmap")]
    private static partial int Unmap(void* address, nuint lengthBytes);
}
