using VmdkFast.Writing;

namespace VmdkFast;

public sealed partial class VmdkDisk
{
    /// <summary>Writes bytes of the disk.</summary>
    /// <param name="source">The bytes.</param>
    /// <param name="offsetBytes">Where to begin; the whole range must lie inside the disk.</param>
    /// <param name="durable">Whether this write, and everything before it, is durable when the call returns.</param>
    /// <remarks>
    /// What has been written is read by everybody at once, and survives a power cut from the next
    /// <see cref="Flush"/> on. Concurrent writes of the same bytes leave each byte as one of them wrote it.
    /// </remarks>
    /// <exception cref="ArgumentOutOfRangeException">
    /// A part of the range is outside the disk; nothing was written.
    /// </exception>
    /// <exception cref="InvalidOperationException">The disk was opened for reading.</exception>
    /// <exception cref="ObjectDisposedException">The disk is closed.</exception>
    /// <exception cref="VmdkException">
    /// The image does not allow it, or the file system failed: then any part of the range may have been written.
    /// </exception>
    public void Write(ReadOnlySpan<byte> source, long offsetBytes, bool durable = false)
    {
        RequireRange(offsetBytes, source.Length);
        int token = EnterOpen();
        try
        {
            DiskWriter writer = RequireWriter();
            writer.Write(source, offsetBytes, CancellationToken.None);
            if (durable)
            {
                writer.Flush();
            }
        }
        finally
        {
            _gate.Exit(token);
        }
    }

    /// <summary>As <see cref="Write(ReadOnlySpan{byte}, long, bool)"/>, on a pool thread.</summary>
    /// <param name="source">The bytes; they belong to the call until the task has ended.</param>
    /// <param name="offsetBytes">Where to begin; the whole range must lie inside the disk.</param>
    /// <param name="durable">Whether this write, and everything before it, is durable when the task ends.</param>
    /// <param name="cancellationToken">Ends the write between two grains.</param>
    /// <remarks>
    /// Always on the pool: a write into the page cache may be held back by the kernel for as long as the device takes.
    /// </remarks>
    public ValueTask WriteAsync(
        ReadOnlyMemory<byte> source, long offsetBytes, bool durable = false,
        CancellationToken cancellationToken = default)
    {
        RequireRange(offsetBytes, source.Length);
        return new ValueTask(RunAsync(
            () =>
            {
                DiskWriter writer = RequireWriter();
                writer.Write(source.Span, offsetBytes, cancellationToken);
                if (durable)
                {
                    writer.Flush();
                }
            },
            cancellationToken));
    }

    /// <summary>Makes a range read as zeros, without storing zeros where the image can do without.</summary>
    /// <param name="offsetBytes">Where to begin.</param>
    /// <param name="lengthBytes">Length of the range, which must lie inside the disk.</param>
    /// <exception cref="ArgumentOutOfRangeException">
    /// A part of the range is outside the disk; nothing was written.
    /// </exception>
    /// <exception cref="InvalidOperationException">The disk was opened for reading.</exception>
    /// <exception cref="VmdkException">The image does not allow it, or the file system failed.</exception>
    public void WriteZeroes(long offsetBytes, long lengthBytes) =>
        Clear(offsetBytes, lengthBytes, discard: false, CancellationToken.None);

    /// <summary>As <see cref="WriteZeroes"/>, on a pool thread.</summary>
    /// <param name="offsetBytes">Where to begin.</param>
    /// <param name="lengthBytes">Length of the range, which must lie inside the disk.</param>
    /// <param name="cancellationToken">Ends the work between two grains.</param>
    public Task WriteZeroesAsync(long offsetBytes, long lengthBytes, CancellationToken cancellationToken = default)
    {
        RequireRange(offsetBytes, lengthBytes);
        return Task.Run(() => Clear(offsetBytes, lengthBytes, discard: false, cancellationToken), cancellationToken);
    }

    /// <summary>Gives the space of a range back, as far as the image can.</summary>
    /// <param name="offsetBytes">Where to begin.</param>
    /// <param name="lengthBytes">Length of the range, which must lie inside the disk.</param>
    /// <remarks>
    /// Afterwards each byte of the range reads as zero or as before, never as what a parent holds there.
    /// </remarks>
    /// <exception cref="ArgumentOutOfRangeException">
    /// A part of the range is outside the disk; nothing was changed.
    /// </exception>
    /// <exception cref="InvalidOperationException">The disk was opened for reading.</exception>
    /// <exception cref="VmdkException">The image does not allow it, or the file system failed.</exception>
    public void Discard(long offsetBytes, long lengthBytes) =>
        Clear(offsetBytes, lengthBytes, discard: true, CancellationToken.None);

    /// <summary>As <see cref="Discard"/>, on a pool thread.</summary>
    /// <param name="offsetBytes">Where to begin.</param>
    /// <param name="lengthBytes">Length of the range, which must lie inside the disk.</param>
    /// <param name="cancellationToken">Ends the work between two grains.</param>
    public Task DiscardAsync(long offsetBytes, long lengthBytes, CancellationToken cancellationToken = default)
    {
        RequireRange(offsetBytes, lengthBytes);
        return Task.Run(() => Clear(offsetBytes, lengthBytes, discard: true, cancellationToken), cancellationToken);
    }

    /// <summary>
    /// Makes everything durable whose write had returned before the call. Nothing to do for a reader.
    /// </summary>
    /// <exception cref="VmdkException">
    /// <see cref="VmdkErrorCode.DurabilityLost"/> when the device failed a barrier, now and on every later write or
    /// flush; any other code leaves everything to be flushed again.
    /// </exception>
    public void Flush()
    {
        int token = EnterOpen();
        try
        {
            _session.Writer?.Flush();
        }
        finally
        {
            _gate.Exit(token);
        }
    }

    /// <summary>As <see cref="Flush"/>, on a pool thread.</summary>
    /// <param name="cancellationToken">Cancels the flush before it starts.</param>
    public Task FlushAsync(CancellationToken cancellationToken = default) => Task.Run(Flush, cancellationToken);

    void Clear(long offsetBytes, long lengthBytes, bool discard, CancellationToken cancellationToken)
    {
        RequireRange(offsetBytes, lengthBytes);
        int token = EnterOpen();
        try
        {
            RequireWriter().Clear(offsetBytes, lengthBytes, discard, cancellationToken);
        }
        finally
        {
            _gate.Exit(token);
        }
    }

    Task<bool> RunAsync(Action operation, CancellationToken cancellationToken) =>
        RunAsync(
            () =>
            {
                operation();
                return true;
            },
            cancellationToken);

    Task<TResult> RunAsync<TResult>(Func<TResult> operation, CancellationToken cancellationToken)
    {
        int token = EnterOpen();
        return Task.Run(
            () =>
            {
                try
                {
                    cancellationToken.ThrowIfCancellationRequested();
                    return operation();
                }
                finally
                {
                    _gate.Exit(token);
                }
            },
            CancellationToken.None);
    }

    void RequireRange(long offsetBytes, long lengthBytes)
    {
        RequireWriter();
        ArgumentOutOfRangeException.ThrowIfNegative(offsetBytes);
        ArgumentOutOfRangeException.ThrowIfNegative(lengthBytes);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(offsetBytes, Length);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(lengthBytes, Length - offsetBytes);
    }

    // Asked for again by who has entered the gate: before that the disk may have been reopened.
    DiskWriter RequireWriter() => _session.Writer
        ?? throw new InvalidOperationException("The disk was opened for reading; ask for VmdkOpenAccess.ReadWrite.");
}
