using VmdkFast.Streaming;

namespace VmdkFast;

public static partial class VmdkImage
{
    /// <summary>
    /// Reduces a disk's content to a digest: every byte that the guest sees, zeros included, parents included. Images
    /// of different kinds that hold the same disk have the same digest, and it is that of the raw disk's bytes.
    /// </summary>
    /// <param name="disk">The disk; it stays open, and may be read meanwhile.</param>
    /// <param name="options">How; null for <see cref="VmdkHashOptions.Default"/>.</param>
    /// <param name="progress">Hears of the progress some ten times a second.</param>
    /// <param name="cancellationToken">Ends the work.</param>
    /// <exception cref="ArgumentException">An option is out of its range.</exception>
    /// <exception cref="VmdkException">The disk is damaged, or was changed meanwhile.</exception>
    public static Task<VmdkDigest> HashAsync(
        VmdkDisk disk, VmdkHashOptions? options = null, IProgress<VmdkProgress>? progress = null,
        CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(disk);
        VmdkHashOptions how = options ?? VmdkHashOptions.Default;
        how.Validate();
        return disk.UseAsync(
            (image, reader) => new DiskHash(
                new DiskSource(image, reader, PieceCut.Anywhere), how.EffectiveThreads, progress)
                .Run(how.Algorithm, cancellationToken),
            cancellationToken);
    }
}
