using VmdkFast.Creating;
using VmdkFast.Streaming;

namespace VmdkFast;

public static partial class VmdkImage
{
    /// <summary>Finds out how large an image will be that a disk is converted to. Writes nothing.</summary>
    /// <param name="source">The disk; it stays open, and may be read meanwhile.</param>
    /// <param name="options">What for; null for <see cref="VmdkMeasureOptions.Default"/>.</param>
    /// <param name="progress">Hears of the progress some ten times a second.</param>
    /// <param name="cancellationToken">Ends the work.</param>
    /// <returns>
    /// The length of all files together. For raw and flat targets nothing is read; for sparse ones all that is stored
    /// in the source, because grains of zeros do not count.
    /// </returns>
    /// <exception cref="ArgumentException">
    /// Options are out of range or contradict each other, or the kind cannot be made.
    /// </exception>
    /// <exception cref="VmdkException">The disk is damaged, or was changed meanwhile.</exception>
    public static Task<VmdkMeasurement> MeasureAsync(
        VmdkDisk source, VmdkMeasureOptions? options = null, IProgress<VmdkProgress>? progress = null,
        CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(source);
        VmdkMeasureOptions how = options ?? VmdkMeasureOptions.Default;
        TargetSize size = SizeOf(how, source.Length);
        if (size.IsKnown)
        {
            return Task.FromResult(size.WithAll());
        }

        return source.UseAsync(
            (image, reader) => new DiskMeasurement(
                new DiskSource(image, reader, size.Cut), size, how.EffectiveThreads, progress).Run(cancellationToken),
            cancellationToken);
    }

    /// <summary>Finds out how large a new image of a length will be that holds nothing yet.</summary>
    /// <param name="lengthBytes">Length of the disk, at least 1; rounded up to a sector.</param>
    /// <param name="options">What for; null for <see cref="VmdkMeasureOptions.Default"/>.</param>
    /// <exception cref="ArgumentException">
    /// Options are out of range or contradict each other, or the kind cannot be made.
    /// </exception>
    public static VmdkMeasurement Measure(long lengthBytes, VmdkMeasureOptions? options = null)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(lengthBytes);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(lengthBytes, Sector.ToBytes(Sector.MaxSectors));
        return SizeOf(options ?? VmdkMeasureOptions.Default, Sector.CountFor(lengthBytes) << Sector.Shift).With(0, 0);
    }

    static TargetSize SizeOf(VmdkMeasureOptions options, long lengthBytes)
    {
        options.Validate();
        if (options.Target is { } target)
        {
            DiskCreation.CheckName(options.TargetName);
            CreateRules.Check(target with { LengthBytes = lengthBytes });
        }

        return new TargetSize(options, lengthBytes);
    }
}
