using VmdkFast.Opening;
using VmdkFast.Reading;
using VmdkFast.Streaming;

namespace VmdkFast;

/// <summary>Operations on whole images.</summary>
public static partial class VmdkImage
{
    /// <summary>Writes a disk's content as a raw file, onto a block device, or as an image of another kind.</summary>
    /// <param name="source">The disk; it stays open, and may be read meanwhile.</param>
    /// <param name="targetPath">
    /// The file. A new or replaced regular file appears under its name only when it is complete, and so do the files of
    /// an image, its descriptor last; a device, a file with several links and an existing target
    /// (<see cref="VmdkConvertOptions.IntoExisting"/>) are written in place, a pipe or character device in order.
    /// </param>
    /// <param name="options">How, and what; null for <see cref="VmdkConvertOptions.Default"/>.</param>
    /// <param name="progress">Hears of the progress some ten times a second.</param>
    /// <param name="cancellationToken">Ends the work; nothing is left of a new target.</param>
    /// <returns>What was done.</returns>
    /// <exception cref="ArgumentException">Options are out of range or contradict each other.</exception>
    /// <exception cref="VmdkException">
    /// The source is damaged or was changed meanwhile, or the target is refused.
    /// </exception>
    public static Task<VmdkConvertResult> ConvertAsync(
        VmdkDisk source, string targetPath, VmdkConvertOptions? options = null,
        IProgress<VmdkProgress>? progress = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(source);
        ArgumentException.ThrowIfNullOrEmpty(targetPath);
        VmdkConvertOptions how = options ?? VmdkConvertOptions.Default;
        TargetMaker maker = Prepare(source, how, isStream: false);
        return source.UseAsync(
            (image, reader) =>
            {
                using System.Diagnostics.Activity? activity = Telemetry.Start("convert", targetPath);
                VmdkConvertResult result;
                using (PieceTarget target = maker.Open(targetPath, image.Files, cancellationToken))
                {
                    result = Convert(image, reader, target, how, progress, cancellationToken);
                }

                if (how.Verify)
                {
                    Verify(targetPath, how, result.Digest!, cancellationToken);
                }

                return result;
            },
            cancellationToken);
    }

    /// <summary>
    /// Writes a disk's content into a stream, in order: raw bytes, zeros included, or a streamOptimized image of the
    /// export layout.
    /// </summary>
    /// <param name="source">The disk; it stays open, and may be read meanwhile.</param>
    /// <param name="target">Only written to, never sought; it is flushed, not closed.</param>
    /// <param name="options">How, and what; null for <see cref="VmdkConvertOptions.Default"/>.</param>
    /// <param name="progress">Hears of the progress some ten times a second.</param>
    /// <param name="cancellationToken">Ends the work between two writes.</param>
    /// <returns>What was done.</returns>
    /// <exception cref="ArgumentException">
    /// Options are out of range or contradict each other, or ask for what a stream cannot take.
    /// </exception>
    /// <exception cref="VmdkException">The source is damaged, or was changed meanwhile.</exception>
    public static Task<VmdkConvertResult> ConvertAsync(
        VmdkDisk source, Stream target, VmdkConvertOptions? options = null,
        IProgress<VmdkProgress>? progress = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(source);
        ArgumentNullException.ThrowIfNull(target);
        VmdkConvertOptions how = options ?? VmdkConvertOptions.Default;
        TargetMaker maker = Prepare(source, how, isStream: true);
        return source.UseAsync(
            (image, reader) =>
            {
                using PieceTarget pieces = maker.OpenStream(target, leaveOpen: true);
                return Convert(image, reader, pieces, how, progress, cancellationToken);
            },
            cancellationToken);
    }

    static TargetMaker Prepare(VmdkDisk source, VmdkConvertOptions options, bool isStream)
    {
        CheckOptions(options, isStream);
        var maker = new TargetMaker(options, source.Length);
        maker.Check(isStream);
        return maker;
    }

    static void CheckOptions(VmdkConvertOptions options, bool isStream)
    {
        options.Validate();
        if (isStream && options.Verify)
        {
            throw new ArgumentException("What went into a stream cannot be read back.");
        }

        if (isStream && options.IntoExisting)
        {
            throw new ArgumentException("A stream is no existing target: it is written from its start.");
        }
    }

    static VmdkConvertResult Convert(
        OpenedImage image, DiskReader reader, PieceTarget target, VmdkConvertOptions options,
        IProgress<VmdkProgress>? progress, CancellationToken cancellationToken) =>
        Convert(
            (cut, unreadable) => new DiskSource(image, reader, cut) { Unreadable = unreadable }, target, options,
            progress, cancellationToken);

    static VmdkConvertResult Convert(
        Func<PieceCut, UnreadableRanges?, PieceSource> openSource, PieceTarget target, VmdkConvertOptions options,
        IProgress<VmdkProgress>? progress, CancellationToken cancellationToken)
    {
        UnreadableRanges? unreadable = options.Salvage ? new UnreadableRanges() : null;
        using ContentDigest? digest = options.EffectiveDigest is { } algorithm ? new ContentDigest(algorithm) : null;
        VmdkConvertResult result = new Conversion(options, progress)
        {
            Observer = digest is null ? null : piece => digest.Append(piece, cancellationToken),
        }.Run(cut => openSource(cut, unreadable), target, unreadable, cancellationToken);
        return digest is null ? result : result with { Digest = digest.Complete() };
    }
}
