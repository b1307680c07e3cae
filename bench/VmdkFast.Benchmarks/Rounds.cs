using System.Diagnostics;

namespace VmdkFast.Benchmarks;

/// <summary>Work of one round on one thread.</summary>
/// <param name="thread">Number of the thread, from 0.</param>
/// <param name="round">Number of the round, from 0.</param>
delegate void RoundWork(int thread, int round);

/// <summary>
/// Times two pieces of work in turn, in many short rounds of the same process: noise of the machine meets both, and
/// the median of the rounds' ratios is left.
/// </summary>
static class Rounds
{
    const int WarmUpRounds = 40;

    /// <summary>Runs rounds for some seconds.</summary>
    /// <returns>For each round the seconds of both.</returns>
    internal static List<(double First, double Second)> Run(
        int threads, double seconds, RoundWork first, RoundWork second)
    {
        using var workers = new Workers(threads);
        var rounds = new List<(double, double)>();
        for (int round = 0; round < WarmUpRounds; round++)
        {
            workers.Time(first, round);
            workers.Time(second, round);
        }

        long start = Stopwatch.GetTimestamp();
        for (int round = 0; Stopwatch.GetElapsedTime(start).TotalSeconds < seconds; round++)
        {
            // Whoever comes second finds warmer processor caches, so the two take turns in that too.
            if (round % 2 == 0)
            {
                double one = workers.Time(first, round);
                rounds.Add((one, workers.Time(second, round)));
            }
            else
            {
                double two = workers.Time(second, round);
                rounds.Add((workers.Time(first, round), two));
            }
        }

        return rounds;
    }

    /// <summary>Threads that wait for work between rounds; starting one costs more than a round may deviate.</summary>
    sealed class Workers : IDisposable
    {
        readonly Barrier _barrier;
        readonly Thread[] _threads;
        RoundWork? _work;
        int _round;

        internal Workers(int threads)
        {
            _barrier = new Barrier(threads);
            _threads =
            [
                .. Enumerable.Range(1, threads - 1)
                    .Select(t => new Thread(() => Serve(t)) { IsBackground = true }),
            ];
            Array.ForEach(_threads, thread => thread.Start());
        }

        /// <summary>Seconds until the last thread has done its part; the caller is thread 0.</summary>
        internal double Time(RoundWork work, int round)
        {
            (_work, _round) = (work, round);
            _barrier.SignalAndWait();
            long start = Stopwatch.GetTimestamp();
            work(0, round);
            _barrier.SignalAndWait();
            return Stopwatch.GetElapsedTime(start).TotalSeconds;
        }

        public void Dispose()
        {
            _work = null;
            _barrier.SignalAndWait();
            Array.ForEach(_threads, thread => thread.Join());
            _barrier.Dispose();
        }

        void Serve(int thread)
        {
            while (true)
            {
                _barrier.SignalAndWait();
                if (_work is null)
                {
                    return;
                }

                _work(thread, _round);
                _barrier.SignalAndWait();
            }
        }
    }
}
