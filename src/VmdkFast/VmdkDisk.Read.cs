using System.Runtime.CompilerServices;
using VmdkFast.Reading;

namespace VmdkFast;

public sealed partial class VmdkDisk
{
    // Larger asynchronous reads run in parallel pieces.
    const int PieceBytes = 1 << 20;
    const int MaxPieces = 4;

    /// <summary>Reads bytes of the disk.</summary>
    /// <param name="buffer">Receives the bytes.</param>
    /// <param name="offsetBytes">Where to begin, 0 or more.</param>
    /// <returns>
    /// Bytes read: all of the buffer, less only at the end of the disk, 0 at or past it.
    /// </returns>
    /// <remarks>
    /// Allocates nothing while the grain table (or the inflated grain) is in memory. A read that runs while the same
    /// bytes are written by another process may be torn at any byte.
    /// </remarks>
    /// <exception cref="ArgumentOutOfRangeException">The offset is negative.</exception>
    /// <exception cref="ObjectDisposedException">The disk is closed.</exception>
    /// <exception cref="VmdkException">The image is damaged there, or the file system failed.</exception>
    public int Read(Span<byte> buffer, long offsetBytes)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(offsetBytes);
        int token = EnterOpen();
        try
        {
            int length = Clamp(buffer.Length, offsetBytes);
            _session.Reader.Read(buffer[..length], offsetBytes, CancellationToken.None);
            Telemetry.Count(Telemetry.Reads, Telemetry.ReadBytes, length);
            return length;
        }
        finally
        {
            _gate.Exit(token);
        }
    }

    /// <summary>As <see cref="Read(Span{byte}, long)"/>, without blocking the caller.</summary>
    /// <param name="buffer">Receives the bytes; it belongs to the call until the task has ended.</param>
    /// <param name="offsetBytes">Where to begin, 0 or more.</param>
    /// <param name="cancellationToken">Ends the read between two steps.</param>
    /// <returns>Bytes read. The task is complete at once when everything was in memory.</returns>
    /// <exception cref="ArgumentOutOfRangeException">The offset is negative.</exception>
    /// <exception cref="ObjectDisposedException">The disk is closed.</exception>
    /// <exception cref="VmdkException">The image is damaged there, or the file system failed.</exception>
    public ValueTask<int> ReadAsync(
        Memory<byte> buffer, long offsetBytes, CancellationToken cancellationToken = default)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(offsetBytes);
        if (cancellationToken.IsCancellationRequested)
        {
            return ValueTask.FromCanceled<int>(cancellationToken);
        }

        int token = EnterOpen();
        try
        {
            int length = Clamp(buffer.Length, offsetBytes);
            Memory<byte> wanted = buffer[..length];
            Telemetry.Count(Telemetry.Reads, Telemetry.ReadBytes, length);
            if (length <= PieceBytes && _session.Reader.TryReadWithoutWaiting(wanted.Span, offsetBytes))
            {
                _gate.Exit(token);
                return new ValueTask<int>(length);
            }

            return length <= PieceBytes
                ? FinishAsync(ReadWork.Queue(_session.Reader, wanted, offsetBytes, cancellationToken), length, token)
                : ReadPiecesAsync(wanted, offsetBytes, token, cancellationToken);
        }
        catch
        {
            _gate.Exit(token);
            throw;
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    int Clamp(int bufferBytes, long offsetBytes)
    {
        long left = Length - offsetBytes;
        return left >= bufferBytes ? bufferBytes : (int)Math.Max(left, 0);
    }

    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    async ValueTask<int> FinishAsync(ValueTask work, int length, int token)
    {
        try
        {
            await work.ConfigureAwait(false);
            return length;
        }
        finally
        {
            _gate.Exit(token);
        }
    }

    async ValueTask<int> ReadPiecesAsync(
        Memory<byte> buffer, long offsetBytes, int token, CancellationToken cancellationToken)
    {
        try
        {
            // Whole MiB, so that no grain of the usual size is inflated by two pieces.
            int pieces = Math.Min(MaxPieces, ((buffer.Length - 1) / PieceBytes) + 1);
            int mebibytes = (((buffer.Length - 1) / PieceBytes) + pieces) / pieces;
            int pieceBytes = (int)Math.Min((long)mebibytes * PieceBytes, buffer.Length);
            var works = new Task[((buffer.Length - 1) / pieceBytes) + 1];
            for (int i = 0; i < works.Length; i++)
            {
                int start = i * pieceBytes;
                works[i] = ReadWork.Queue(
                    _session.Reader, buffer.Slice(start, Math.Min(pieceBytes, buffer.Length - start)),
                    offsetBytes + start, cancellationToken).AsTask();
            }

            // All pieces end before the buffer goes back to the caller, whichever of them failed.
            await Task.WhenAll(works).ConfigureAwait(false);
            return buffer.Length;
        }
        finally
        {
            _gate.Exit(token);
        }
    }
}
