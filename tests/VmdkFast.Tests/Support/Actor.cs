using System.Diagnostics;
using Xunit;
using ThreadState = System.Threading.ThreadState;

namespace VmdkFast.Tests.Support;

/// <summary>
/// A thread of a test's schedule: it can be watched until it waits or has ended, and it hands back its failure.
/// </summary>
sealed class Actor
{
    // Far above any honest wait, even on a machine with many busy neighbours: a hang becomes a failure.
    static readonly TimeSpan s_patience = TimeSpan.FromSeconds(60);

    readonly Thread _thread;
    Exception? _failure;

    Actor(Action work)
    {
        _thread = new Thread(() =>
        {
            try
            {
                work();
            }
            catch (Exception failure)
            {
                _failure = failure;
            }
        })
        {
            IsBackground = true,
        };
    }

    internal bool HasEnded => !_thread.IsAlive;

    internal static Actor Start(Action work)
    {
        var actor = new Actor(work);
        actor._thread.Start();
        return actor;
    }

    internal static Actor[] StartMany(int count, Action<int> work) =>
        [.. Enumerable.Range(0, count).Select(index => Start(() => work(index)))];

    /// <summary>Waits for an event of the schedule.</summary>
    internal static void Await(ManualResetEventSlim happened) =>
        Assert.True(happened.Wait(s_patience, TestContext.Current.CancellationToken), "The schedule got stuck.");

    /// <summary>
    /// Returns when the thread waits for somebody, or has ended: then nothing more happens in it by itself.
    /// </summary>
    internal Actor AwaitWaitingOrEnded()
    {
        // A thread may wait for an instant on its way; only one that is found waiting several times has arrived.
        const int LooksWanted = 4;
        var watch = Stopwatch.StartNew();
        for (int looks = 0; looks < LooksWanted; Thread.Sleep(1))
        {
            ThreadState state = _thread.ThreadState;
            looks = (state & (ThreadState.WaitSleepJoin | ThreadState.Stopped)) != 0 ? looks + 1 : 0;
            Assert.True(watch.Elapsed < s_patience, "A thread neither waits nor ends.");
        }

        return this;
    }

    /// <summary>Waits for the end; what the thread failed with, or null.</summary>
    internal Exception? Join()
    {
        Assert.True(_thread.Join(s_patience), "A thread does not end.");
        return _failure;
    }

    /// <summary>Waits for the end of all and insists on success.</summary>
    internal static void JoinAll(params ReadOnlySpan<Actor> actors)
    {
        foreach (Actor actor in actors)
        {
            Exception? failure = actor.Join();
            Assert.True(failure is null, failure?.ToString());
        }
    }
}
