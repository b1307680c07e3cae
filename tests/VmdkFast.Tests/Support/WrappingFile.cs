using VmdkFast.Storage;

namespace VmdkFast.Tests.Support;

/// <summary>Passes everything on; what a double changes, it overrides.</summary>
abstract class WrappingFile(ImageFile inner) : ImageFile
{
    internal override string Path => inner.Path;

    internal override FileIdentity Identity => inner.Identity;

    internal override bool CanWrite => inner.CanWrite;

    internal override long LengthBytes => inner.LengthBytes;

    internal override long AllocatedBytes => inner.AllocatedBytes;

    internal override int Read(Span<byte> destination, long offsetBytes) => inner.Read(destination, offsetBytes);

    internal override bool TryReadWithoutWaiting(Span<byte> destination, long offsetBytes) =>
        inner.TryReadWithoutWaiting(destination, offsetBytes);

    internal override void Write(ReadOnlySpan<byte> source, long offsetBytes) => inner.Write(source, offsetBytes);

    internal override void Barrier() => inner.Barrier();

    internal override void Grow(long lengthBytes) => inner.Grow(lengthBytes);

    internal override void Truncate(long lengthBytes) => inner.Truncate(lengthBytes);

    internal override void PunchHole(long offsetBytes, long lengthBytes) => inner.PunchHole(offsetBytes, lengthBytes);

    internal override ByteRange NextData(long offsetBytes) => inner.NextData(offsetBytes);

    public override void Dispose() => inner.Dispose();
}
