using VmdkFast.Streaming;

namespace VmdkFast;

public static partial class VmdkImage
{
    /// <summary>Reads a complete target back, and compares it with what was written into it.</summary>
    /// <exception cref="VmdkException">
    /// <see cref="VmdkErrorCode.VerificationFailed"/>, or what opening and reading has to say.
    /// </exception>
    internal static void Verify(
        string path, VmdkConvertOptions options, VmdkDigest written, CancellationToken cancellationToken)
    {
        using VmdkDisk target = options.Target is { } image
            ? VmdkDisk.Open(path, OptionsFor(image))
            : VmdkDisk.OpenRaw(path);
        VmdkDigest found = target.Use((opened, reader) =>
            new DiskHash(new DiskSource(opened, reader, PieceCut.Anywhere), options.EffectiveThreads, null)
            {
                // An existing target may be longer than what was put into it.
                LimitBytes = written.LengthBytes,
            }.Run(written.Algorithm, cancellationToken));
        if (found != written)
        {
            VmdkException.Throw(
                VmdkErrorCode.VerificationFailed, path, "the target does not hold what was written into it", null,
                written.Algorithm.ToString(), $"{found.Hex} over {found.LengthBytes} bytes",
                $"{written.Hex} over {written.LengthBytes} bytes");
        }
    }

    // The parent is the one that the caller named, wherever that is.
    static VmdkOpenOptions OptionsFor(VmdkCreateOptions image) =>
        image.ParentPath is null
            ? VmdkOpenOptions.Default
            : (image.ParentOpenOptions ?? VmdkOpenOptions.Default) with { References = VmdkReferencePolicy.Anywhere };
}
