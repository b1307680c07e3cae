using VmdkFast.Compression;
using VmdkFast.Streaming;

namespace VmdkFast;

/// <content>Streams as sources.</content>
public static partial class VmdkImage
{
    // Stands where messages have a path.
    const string StreamName = "the stream";

    /// <summary>
    /// Converts a streamOptimized image that comes in order, such as from a pipe, into a file or device.
    /// </summary>
    /// <param name="source">
    /// Only read from, never sought, up to its end; it is not closed. Grains have 64 MiB at most, and there is no
    /// parent.
    /// </param>
    /// <param name="targetPath">The target; see the other overloads.</param>
    /// <param name="options">How, and what; null for <see cref="VmdkConvertOptions.Default"/>.</param>
    /// <param name="progress">Hears of the progress some ten times a second.</param>
    /// <param name="cancellationToken">Ends the work between two reads; nothing is left of a new target.</param>
    /// <returns>What was done.</returns>
    /// <exception cref="ArgumentException">Options are out of range or contradict each other.</exception>
    /// <exception cref="VmdkException">
    /// The stream is damaged, ends early (<see cref="VmdkErrorCode.Truncated"/>), is no streamOptimized image, or
    /// holds its grains in an order that the target cannot take (<see cref="VmdkErrorCode.OrderNotAscending"/>); or
    /// the target is refused.
    /// </exception>
    public static Task<VmdkConvertResult> ConvertAsync(
        Stream source, string targetPath, VmdkConvertOptions? options = null, IProgress<VmdkProgress>? progress = null,
        CancellationToken cancellationToken = default)
    {
        ArgumentException.ThrowIfNullOrEmpty(targetPath);
        return ConvertIncomingAsync(
            () => OpenStream(source), source, options, targetPath, progress,
            maker => maker.Open(targetPath, [], cancellationToken), cancellationToken);
    }

    /// <summary>Converts a streamOptimized image that comes in order into another stream.</summary>
    /// <param name="source">Only read from, never sought, up to its end; it is not closed. Its grains ascend.</param>
    /// <param name="target">Only written to, never sought; it is flushed, not closed.</param>
    /// <param name="options">How, and what; null for <see cref="VmdkConvertOptions.Default"/>.</param>
    /// <param name="progress">Hears of the progress some ten times a second.</param>
    /// <param name="cancellationToken">Ends the work between two reads.</param>
    /// <returns>What was done.</returns>
    /// <exception cref="ArgumentException">
    /// Options are out of range or contradict each other, or ask for what a stream cannot take.
    /// </exception>
    /// <exception cref="VmdkException">As in the other overload.</exception>
    public static Task<VmdkConvertResult> ConvertAsync(
        Stream source, Stream target, VmdkConvertOptions? options = null, IProgress<VmdkProgress>? progress = null,
        CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(target);
        return ConvertIncomingAsync(
            () => OpenStream(source), source, options, targetPath: null, progress,
            maker => maker.OpenStream(target, leaveOpen: true), cancellationToken);
    }

    /// <summary>Converts a raw disk that comes in order, such as from a pipe, into a file or device.</summary>
    /// <param name="source">Only read from, never sought, up to its end; it is not closed.</param>
    /// <param name="lengthBytes">
    /// How many bytes it holds, at least 1: headers come before the data. The disk is that long, rounded up to 512.
    /// </param>
    /// <param name="targetPath">The target; see the other overloads.</param>
    /// <param name="options">How, and what; null for <see cref="VmdkConvertOptions.Default"/>.</param>
    /// <param name="progress">Hears of the progress some ten times a second.</param>
    /// <param name="cancellationToken">Ends the work between two reads; nothing is left of a new target.</param>
    /// <returns>What was done.</returns>
    /// <exception cref="ArgumentException">Options are out of range or contradict each other.</exception>
    /// <exception cref="VmdkException">
    /// The source is shorter (<see cref="VmdkErrorCode.Truncated"/>) or longer
    /// (<see cref="VmdkErrorCode.SourceChanged"/>) than stated, or the target is refused.
    /// </exception>
    public static Task<VmdkConvertResult> ConvertRawAsync(
        Stream source, long lengthBytes, string targetPath, VmdkConvertOptions? options = null,
        IProgress<VmdkProgress>? progress = null, CancellationToken cancellationToken = default)
    {
        ArgumentException.ThrowIfNullOrEmpty(targetPath);
        CheckRawLength(lengthBytes);
        return ConvertIncomingAsync(
            () => OpenRaw(source, lengthBytes), source, options, targetPath, progress,
            maker => maker.Open(targetPath, [], cancellationToken), cancellationToken);
    }

    /// <summary>Converts a raw disk that comes in order into another stream.</summary>
    /// <param name="source">Only read from, never sought, up to its end; it is not closed.</param>
    /// <param name="lengthBytes">How many bytes it holds, at least 1.</param>
    /// <param name="target">Only written to, never sought; it is flushed, not closed.</param>
    /// <param name="options">How, and what; null for <see cref="VmdkConvertOptions.Default"/>.</param>
    /// <param name="progress">Hears of the progress some ten times a second.</param>
    /// <param name="cancellationToken">Ends the work between two reads.</param>
    /// <returns>What was done.</returns>
    /// <exception cref="ArgumentException">
    /// Options are out of range or contradict each other, or ask for what a stream cannot take.
    /// </exception>
    /// <exception cref="VmdkException">As in the other overload.</exception>
    public static Task<VmdkConvertResult> ConvertRawAsync(
        Stream source, long lengthBytes, Stream target, VmdkConvertOptions? options = null,
        IProgress<VmdkProgress>? progress = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(target);
        CheckRawLength(lengthBytes);
        return ConvertIncomingAsync(
            () => OpenRaw(source, lengthBytes), source, options, targetPath: null, progress,
            maker => maker.OpenStream(target, leaveOpen: true), cancellationToken);
    }

    static void CheckRawLength(long lengthBytes)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(lengthBytes, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(lengthBytes, Sector.ToBytes(Sector.MaxSectors));
    }

    static IncomingDisk OpenRaw(Stream source, long lengthBytes) => new(
        RawStreamSource.PaddedBytes(lengthBytes),
        (cut, _, _, _) => new RawStreamSource(source, lengthBytes, StreamName, cut));

    static IncomingDisk OpenStream(Stream source)
    {
        // The length is in the header, so the source is begun before there is a target.
        IncomingStream incoming = IncomingStream.Open(source, StreamName, VmdkLimits.Default);
        return new IncomingDisk(
            incoming.Shape.CapacityBytes,
            (cut, codec, inOrder, unreadable) => new StreamSource(incoming, codec, cut, inOrder)
            {
                Unreadable = unreadable,
            });
    }

    static Task<VmdkConvertResult> ConvertIncomingAsync(
        Func<IncomingDisk> open, Stream source, VmdkConvertOptions? options, string? targetPath,
        IProgress<VmdkProgress>? progress, Func<TargetMaker, PieceTarget> openTarget,
        CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(source);
        VmdkConvertOptions how = options ?? VmdkConvertOptions.Default;
        CheckOptions(how, isStream: targetPath is null);
        return Task.Run(
            () =>
            {
                IncomingDisk incoming = open();
                var maker = new TargetMaker(how, incoming.LengthBytes);
                maker.Check(isStream: targetPath is null);
                VmdkConvertResult result;
                using (PieceTarget target = openTarget(maker))
                {
                    // A digest is over the disk in its order.
                    bool inOrder = target.InOrder || how.EffectiveDigest is not null;
                    result = Convert(
                        (cut, unreadable) => incoming.MakeSource(
                            cut, GrainCodec.Of(how.Codec), inOrder, unreadable),
                        target, how, progress, cancellationToken);
                }

                if (targetPath is not null && how.Verify)
                {
                    Verify(targetPath, how, result.Digest!, cancellationToken);
                }

                return result;
            },
            cancellationToken);
    }

    /// <summary>A disk that comes in order: its length, and what makes its source when the target is known.</summary>
    sealed record IncomingDisk(
        long LengthBytes, Func<PieceCut, GrainCodec, bool, UnreadableRanges?, PieceSource> MakeSource);
}
