using VmdkFast.Storage;

namespace VmdkFast.Tests.Support;

/// <summary>Counts what is asked of a file.</summary>
sealed class CountingFile(ImageFile inner) : WrappingFile(inner)
{
    long _reads;
    long _bytesRead;
    long _writes;
    long _bytesWritten;
    long _barriers;

    /// <summary>Reads, with or without waiting.</summary>
    internal long Reads => Volatile.Read(ref _reads);

    internal long BytesRead => Volatile.Read(ref _bytesRead);

    internal long Writes => Volatile.Read(ref _writes);

    internal long BytesWritten => Volatile.Read(ref _bytesWritten);

    internal long Barriers => Volatile.Read(ref _barriers);

    internal override int Read(Span<byte> destination, long offsetBytes)
    {
        int count = base.Read(destination, offsetBytes);
        Interlocked.Increment(ref _reads);
        Interlocked.Add(ref _bytesRead, count);
        return count;
    }

    internal override bool TryReadWithoutWaiting(Span<byte> destination, long offsetBytes)
    {
        bool complete = base.TryReadWithoutWaiting(destination, offsetBytes);
        Interlocked.Increment(ref _reads);
        Interlocked.Add(ref _bytesRead, complete ? destination.Length : 0);
        return complete;
    }

    internal override void Write(ReadOnlySpan<byte> source, long offsetBytes)
    {
        base.Write(source, offsetBytes);
        Interlocked.Increment(ref _writes);
        Interlocked.Add(ref _bytesWritten, source.Length);
    }

    internal override void Barrier()
    {
        base.Barrier();
        Interlocked.Increment(ref _barriers);
    }
}
