using System.Runtime.ExceptionServices;

namespace VmdkFast.Caching;

/// <summary>A load under way: it stands in the place of what is being loaded, and others wait on it.</summary>
/// <remarks>
/// The owner is always a running thread that ends the ticket in a <c>finally</c> or <c>catch</c>, so waiting is
/// bounded by one load. Nothing is remembered of a failure but here: the next comer tries again.
/// </remarks>
sealed class Ticket
{
    bool _ended;
    ExceptionDispatchInfo? _failure;

    /// <summary>Ends the load and wakes everybody who waits for it.</summary>
    internal void End(Exception? failure = null)
    {
        lock (this)
        {
            _failure = failure is null ? null : ExceptionDispatchInfo.Capture(failure);
            _ended = true;
            Monitor.PulseAll(this);
        }
    }

    /// <summary>Waits for the end of the load; throws what the load threw.</summary>
    internal void Wait()
    {
        lock (this)
        {
            while (!_ended)
            {
                Monitor.Wait(this);
            }
        }

        _failure?.Throw();
    }
}
