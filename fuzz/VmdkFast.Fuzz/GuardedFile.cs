using VmdkFast.Storage;

namespace VmdkFast.Fuzz;

/// <summary>An input as a file that was never written: its bytes lie in front of a guard page.</summary>
sealed class GuardedFile(GuardedMemory memory, int lengthBytes) : ImageFile
{
    internal override string Path => "fuzz.vmdk";

    internal override FileIdentity Identity => default;

    internal override bool CanWrite => false;

    internal override long LengthBytes => lengthBytes;

    internal override long AllocatedBytes => lengthBytes;

    internal override int Read(Span<byte> destination, long offsetBytes)
    {
        // A place before the file is a finding, a place behind it is how files end.
        ArgumentOutOfRangeException.ThrowIfNegative(offsetBytes);
        int count = (int)Math.Clamp(lengthBytes - offsetBytes, 0, destination.Length);
        if (count > 0)
        {
            memory.AtEnd(lengthBytes).Slice((int)offsetBytes, count).CopyTo(destination);
        }

        return count;
    }

    internal override bool TryReadWithoutWaiting(Span<byte> destination, long offsetBytes) =>
        Read(destination, offsetBytes) == destination.Length;

    internal override ByteRange NextData(long offsetBytes) => new(Math.Min(offsetBytes, lengthBytes), lengthBytes);

    internal override void Write(ReadOnlySpan<byte> source, long offsetBytes) => throw ReadOnly();

    internal override void Barrier() => throw ReadOnly();

    internal override void Grow(long lengthBytes) => throw ReadOnly();

    internal override void Truncate(long lengthBytes) => throw ReadOnly();

    internal override void PunchHole(long offsetBytes, long lengthBytes) => throw ReadOnly();

    public override void Dispose()
    {
    }

    static InvalidOperationException ReadOnly() => new("A reader changes its file.");
}
