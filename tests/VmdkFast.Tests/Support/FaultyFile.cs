using VmdkFast.Storage;

namespace VmdkFast.Tests.Support;

/// <summary>A file on hardware that fails in the ways given; set them at any time.</summary>
sealed class FaultyFile(ImageFile inner) : WrappingFile(inner)
{
    /// <summary>Reads that touch this range fail, as of a bad sector.</summary>
    internal ByteRange? UnreadableRange { get; set; }

    /// <summary>Writes that touch this range fail, as on a full device.</summary>
    internal ByteRange? UnwritableRange { get; set; }

    /// <summary>Where the file really ends, although its length says more: it was cut since it was opened.</summary>
    internal long? EndsAtBytes { get; set; }

    /// <summary>Barriers that still fail.</summary>
    internal int FailingBarriers { get; set; }

    internal override int Read(Span<byte> destination, long offsetBytes)
    {
        ThrowIfTouched(UnreadableRange, offsetBytes, destination.Length, "Input/output error (5)");
        long leftBytes = Math.Max(0, (EndsAtBytes ?? long.MaxValue) - offsetBytes);
        return base.Read(destination[..(int)Math.Min(destination.Length, leftBytes)], offsetBytes);
    }

    internal override bool TryReadWithoutWaiting(Span<byte> destination, long offsetBytes) => false;

    internal override void Write(ReadOnlySpan<byte> source, long offsetBytes)
    {
        ThrowIfTouched(UnwritableRange, offsetBytes, source.Length, "No space left on device (28)");
        base.Write(source, offsetBytes);
    }

    internal override void Barrier()
    {
        if (FailingBarriers > 0)
        {
            FailingBarriers--;
            throw new VmdkException(VmdkErrorCode.InputOutput, Path, "barrier failed", found: "I/O error (5)");
        }

        base.Barrier();
    }

    void ThrowIfTouched(ByteRange? bad, long offsetBytes, int lengthBytes, string error)
    {
        if (bad is { } range && offsetBytes < range.EndBytes && offsetBytes + lengthBytes > range.StartBytes)
        {
            throw new VmdkException(
                VmdkErrorCode.InputOutput, Path, "transfer failed", Math.Max(offsetBytes, range.StartBytes),
                found: error);
        }
    }
}
