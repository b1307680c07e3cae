using VmdkFast.Storage;
using VmdkFast.Streaming;

namespace VmdkFast;

/// <summary>Operations on whole images.</summary>
public static partial class VmdkImage
{
    /// <summary>Writes a disk's content as a raw file or onto a block device.</summary>
    /// <param name="source">The disk; it stays open, and may be read meanwhile.</param>
    /// <param name="targetPath">
    /// The file. A new or replaced regular file appears under its name only when it is complete; a device, a file with
    /// several links and an existing target (<see cref="VmdkConvertOptions.IntoExisting"/>) are written in place, a
    /// pipe or character device in order.
    /// </param>
    /// <param name="options">How; null for <see cref="VmdkConvertOptions.Default"/>.</param>
    /// <param name="progress">Hears of the progress some ten times a second.</param>
    /// <param name="cancellationToken">Ends the work; a temporary target is removed.</param>
    /// <exception cref="VmdkException">
    /// The source is damaged or was changed meanwhile, or the target is refused.
    /// </exception>
    public static Task ConvertAsync(
        VmdkDisk source, string targetPath, VmdkConvertOptions? options = null,
        IProgress<VmdkProgress>? progress = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(source);
        ArgumentException.ThrowIfNullOrEmpty(targetPath);
        VmdkConvertOptions how = options ?? VmdkConvertOptions.Default;
        how.Validate();
        return source.UseAsync(
            (image, reader) =>
            {
                using System.Diagnostics.Activity? activity = Telemetry.Start("convert", targetPath);
                if (TargetFile.TryOpenInOrder(targetPath) is { } pipe)
                {
                    using Stream closed = pipe;
                    new RawConversion(new DiskSource(image, reader), how.EffectiveThreads, progress).WriteTo(pipe, cancellationToken);
                    return;
                }

                using TargetFile target = TargetFile.Create(
                    targetPath, image.Top.LengthBytes, how.IntoExisting, image.Files);
                new RawConversion(new DiskSource(image, reader), how.EffectiveThreads, progress)
                    .WriteTo(target.File, target.IsZero, cancellationToken);
                target.Commit(how.Sync);
            },
            cancellationToken);
    }

    /// <summary>Writes a disk's content as raw bytes into a stream, in order, zeros included.</summary>
    /// <param name="source">The disk; it stays open, and may be read meanwhile.</param>
    /// <param name="target">Receives <see cref="VmdkDisk.Length"/> bytes; it is flushed, not closed.</param>
    /// <param name="options">How; null for <see cref="VmdkConvertOptions.Default"/>.</param>
    /// <param name="progress">Hears of the progress some ten times a second.</param>
    /// <param name="cancellationToken">Ends the work between two writes.</param>
    /// <exception cref="VmdkException">The source is damaged, or was changed meanwhile.</exception>
    public static Task ConvertAsync(
        VmdkDisk source, Stream target, VmdkConvertOptions? options = null,
        IProgress<VmdkProgress>? progress = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(source);
        ArgumentNullException.ThrowIfNull(target);
        VmdkConvertOptions how = options ?? VmdkConvertOptions.Default;
        how.Validate();
        return source.UseAsync(
            (image, reader) =>
            {
                new RawConversion(new DiskSource(image, reader), how.EffectiveThreads, progress).WriteTo(target, cancellationToken);
                target.Flush();
            },
            cancellationToken);
    }
}
