using System.Runtime.InteropServices;

namespace VmdkFast.Compression;

/// <summary>Native state of a codec that belongs to one thread and goes with it: the finalizer frees it.</summary>
sealed unsafe class NativeState : SafeHandle
{
    readonly delegate* unmanaged<void*, void> _free;

    /// <param name="state">The state; null when it could not be allocated.</param>
    /// <param name="free">Frees it.</param>
    /// <exception cref="InsufficientMemoryException">The state is null.</exception>
    internal NativeState(void* state, delegate* unmanaged<void*, void> free)
        : base(0, ownsHandle: true)
    {
        _free = free;
        SetHandle((nint)state);
        if (IsInvalid)
        {
            throw new InsufficientMemoryException("A codec could not allocate its state.");
        }
    }

    public override bool IsInvalid => handle == 0;

    internal void* Pointer => (void*)handle;

    /// <summary>Memory of our own, cleared, aligned to a cache line.</summary>
    internal static NativeState Allocate(int lengthBytes)
    {
        const nuint Alignment = 64;
        void* memory = NativeMemory.AlignedAlloc((nuint)lengthBytes, Alignment);
        NativeMemory.Clear(memory, (nuint)lengthBytes);
        return new NativeState(memory, &FreeMemory);
    }

    protected override bool ReleaseHandle()
    {
        _free((void*)handle);
        return true;
    }

    [UnmanagedCallersOnly]
    static void FreeMemory(void* memory) => NativeMemory.AlignedFree(memory);
}
