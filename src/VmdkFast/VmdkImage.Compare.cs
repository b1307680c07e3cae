using VmdkFast.Streaming;

namespace VmdkFast;

public static partial class VmdkImage
{
    /// <summary>Compares the content of two disks, whatever their kinds, and finds the first difference.</summary>
    /// <param name="first">The one disk; it stays open, and may be read meanwhile.</param>
    /// <param name="second">The other disk; it may be the same one.</param>
    /// <param name="options">How; null for <see cref="VmdkCompareOptions.Default"/>.</param>
    /// <param name="progress">Hears of the progress some ten times a second.</param>
    /// <param name="cancellationToken">Ends the work.</param>
    /// <returns>
    /// The lowest difference, whatever the number of threads. What is known to be zeros on both sides is not read.
    /// </returns>
    /// <exception cref="ArgumentOutOfRangeException">An option is out of its range.</exception>
    /// <exception cref="VmdkException">One of the disks is damaged, or was changed meanwhile.</exception>
    public static Task<VmdkComparison> CompareAsync(
        VmdkDisk first, VmdkDisk second, VmdkCompareOptions? options = null, IProgress<VmdkProgress>? progress = null,
        CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(first);
        ArgumentNullException.ThrowIfNull(second);
        VmdkCompareOptions how = options ?? VmdkCompareOptions.Default;
        how.Validate();
        return first.UseAsync(
            (image, reader) => second.Use(
                (otherImage, otherReader) => new DiskComparison(
                    new ComparedDisk(image, reader), new ComparedDisk(otherImage, otherReader), how, progress)
                    .Run(cancellationToken)),
            cancellationToken);
    }
}
