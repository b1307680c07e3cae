using VmdkFast.Caching;
using VmdkFast.Tests.Support;
using Xunit;

namespace VmdkFast.Tests.Caching;

public sealed class TableLoadTests
{
    const int Threads = 6;

    [Fact]
    public void ALoadThatSleptNeverBringsAStaleTableBack()
    {
        using var asleep = new ManualResetEventSlim();
        using var wake = new ManualResetEventSlim();
        var backing = new BackingTables(1);
        backing.TableWasRead = (_, load) =>
        {
            if (load == 1)
            {
                asleep.Set();
                Actor.Await(wake);
            }
        };
        TableDirectory directory = backing.OpenDirectory();
        Actor reader = Actor.Start(() => directory.Get(0));
        Actor.Await(asleep);

        // Load, change, write back, evict: all of it behind the back of the sleeper, if the cache lets it happen.
        Actor writer = Actor.Start(() =>
        {
            backing.Increment(directory, 0, 3);
            Assert.True(directory.Get(0)!.TryEvict());
        });
        writer.AwaitWaitingOrEnded();
        wake.Set();
        Actor.JoinAll(reader, writer);

        Assert.Equal(1u, backing.Read(0, 3));
        Assert.Equal(1u, directory.Get(0)!.Entries[3]);
    }

    [Fact]
    public void ThreadsThatMissOneTableShareOneLoad()
    {
        using var wake = new ManualResetEventSlim();
        var backing = new BackingTables(2) { TableWasRead = (_, _) => Actor.Await(wake) };
        TableDirectory directory = backing.OpenDirectory();
        var tables = new Table?[Threads];
        Actor[] actors = Actor.StartMany(Threads, index => tables[index] = directory.Get(1));
        Array.ForEach(actors, actor => actor.AwaitWaitingOrEnded());
        wake.Set();
        Actor.JoinAll(actors);

        Assert.Equal(1, backing.LoadsOf(1));
        Assert.All(tables, table => Assert.Same(directory.TryGet(1), table));
    }

    [Fact]
    public void ThreadsThatMissOneSegmentShareOneLoad()
    {
        using var wake = new ManualResetEventSlim();
        var backing = new BackingTables(2) { DirectoryWasRead = _ => Actor.Await(wake) };
        TableDirectory directory = backing.OpenDirectory();
        var segments = new TableSegment?[Threads];
        Actor[] actors = Actor.StartMany(Threads, index => segments[index] = directory.GetSegment(index & 1));
        Array.ForEach(actors, actor => actor.AwaitWaitingOrEnded());
        wake.Set();
        Actor.JoinAll(actors);

        Assert.Equal(1, backing.DirectoryLoads);
        Assert.All(segments, segment => Assert.Same(directory.TryGetSegment(0), segment));
    }

    [Fact]
    public void AFailedTableLoadFailsAllWhoWaitedAndNobodyLater()
    {
        using var wake = new ManualResetEventSlim();
        var failure = new IOException("one bad read");
        var backing = new BackingTables(1);
        backing.TableWasRead = (_, load) =>
        {
            Actor.Await(wake);
            if (load == 1)
            {
                throw failure;
            }
        };
        TableDirectory directory = backing.OpenDirectory();
        Actor[] actors = Actor.StartMany(Threads, _ => directory.Get(0));
        Array.ForEach(actors, actor => actor.AwaitWaitingOrEnded());
        wake.Set();

        Assert.All(actors, actor => Assert.Same(failure, actor.Join()));
        Assert.Null(directory.TryGet(0));
        Assert.NotNull(directory.Get(0));
        Assert.Equal(2, backing.LoadsOf(0));
    }

    [Fact]
    public void AFailedSegmentLoadFailsAllWhoWaitedAndNobodyLater()
    {
        using var wake = new ManualResetEventSlim();
        var failure = new IOException("one bad read");
        var backing = new BackingTables(1);
        backing.DirectoryWasRead = load =>
        {
            Actor.Await(wake);
            if (load == 1)
            {
                throw failure;
            }
        };
        TableDirectory directory = backing.OpenDirectory();
        Actor[] actors = Actor.StartMany(Threads, _ => directory.Get(0));
        Array.ForEach(actors, actor => actor.AwaitWaitingOrEnded());
        wake.Set();

        Assert.All(actors, actor => Assert.Same(failure, actor.Join()));
        Assert.Null(directory.TryGetSegment(0));
        Assert.NotNull(directory.Get(0));
        Assert.Equal(2, backing.DirectoryLoads);
    }

    [Fact]
    public void ATableBeingLoadedIsNotYetFound()
    {
        using var asleep = new ManualResetEventSlim();
        using var wake = new ManualResetEventSlim();
        var backing = new BackingTables(1);
        backing.TableWasRead = (_, _) =>
        {
            asleep.Set();
            Actor.Await(wake);
        };
        TableDirectory directory = backing.OpenDirectory();
        Actor reader = Actor.Start(() => directory.Get(0));
        Actor.Await(asleep);
        Assert.Null(directory.TryGet(0));
        wake.Set();
        Actor.JoinAll(reader);
        Assert.NotNull(directory.TryGet(0));
    }

    [Fact]
    public void ATableWhoseDirectoryEntryIsZeroIsNeverLoaded()
    {
        var backing = new BackingTables(3) { Absent = { 1 } };
        TableDirectory directory = backing.OpenDirectory();
        Assert.Null(directory.Get(1));
        Assert.Null(directory.TryGet(1));
        Assert.NotNull(directory.Get(2));
        Assert.Equal(0, backing.LoadsOf(1));
        Assert.Equal(1, backing.DirectoryLoads);
    }
}
