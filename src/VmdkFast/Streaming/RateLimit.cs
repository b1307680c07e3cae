using System.Diagnostics;

namespace VmdkFast.Streaming;

/// <summary>Lets so many bytes pass in a second, in the mean. Thread-safe.</summary>
/// <param name="bytesPerSecond">At least 1.</param>
/// <param name="clock">The time that has passed; null for the machine's.</param>
/// <param name="wait">Waits for a time, or until the work is cancelled; null for a real wait.</param>
sealed class RateLimit(
    long bytesPerSecond, Func<TimeSpan>? clock = null, Action<TimeSpan, CancellationToken>? wait = null)
{
    readonly Func<TimeSpan> _clock = clock ?? StartClock();
    readonly Action<TimeSpan, CancellationToken> _wait = wait ?? Sleep;
    readonly Lock _lock = new();
    TimeSpan _free;

    /// <summary>Waits until bytes may pass.</summary>
    /// <remarks>
    /// Time in which nothing passed is not saved up: a burst would be what the limit is there against.
    /// </remarks>
    internal void Take(long bytes, CancellationToken cancellationToken)
    {
        TimeSpan pause;
        lock (_lock)
        {
            TimeSpan now = _clock();
            TimeSpan start = _free > now ? _free : now;
            _free = start + TimeSpan.FromSeconds((double)bytes / bytesPerSecond);
            pause = start - now;
        }

        if (pause > TimeSpan.Zero)
        {
            _wait(pause, cancellationToken);
        }
    }

    static Func<TimeSpan> StartClock()
    {
        var watch = Stopwatch.StartNew();
        return () => watch.Elapsed;
    }

    static void Sleep(TimeSpan pause, CancellationToken cancellationToken)
    {
        cancellationToken.WaitHandle.WaitOne(pause);
        cancellationToken.ThrowIfCancellationRequested();
    }
}
