namespace VmdkFast.Writing;

/// <summary>Writes an extent that lies in its file byte for byte.</summary>
sealed class FlatWriter(WriteFile file, long fileOffsetBytes) : ExtentWriter(file)
{
    static readonly byte[] s_zeros = new byte[1 << 20];

    internal override void Write(ReadOnlySpan<byte> source, long offsetBytes, CancellationToken cancellationToken) =>
        File!.Write(source, fileOffsetBytes + offsetBytes);

    internal override void Clear(
        long offsetBytes, long lengthBytes, bool discard, CancellationToken cancellationToken)
    {
        long start = fileOffsetBytes + offsetBytes;

        // A file with all its blocks was preallocated on purpose: zeros must not take them away.
        if (discard || File!.File.AllocatedBytes < File.File.LengthBytes)
        {
            File!.PunchHole(start, lengthBytes);
            return;
        }

        for (long done = 0; done < lengthBytes;)
        {
            cancellationToken.ThrowIfCancellationRequested();
            int step = (int)Math.Min(lengthBytes - done, s_zeros.Length);
            File.Write(s_zeros.AsSpan(0, step), start + done);
            done += step;
        }
    }
}
