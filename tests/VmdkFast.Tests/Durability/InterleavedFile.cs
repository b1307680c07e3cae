using VmdkFast.Storage;
using VmdkFast.Tests.Support;

namespace VmdkFast.Tests.Durability;

/// <summary>
/// Lets a test run something at the very moment of a call: the threads' order is then chosen, not hoped for.
/// </summary>
sealed class InterleavedFile(ImageFile inner) : WrappingFile(inner)
{
    /// <summary>Before bytes reach the file; gets their offset. Runs once, then it is gone.</summary>
    internal Action<long>? BeforeWrite { get; set; }

    /// <summary>After a barrier has covered the file, before the engine knows it. Runs once, then it is gone.</summary>
    internal Action? AfterBarrier { get; set; }

    /// <summary>Before a hole is punched; gets its offset. Runs once, then it is gone.</summary>
    internal Action<long>? BeforePunch { get; set; }

    internal override void Write(ReadOnlySpan<byte> source, long offsetBytes)
    {
        Action<long>? action = BeforeWrite;
        BeforeWrite = null;
        action?.Invoke(offsetBytes);
        base.Write(source, offsetBytes);
    }

    internal override void PunchHole(long offsetBytes, long lengthBytes)
    {
        Action<long>? action = BeforePunch;
        BeforePunch = null;
        action?.Invoke(offsetBytes);
        base.PunchHole(offsetBytes, lengthBytes);
    }

    internal override void Barrier()
    {
        base.Barrier();
        Action? action = AfterBarrier;
        AfterBarrier = null;
        action?.Invoke();
    }
}
