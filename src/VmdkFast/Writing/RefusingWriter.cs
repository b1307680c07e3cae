namespace VmdkFast.Writing;

/// <summary>Stands for an extent that cannot be written: no file, read-only, or no access.</summary>
sealed class RefusingWriter(string path, string reason) : ExtentWriter(null)
{
    internal override void RequireAllowed(long offsetBytes, long lengthBytes, bool clears) => throw Refused();

    internal override void Write(ReadOnlySpan<byte> source, long offsetBytes, CancellationToken cancellationToken) =>
        throw Refused();

    internal override void Clear(
        long offsetBytes, long lengthBytes, bool discard, CancellationToken cancellationToken) => throw Refused();

    protected override void Prepare() => throw Refused();

    VmdkException Refused() =>
        new(VmdkErrorCode.AccessRefused, path, "the extent cannot be written", null, "access", reason, "RW");
}
