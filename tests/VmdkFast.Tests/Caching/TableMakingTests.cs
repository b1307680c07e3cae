using VmdkFast.Caching;
using VmdkFast.Tests.Support;
using Xunit;

namespace VmdkFast.Tests.Caching;

/// <summary>Tables that do not exist yet, made by the first who writes into them.</summary>
public sealed class TableMakingTests
{
    const int Threads = 6;

    [Fact]
    public void ThreadsThatNeedOneNewTableMakeItOnce()
    {
        using var wake = new ManualResetEventSlim();
        var backing = new BackingTables(2) { Absent = { 1 } };
        TableDirectory directory = backing.OpenDirectory();
        int made = 0;
        var tables = new Table?[Threads];
        Actor[] actors = Actor.StartMany(Threads, index => tables[index] = directory.GetOrMake(1, Place));
        Array.ForEach(actors, actor => actor.AwaitWaitingOrEnded());
        wake.Set();
        Actor.JoinAll(actors);

        Assert.Equal(1, made);
        Assert.All(tables, table => Assert.Same(directory.TryGet(1), table));

        uint Place(int tableIndex)
        {
            Interlocked.Increment(ref made);
            Actor.Await(wake);
            return (uint)tableIndex + 1;
        }
    }

    // Made, written back and evicted by the others, between somebody's look at the directory entry and its ticket.
    [Fact]
    public void WhoSawNoTableAndWasStoppedDoesNotMakeTheTableAgain()
    {
        var backing = new BackingTables(2) { Absent = { 1 } };
        TableDirectory directory = backing.OpenDirectory();
        Assert.Null(directory.Get(1));
        Assert.True(directory.GetOrMake(1, _ => 2).TryEvict());
        Table? table = directory.TryMake(1, _ => throw new InvalidOperationException("made again"));
        Assert.Same(table, directory.TryGet(1));
    }

    // The same by chance, which needs a thread that is stopped in just that place.
    [Fact]
    public void ThreadsThatNeedOneNewTableMakeItOnceEvenWhenItLeavesAtOnce()
    {
        const int Tables = 2_000;
        var backing = new BackingTables(Tables);
        backing.Absent.UnionWith(Enumerable.Range(0, Tables));
        TableDirectory directory = backing.OpenDirectory();
        int[] made = new int[Tables];
        int next = 0;
        Actor.JoinAll(Actor.StartMany(Threads, _ =>
        {
            for (int table = 0; table < Tables; table = Math.Max(table + 1, Volatile.Read(ref next)))
            {
                Volatile.Write(ref next, table);
                for (int round = 0; round < 20; round++)
                {
                    directory.GetOrMake(table, Place).TryEvict();
                }
            }
        }));
        Assert.DoesNotContain(made, count => count > 1);

        uint Place(int tableIndex)
        {
            Interlocked.Increment(ref made[tableIndex]);
            return (uint)tableIndex + 1;
        }
    }

    [Fact]
    public void ATableThatCouldNotBeMadeIsMadeByTheNextComer()
    {
        var backing = new BackingTables(1) { Absent = { 0 } };
        TableDirectory directory = backing.OpenDirectory();
        Assert.Throws<IOException>(() => directory.GetOrMake(0, _ => throw new IOException("no space")));
        Assert.Null(directory.Get(0));
        Assert.Same(directory.GetOrMake(0, _ => 1), directory.Get(0));
    }
}
