using VmdkFast.Caching;
using VmdkFast.Tests.Support;
using Xunit;

namespace VmdkFast.Tests.Caching;

public sealed class TableBudgetTests
{
    const int Floor = 64;
    const int Tables = 3 * TableSegment.Length;

    [Fact]
    public void ResidentMemoryStaysWithinTheBudgetAndIsWhatItSays()
    {
        long tableBytes = CostOfOneTable();
        long budgetBytes = (3 * TableSegment.CostBytes) + (100 * tableBytes);
        var cache = new TableCache(budgetBytes);
        var directory = new TableDirectory(cache, new BackingTables(Tables), Tables, BackingTables.TableEntries);
        var random = new SplitMix(Seed.Draw());
        for (int i = 0; i < 5_000; i++)
        {
            directory.Get((int)random.NextBelow(Tables));
            Assert.InRange(cache.ResidentBytes, TableSegment.CostBytes, budgetBytes);
        }

        int resident = Enumerable.Range(0, Tables).Count(index => directory.TryGet(index) is not null);
        Assert.Equal(100, resident);
        Assert.Equal(budgetBytes, cache.ResidentBytes);
    }

    [Fact]
    public void ASegmentPushesTablesOut()
    {
        long tableBytes = CostOfOneTable();
        long budgetBytes = TableSegment.CostBytes + (1_000 * tableBytes);
        var cache = new TableCache(budgetBytes);
        var directory = new TableDirectory(cache, new BackingTables(Tables), Tables, BackingTables.TableEntries);
        for (int index = 0; index < 1_000; index++)
        {
            directory.Get(index);
        }

        Assert.Equal(budgetBytes, cache.ResidentBytes);
        directory.GetSegment(TableSegment.Length);
        Assert.InRange(cache.ResidentBytes, budgetBytes - tableBytes, budgetBytes);
    }

    [Fact]
    public void SixtyFourTablesFitHoweverLittleIsLeft()
    {
        var cache = new TableCache(budgetBytes: 1);
        var directory = new TableDirectory(cache, new BackingTables(Tables), Tables, BackingTables.TableEntries);
        for (int index = 0; index < Tables; index += 10)
        {
            directory.Get(index);
        }

        Assert.Equal((3 * TableSegment.CostBytes) + (Floor * CostOfOneTable()), cache.ResidentBytes);
    }

    static long CostOfOneTable() => new BackingTables(1).OpenDirectory().Get(0)!.CostBytes;
}
