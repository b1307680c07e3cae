using VmdkFast.Storage;
using VmdkFast.Tests.Support;

namespace VmdkFast.Tests.Writing;

/// <summary>A file one of whose writes waits until it is let go: the moment in which a race would happen.</summary>
sealed class BlockingFile(ImageFile inner) : WrappingFile(inner)
{
    Func<long, ReadOnlyMemory<byte>, bool>? _blocks;

    /// <summary>Set when the write has arrived; nothing of it is in the file yet.</summary>
    internal ManualResetEventSlim Arrived { get; } = new();

    /// <summary>Lets the write go on.</summary>
    internal ManualResetEventSlim Release { get; } = new();

    /// <summary>What a write fails with once it is let go; null lets it succeed.</summary>
    internal VmdkException? Failure { get; set; }

    /// <summary>The next write for which this is true waits; no other one does.</summary>
    internal void BlockNext(Func<long, ReadOnlyMemory<byte>, bool> blocks) => Volatile.Write(ref _blocks, blocks);

    internal override void Write(ReadOnlySpan<byte> source, long offsetBytes)
    {
        if (Volatile.Read(ref _blocks) is { } blocks && blocks(offsetBytes, source.ToArray())
            && Interlocked.CompareExchange(ref _blocks, null, blocks) == blocks)
        {
            Arrived.Set();
            Release.Wait();
            if (Failure is { } failure)
            {
                throw failure;
            }
        }

        base.Write(source, offsetBytes);
    }

    internal override void Barrier()
    {
    }

    public override void Dispose()
    {
        Release.Set();
        base.Dispose();
    }
}
