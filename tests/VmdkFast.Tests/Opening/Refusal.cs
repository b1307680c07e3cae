using VmdkFast.Tests.Support;
using Xunit;

namespace VmdkFast.Tests.Opening;

/// <summary>What is said of a bad image, and what it cost to find out.</summary>
static class Refusal
{
    // Far below what a hostile header can ask for, far above what any refusal needs.
    const long MaxAllocatedBytes = 8 << 20;

    /// <summary>Opens an image that must be refused, in little memory.</summary>
    internal static VmdkException OfOpening(string path, VmdkOpenOptions? options = null)
    {
        VmdkException refusal = InLittleMemory(() => VmdkDisk.Open(path, options).Dispose());
        Assert.Equal(0, OpenHandles.CountBelow(Path.GetDirectoryName(path)!));
        return refusal;
    }

    /// <summary>Opens an image that opens, and reads a part that must be refused, in little memory.</summary>
    internal static VmdkException OfReading(
        string path, long offsetBytes = 0, int lengthBytes = 512, VmdkOpenOptions? options = null)
    {
        using var disk = VmdkDisk.Open(path, options);
        byte[] bytes = new byte[lengthBytes];
        return InLittleMemory(() => disk.Read(bytes, offsetBytes));
    }

    /// <summary>The parts of a fault, each as the caller must get it.</summary>
    internal static void Says(
        this VmdkException refusal, VmdkErrorCode code, string path, long? offsetBytes, string? field,
        string? found = null, string? wanted = null)
    {
        Assert.Equal(code, refusal.Code);
        Assert.Equal(path, refusal.Path);
        Assert.Equal(offsetBytes, refusal.OffsetBytes);
        Assert.Equal(field, refusal.Field);
        Assert.NotNull(refusal.Found ?? refusal.Wanted);
        if (found is not null)
        {
            Assert.Contains(found, refusal.Found, StringComparison.Ordinal);
        }

        if (wanted is not null)
        {
            Assert.Contains(wanted, refusal.Wanted, StringComparison.Ordinal);
        }

        Assert.DoesNotContain('\n', refusal.Message);
        Assert.StartsWith(path, refusal.Message, StringComparison.Ordinal);
    }

    static VmdkException InLittleMemory(Action action)
    {
        long before = GC.GetAllocatedBytesForCurrentThread();
        var refusal = Assert.Throws<VmdkException>(action);
        long allocated = GC.GetAllocatedBytesForCurrentThread() - before;
        Assert.True(allocated < MaxAllocatedBytes, $"{allocated} bytes were allocated to find out: {refusal.Message}");
        return refusal;
    }
}
