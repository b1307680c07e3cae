using System.Collections.Concurrent;
using System.Threading.Tasks.Sources;

namespace VmdkFast.Reading;

/// <summary>One asynchronous read: the synchronous executor on a pool thread, in a recycled work item.</summary>
/// <remarks>
/// There is no second read loop for asynchronous calls, and nothing is lost by it: on Unix the framework's own
/// asynchronous file read is a synchronous one on a pool thread too.
/// </remarks>
sealed class ReadWork : IThreadPoolWorkItem, IValueTaskSource
{
    const int MaxSpare = 64;

    static readonly ConcurrentQueue<ReadWork> s_spare = new();

    ManualResetValueTaskSourceCore<bool> _core = new() { RunContinuationsAsynchronously = true };
    DiskReader? _reader;
    Memory<byte> _destination;
    long _offsetBytes;
    CancellationToken _cancellationToken;

    /// <summary>Queues a read of a range inside the disk. The disk must stay open until the task has ended.</summary>
    internal static ValueTask Queue(
        DiskReader reader, Memory<byte> destination, long offsetBytes, CancellationToken cancellationToken)
    {
        if (!s_spare.TryDequeue(out ReadWork? work))
        {
            work = new ReadWork();
        }

        work._reader = reader;
        work._destination = destination;
        work._offsetBytes = offsetBytes;
        work._cancellationToken = cancellationToken;
        var task = new ValueTask(work, work._core.Version);
        ThreadPool.UnsafeQueueUserWorkItem(work, preferLocal: false);
        return task;
    }

    void IThreadPoolWorkItem.Execute()
    {
        try
        {
            _cancellationToken.ThrowIfCancellationRequested();
            _reader!.Read(_destination.Span, _offsetBytes, _cancellationToken);
            _core.SetResult(true);
        }
        catch (Exception failure)
        {
            _core.SetException(failure);
        }
    }

    void IValueTaskSource.GetResult(short token)
    {
        try
        {
            _core.GetResult(token);
        }
        finally
        {
            _reader = null;
            _destination = default;
            _cancellationToken = default;
            _core.Reset();
            if (s_spare.Count < MaxSpare)
            {
                s_spare.Enqueue(this);
            }
        }
    }

    ValueTaskSourceStatus IValueTaskSource.GetStatus(short token) => _core.GetStatus(token);

    void IValueTaskSource.OnCompleted(
        Action<object?> continuation, object? state, short token, ValueTaskSourceOnCompletedFlags flags) =>
        _core.OnCompleted(continuation, state, token, flags);
}
