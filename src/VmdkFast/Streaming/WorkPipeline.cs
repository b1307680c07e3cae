using System.Runtime.ExceptionServices;

namespace VmdkFast.Streaming;

/// <summary>
/// Work on a whole disk: taken in order, processed by several threads, and delivered in order where order counts.
/// Memory is bounded by the number of work objects, which are used again and again.
/// </summary>
/// <typeparam name="TWork">A piece of work with its buffers.</typeparam>
/// <remarks>
/// There is no writer thread of its own: whoever finishes the piece that is next delivers it, and everything behind it
/// that is ready. A consumer that blocks (a pipe) therefore holds one thread while the others work on, until all work
/// objects are filled.
/// </remarks>
sealed class WorkPipeline<TWork>
    where TWork : class
{
    readonly Func<TWork, bool> _take;
    readonly Action<TWork> _process;
    readonly Action<TWork>? _deliver;
    readonly Stack<TWork> _free;
    readonly Dictionary<long, TWork> _ready = [];
    readonly Dictionary<TWork, long> _taken = [];
    readonly object _lock = new();
    long _nextTaken;
    long _nextDelivered;
    bool _delivering;
    bool _ended;
    ExceptionDispatchInfo? _failure;

    /// <param name="works">The work objects: how many pieces may be under way at once.</param>
    /// <param name="take">
    /// Fills in the next piece, one call at a time and in order; false when there is none left.
    /// </param>
    /// <param name="process">Does the work of a piece; many at once.</param>
    /// <param name="deliver">
    /// Consumes processed pieces, one call at a time and in order; null when order is nothing.
    /// </param>
    internal WorkPipeline(
        IEnumerable<TWork> works, Func<TWork, bool> take, Action<TWork> process, Action<TWork>? deliver)
    {
        _free = new Stack<TWork>(works);
        _take = take;
        _process = process;
        _deliver = deliver;
    }

    /// <summary>Runs to the end on the calling thread and <paramref name="threads"/> - 1 further ones.</summary>
    /// <remarks>
    /// All threads have ended when this returns or throws; the first failure is the one that is thrown.
    /// </remarks>
    internal void Run(int threads, CancellationToken cancellationToken)
    {
        using CancellationTokenRegistration registration =
            cancellationToken.Register(() => Fail(new OperationCanceledException(cancellationToken)));
        var others = new Thread[threads - 1];
        for (int i = 0; i < others.Length; i++)
        {
            others[i] = new Thread(Work) { IsBackground = true, Name = $"VmdkFast pipeline {i + 2}" };
            others[i].Start();
        }

        Work();
        foreach (Thread other in others)
        {
            other.Join();
        }

        _failure?.Throw();
    }

    void Work()
    {
        try
        {
            while (Begin() is { } work)
            {
                _process(work);
                End(work);
            }
        }
        catch (Exception failure)
        {
            Fail(failure);
        }
    }

    TWork? Begin()
    {
        lock (_lock)
        {
            while (_free.Count == 0 && !_ended)
            {
                Monitor.Wait(_lock);
            }

            if (_ended)
            {
                return null;
            }

            // Ended before the lock is left, also by a failure: a source that has failed is nowhere, and what another
            // thread took from it would fail differently, and perhaps be the failure that is reported.
            TWork work = _free.Pop();
            bool taken = false;
            try
            {
                taken = _take(work);
            }
            finally
            {
                if (!taken)
                {
                    _ended = true;
                    Monitor.PulseAll(_lock);
                }
            }

            if (!taken)
            {
                return null;
            }

            _taken[work] = _nextTaken++;
            return work;
        }
    }

    void End(TWork work)
    {
        lock (_lock)
        {
            if (_deliver is null)
            {
                _free.Push(work);
                Monitor.Pulse(_lock);
                return;
            }

            _ready.Add(_taken[work], work);
            if (_delivering)
            {
                return;
            }

            _delivering = true;
        }

        DeliverReady();
    }

    void DeliverReady()
    {
        while (true)
        {
            TWork? next;
            lock (_lock)
            {
                if (_failure is not null || !_ready.Remove(_nextDelivered, out next))
                {
                    _delivering = false;
                    return;
                }
            }

            _deliver!(next);
            lock (_lock)
            {
                _nextDelivered++;
                _free.Push(next);
                Monitor.Pulse(_lock);
            }
        }
    }

    void Fail(Exception failure)
    {
        lock (_lock)
        {
            _failure ??= ExceptionDispatchInfo.Capture(failure);
            _ended = true;
            Monitor.PulseAll(_lock);
        }
    }
}
