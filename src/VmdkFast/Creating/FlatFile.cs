using VmdkFast.Storage;

namespace VmdkFast.Creating;

/// <summary>Makes a new, empty file a raw disk of zeros.</summary>
static class FlatFile
{
    const int PieceBytes = 1 << 20;

    /// <summary>Gives the file its length and, if wanted, its blocks.</summary>
    internal static void Write(
        LocalFile file, long lengthBytes, VmdkPreallocation preallocation, CancellationToken cancellationToken)
    {
        switch (preallocation)
        {
            case VmdkPreallocation.Off:
                file.Grow(lengthBytes);
                break;
            case VmdkPreallocation.Reserved:
                file.Reserve(lengthBytes);
                break;
            default:
                WriteZeros(file, lengthBytes, cancellationToken);
                break;
        }
    }

    static void WriteZeros(LocalFile file, long lengthBytes, CancellationToken cancellationToken)
    {
        byte[] zeros = new byte[Math.Min(lengthBytes, PieceBytes)];
        for (long offset = 0; offset < lengthBytes; offset += zeros.Length)
        {
            cancellationToken.ThrowIfCancellationRequested();
            file.Write(zeros.AsSpan(0, (int)Math.Min(zeros.Length, lengthBytes - offset)), offset);
        }
    }
}
