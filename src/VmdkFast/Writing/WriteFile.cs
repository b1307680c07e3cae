using VmdkFast.Storage;

namespace VmdkFast.Writing;

/// <summary>A file of the written image, and whether it holds writes that no barrier has covered.</summary>
sealed class WriteFile(ImageFile file)
{
    int _written;

    internal ImageFile File => file;

    /// <summary>Whether a write may not be durable yet.</summary>
    internal bool IsWritten => Volatile.Read(ref _written) != 0;

    /// <summary>Writes, and notes it afterwards.</summary>
    /// <remarks>
    /// In this order: a flush that clears the note too early only syncs once more, while a note before the write could
    /// be cleared by a flush whose barrier did not cover it.
    /// </remarks>
    internal void Write(ReadOnlySpan<byte> source, long offsetBytes)
    {
        file.Write(source, offsetBytes);
        Volatile.Write(ref _written, 1);
    }

    /// <summary>Gives blocks back, and notes it afterwards.</summary>
    internal void PunchHole(long offsetBytes, long lengthBytes)
    {
        file.PunchHole(offsetBytes, lengthBytes);
        Volatile.Write(ref _written, 1);
    }

    /// <summary>Makes the file longer, and notes it afterwards.</summary>
    internal void Grow(long lengthBytes)
    {
        file.Grow(lengthBytes);
        Volatile.Write(ref _written, 1);
    }

    /// <summary>Makes it shorter, and notes it afterwards.</summary>
    internal void Truncate(long lengthBytes)
    {
        file.Truncate(lengthBytes);
        Volatile.Write(ref _written, 1);
    }

    /// <summary>A barrier, if anything was written since the last one.</summary>
    internal void BarrierIfWritten()
    {
        if (Interlocked.Exchange(ref _written, 0) != 0)
        {
            file.Barrier();
        }
    }
}
