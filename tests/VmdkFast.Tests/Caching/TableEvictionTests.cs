using VmdkFast.Caching;
using VmdkFast.Tests.Support;
using Xunit;

namespace VmdkFast.Tests.Caching;

public sealed class TableEvictionTests
{
    // However small the budget, a cache keeps this many tables: TableCache's floor.
    const int Floor = 64;

    [Fact]
    public void ATableIsNotEvictedWhileSomebodyHoldsItsLock()
    {
        TableDirectory directory = new BackingTables(1).OpenDirectory();
        Table table = directory.Get(0)!;
        WhileLocked([table], () =>
        {
            Assert.False(table.TryEvict());
            Assert.False(table.Evicted);
            Assert.Same(table, directory.TryGet(0));
        });

        Assert.True(table.TryEvict());
        Assert.True(table.Evicted);
        Assert.Null(directory.TryGet(0));
    }

    [Fact]
    public void ATableThatSomebodyStillHasWorkWithIsNotEvicted()
    {
        Table table = new BackingTables(1).OpenDirectory().Get(0)!;
        lock (table)
        {
            Assert.True(table.Publish(3, 7));
            Assert.False(table.TryEvict());

            // Copied by a flush, and not yet in the file.
            Assert.Equal(1u, table.TakeDirty());
            Assert.False(table.TryEvict());
            table.Flushing = false;

            Claim claim = table.AddClaim(4, 1);
            Assert.False(table.TryEvict());
            table.RemoveClaim(claim);

            table.AddFreed(128);
            Assert.False(table.TryEvict());
            Assert.NotNull(table.TakeFreed());
            Assert.True(table.TryEvict());
        }
    }

    [Fact]
    public void AWriterWhoseTableIsEvictedBeforeItHoldsTheLockLooksAgain()
    {
        var backing = new BackingTables(1);
        TableDirectory directory = backing.OpenDirectory();
        Table? evicted = null;
        backing.WriterFoundTable = table =>
        {
            if (evicted is null)
            {
                evicted = table;
                Assert.True(table.TryEvict());
                Assert.NotSame(table, directory.Get(0));
            }
        };
        backing.Increment(directory, 0, 5);

        Assert.Equal(1u, directory.TryGet(0)!.Entries[5]);
        Assert.Equal(1u, backing.Read(0, 5));
        Assert.Equal(0u, evicted!.Entries[5]);
    }

    [Fact]
    public void OnlyATableWhoseLockIsFreeMakesRoom()
    {
        const int Unlocked = 17;
        TableDirectory directory = new BackingTables(Floor + 1).OpenDirectory(budgetBytes: 0);
        Table[] tables = Load(directory, Floor);
        WhileLocked([.. tables.Where((_, index) => index != Unlocked)], () => directory.Get(Floor));

        Assert.NotNull(directory.TryGet(Floor));
        Assert.All(tables, (table, index) => Assert.Equal(index == Unlocked, table.Evicted));
        Assert.Null(directory.TryGet(Unlocked));
    }

    [Fact]
    public void WhereNobodyCanLeaveANewTableServesOneOperationOnly()
    {
        var cache = new TableCache(budgetBytes: 0);
        var backing = new BackingTables(Floor + 1);
        var directory = new TableDirectory(cache, backing, Floor + 1, BackingTables.TableEntries);
        Table[] tables = Load(directory, Floor);
        long residentBytes = cache.ResidentBytes;
        WhileLocked(tables, () =>
        {
            Table passing = directory.Get(Floor)!;
            Assert.True(passing.Evicted);
            Assert.Null(directory.TryGet(Floor));
        });

        Assert.Equal(residentBytes, cache.ResidentBytes);
        Assert.All(tables, table => Assert.False(table.Evicted));
        Assert.False(directory.Get(Floor)!.Evicted);
    }

    [Fact]
    public void ATableThatCanNeitherStayNorLeaveIsStillCharged()
    {
        var cache = new TableCache(budgetBytes: 0);
        var segment = new TableSegment(new uint[TableSegment.Length]);
        Table[] tables = [.. Enumerable.Range(0, Floor + 1).Select(slot => Install(segment, slot))];
        foreach (Table table in tables.AsSpan(0, Floor))
        {
            cache.Admit(table);
        }

        // A writer found the newest in its slot, and holds its lock, before the cache made room for it.
        WhileLocked(tables, () => cache.Admit(tables[Floor]));
        Assert.False(tables[Floor].Evicted);
        Assert.Equal((Floor + 1) * tables[Floor].CostBytes, cache.ResidentBytes);

        cache.Admit(Install(segment, Floor + 1));
        Assert.Equal(Floor * tables[Floor].CostBytes, cache.ResidentBytes);
        Assert.Equal(Floor, segment.Slots.Count(slot => slot is not null));
    }

    [Fact]
    public void TheClockSparesWhatWasUsedSinceItsHandPassed()
    {
        const int Idle = 41;
        TableDirectory directory = new BackingTables(Floor + 2).OpenDirectory(budgetBytes: 0);
        Table[] tables = Load(directory, Floor);

        // The first to come finds all used: the hand clears every one and takes the first.
        directory.Get(Floor);
        Assert.Equal([0], Enumerable.Range(0, Floor).Where(index => tables[index].Evicted));

        foreach (int index in Enumerable.Range(1, Floor - 1).Where(index => index != Idle))
        {
            directory.TryGet(index);
        }

        directory.Get(Floor + 1);
        Assert.Equal([0, Idle], Enumerable.Range(0, Floor).Where(index => tables[index].Evicted));
    }

    static Table[] Load(TableDirectory directory, int count) =>
        [.. Enumerable.Range(0, count).Select(index => directory.Get(index)!)];

    static Table Install(TableSegment segment, int slot)
    {
        var table = new Table(segment, slot, slot, new uint[BackingTables.TableEntries]);
        segment.Slots[slot] = table;
        return table;
    }

    // The locks belong to another thread: a monitor would let its own thread in again.
    static void WhileLocked(Table[] tables, Action action)
    {
        using var locked = new ManualResetEventSlim();
        using var release = new ManualResetEventSlim();
        Actor holder = Actor.Start(() =>
        {
            Array.ForEach(tables, Monitor.Enter);
            locked.Set();
            Actor.Await(release);
            Array.ForEach(tables, Monitor.Exit);
        });
        Actor.Await(locked);
        try
        {
            action();
        }
        finally
        {
            release.Set();
            Actor.JoinAll(holder);
        }
    }
}
