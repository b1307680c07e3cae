using VmdkFast.Format;
using VmdkFast.Storage;

namespace VmdkFast.Opening;

/// <summary>Looks at the change tracking file that a descriptor names: only to say what it is.</summary>
static class ChangeTracking
{
    /// <summary>What there is to say; null when the image names none.</summary>
    /// <remarks>No failure keeps the image from opening.</remarks>
    internal static VmdkChangeTracking? Look(
        string imagePath, DescriptorText? descriptor, ImageFolder folder, ReferenceOpener references)
    {
        if (descriptor?.ChangeTrackPath is not { } name)
        {
            return null;
        }

        var tracking = new VmdkChangeTracking { FileName = name };
        try
        {
            using LocalFile file = references.OpenExtent(
                imagePath, folder, descriptor.ChangeTrackPathBytes.Span, descriptor.NameEncoding,
                FileAccessMode.Read);
            Span<byte> bytes = stackalloc byte[ChangeTrackingHeader.SizeBytes];
            bool recognised = ChangeTrackingHeader.TryRead(
                bytes[..file.Read(bytes, 0)], out ChangeTrackingHeader header)
                && header.Magic == ChangeTrackingHeader.MagicValue;
            return tracking with
            {
                Exists = true,
                Path = file.Path,
                LengthBytes = file.LengthBytes,
                IsRecognised = recognised,
                Identifier = recognised ? Convert.ToHexStringLower(header.Identifier) : null,
            };
        }
        catch (VmdkException failure)
        {
            return tracking with { Exists = failure.Code == VmdkErrorCode.FileMissing ? false : null };
        }
    }
}
