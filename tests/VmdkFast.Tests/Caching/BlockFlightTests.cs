using VmdkFast.Caching;
using VmdkFast.Tests.Support;
using Xunit;

namespace VmdkFast.Tests.Caching;

public sealed class BlockFlightTests
{
    const int BlockBytes = 64;
    const int Threads = 6;

    [Fact]
    public void ThreadsThatMissOneBlockShareOneFill()
    {
        using var wake = new ManualResetEventSlim();
        var blocks = new KeyedBlocks { HalfFilled = (_, _) => Actor.Await(wake) };
        var cache = new BlockCache<long>(BlockBytes, 0, blocks);
        Actor[] actors = Actor.StartMany(Threads, index => AssertCopies(cache, 7, index * KeyedBlocks.WordBytes, 16));
        Array.ForEach(actors, actor => actor.AwaitWaitingOrEnded());
        wake.Set();
        Actor.JoinAll(actors);
        Assert.Equal(1, blocks.Fills);
    }

    [Fact]
    public void AFillHoldsUpNobodyWhoWantsAnotherBlock()
    {
        using var filling = new ManualResetEventSlim();
        using var wake = new ManualResetEventSlim();
        var blocks = new KeyedBlocks();
        blocks.HalfFilled = (key, _) =>
        {
            if (key == 1)
            {
                filling.Set();
                Actor.Await(wake);
            }
        };
        var cache = new BlockCache<long>(BlockBytes, 0, blocks);
        Actor slow = Actor.Start(() => AssertCopies(cache, 1, 0, BlockBytes));
        Actor.Await(filling);
        AssertCopies(cache, 2, 0, BlockBytes);
        Assert.False(slow.HasEnded);
        wake.Set();
        Actor.JoinAll(slow);
    }

    [Fact]
    public void AFailedFillFailsAllWhoWaitedAndNobodyLater()
    {
        using var wake = new ManualResetEventSlim();
        var failure = new IOException("one bad read");
        var blocks = new KeyedBlocks();
        blocks.HalfFilled = (_, fill) =>
        {
            Actor.Await(wake);
            if (fill == 1)
            {
                throw failure;
            }
        };
        var cache = new BlockCache<long>(BlockBytes, 0, blocks);
        Actor[] actors = Actor.StartMany(Threads, _ => cache.Copy(5, 5, 0, new byte[BlockBytes]));
        Array.ForEach(actors, actor => actor.AwaitWaitingOrEnded());
        wake.Set();

        Assert.All(actors, actor => Assert.Same(failure, actor.Join()));
        Assert.False(cache.TryCopy(5, 0, new byte[BlockBytes]));
        AssertCopies(cache, 5, 0, BlockBytes);
        Assert.Equal(2, blocks.Fills);
    }

    [Fact]
    public void AWholeReadJoinsAFillUnderWay()
    {
        using var filling = new ManualResetEventSlim();
        using var wake = new ManualResetEventSlim();
        var blocks = new KeyedBlocks();
        blocks.HalfFilled = (_, _) =>
        {
            filling.Set();
            Actor.Await(wake);
        };
        var cache = new BlockCache<long>(BlockBytes, 0, blocks);
        Actor first = Actor.Start(() => AssertCopies(cache, 3, 0, 8));
        Actor.Await(filling);
        byte[] whole = new byte[BlockBytes];
        Actor second = Actor.Start(() => cache.CopyWhole(3, 3, whole)).AwaitWaitingOrEnded();
        wake.Set();
        Actor.JoinAll(first, second);
        Assert.True(KeyedBlocks.IsRight(3, 0, whole));
        Assert.Equal(1, blocks.Fills);
    }

    [Fact]
    public void AWholeReadOfAMissingBlockGoesPastTheCache()
    {
        var blocks = new KeyedBlocks();
        var cache = new BlockCache<long>(BlockBytes, 0, blocks);
        byte[] whole = new byte[BlockBytes];
        cache.CopyWhole(3, 3, whole);
        Assert.True(KeyedBlocks.IsRight(3, 0, whole));
        Assert.Equal(0, cache.ResidentBytes);
        Assert.False(cache.TryCopy(3, 0, whole));
    }

    // Between the look that misses and the ticket another thread may have filled the block and gone.
    [Fact]
    public void InARaceForFreshBlocksEachIsFilledOnce()
    {
        const int Keys = 40_000;
        var blocks = new KeyedBlocks();

        // So many cells that none is ever wanted for a second block: a fill too many is a race lost, not a recycling.
        var cache = new BlockCache<long>(BlockBytes, 32 << 20, blocks);
        int[] fills = new int[Keys + 1];
        blocks.HalfFilled = (key, _) => Interlocked.Increment(ref fills[key]);
        using var start = new Barrier(Threads);
        long next = 1;
        Actor.JoinAll(Actor.StartMany(Threads, _ =>
        {
            Span<byte> bytes = stackalloc byte[KeyedBlocks.WordBytes];
            Assert.True(start.SignalAndWait(TimeSpan.FromSeconds(60)));
            for (long key = 1; key <= Keys; key = Math.Max(key + 1, Volatile.Read(ref next)))
            {
                Volatile.Write(ref next, key);
                cache.Copy(key, key, 0, bytes);
                Assert.True(KeyedBlocks.IsRight(key, 0, bytes));
            }
        }));
        Assert.DoesNotContain(fills, count => count > 1);
    }

    static void AssertCopies(BlockCache<long> cache, long key, int offsetBytes, int lengthBytes)
    {
        byte[] bytes = new byte[Math.Min(lengthBytes, BlockBytes - offsetBytes)];
        cache.Copy(key, key, offsetBytes, bytes);
        Assert.True(KeyedBlocks.IsRight(key, offsetBytes, bytes), $"Wrong bytes of block {key}.");
    }
}
