using System.Buffers.Binary;
using VmdkFast.Format;
using VmdkFast.Storage;

namespace VmdkFast.Opening;

/// <summary>What the first bytes of a file say it is.</summary>
enum ImageSignature
{
    Descriptor,
    HostedSparse,
    Cowd,
    SeSparse,
}

/// <summary>Looks at the first bytes of a file; the name never counts.</summary>
static class Probe
{
    /// <summary>The signature of a file that must be an image.</summary>
    /// <exception cref="VmdkException"><see cref="VmdkErrorCode.NotVmdk"/>: empty, too short, or foreign.</exception>
    internal static ImageSignature Look(ImageFile file)
    {
        Span<byte> start = stackalloc byte[DescriptorText.ProbeBytes];
        start = start[..file.Read(start, 0)];
        if (Signature(start) is { } signature)
        {
            return signature;
        }

        if (DescriptorText.LooksLikeDescriptor(start))
        {
            return ImageSignature.Descriptor;
        }

        if (start.Length >= sizeof(uint)
            && BinaryPrimitives.ReadUInt32LittleEndian(start) == ChangeTrackingHeader.MagicValue)
        {
            throw new VmdkException(
                VmdkErrorCode.NotVmdk, file.Path, "the file keeps track of an image's changes, and is no image", 0,
                "magic", "that of a change tracking file (-ctk)", "the image that names this file");
        }

        throw new VmdkException(
            VmdkErrorCode.NotVmdk, file.Path,
            start.IsEmpty ? "the file is empty" : "the file is not a VMDK image", 0, "magic", Show(start),
            "KDMV, COWD, seSparse, or descriptor text with version=1, 2 or 3");
    }

    /// <summary>The binary signature that bytes begin with; null when there is none.</summary>
    internal static ImageSignature? Signature(ReadOnlySpan<byte> start)
    {
        if (start.Length < sizeof(uint))
        {
            return null;
        }

        uint magic = BinaryPrimitives.ReadUInt32LittleEndian(start);
        return magic switch
        {
            SparseHeader.MagicValue => ImageSignature.HostedSparse,
            CowdHeader.MagicValue => ImageSignature.Cowd,
            _ when start.Length >= sizeof(ulong)
                && BinaryPrimitives.ReadUInt64LittleEndian(start) == SeSparseHeader.MagicValue =>
                ImageSignature.SeSparse,
            _ => null,
        };
    }

    static string Show(ReadOnlySpan<byte> start) =>
        start.IsEmpty ? "nothing" : Convert.ToHexString(start[..Math.Min(start.Length, 4)]);
}
