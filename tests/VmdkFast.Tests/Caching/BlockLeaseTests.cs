using System.Diagnostics;
using VmdkFast.Caching;
using VmdkFast.Tests.Support;
using Xunit;

namespace VmdkFast.Tests.Caching;

/// <summary>Recycled memory: who reads a block keeps it, and who fills one has it alone.</summary>
public sealed class BlockLeaseTests
{
    const int Ways = 8;
    const int BlockBytes = 64;

    [Fact]
    public void ABlockIsFoundOnlyWhenAllOfItIsThere()
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
        byte[] bytes = new byte[BlockBytes];
        Actor filler = Actor.Start(() => cache.Copy(9, 9, 0, new byte[8]));
        Actor.Await(filling);
        Assert.False(cache.TryCopy(9, 0, bytes));
        wake.Set();
        Actor.JoinAll(filler);
        Assert.True(cache.TryCopy(9, 0, bytes));
        Assert.True(KeyedBlocks.IsRight(9, 0, bytes));
    }

    [Fact]
    public void WhereEveryCellIsBusyABlockIsServedPastTheCache()
    {
        using var wake = new ManualResetEventSlim();
        using var allFilling = new CountdownEvent(Ways);
        var blocks = new KeyedBlocks();
        blocks.HalfFilled = (key, _) =>
        {
            if (key <= Ways)
            {
                allFilling.Signal();
                Actor.Await(wake);
            }
        };
        var cache = new BlockCache<long>(BlockBytes, 0, blocks);
        Actor[] fillers = Actor.StartMany(Ways, index => AssertCopies(cache, index + 1));
        Assert.True(allFilling.Wait(TimeSpan.FromSeconds(60), TestContext.Current.CancellationToken));

        AssertCopies(cache, 100);
        Assert.False(cache.TryCopy(100, 0, new byte[8]));
        wake.Set();
        Actor.JoinAll(fillers);

        for (int key = 1; key <= Ways; key++)
        {
            byte[] bytes = new byte[BlockBytes];
            Assert.True(cache.TryCopy(key, 0, bytes));
            Assert.True(KeyedBlocks.IsRight(key, 0, bytes), $"Somebody else wrote into block {key}.");
        }
    }

    [Fact]
    public void AFailedFillLeavesItsCellFreeAndNothingToFind()
    {
        var blocks = new KeyedBlocks();
        blocks.HalfFilled = (key, _) =>
        {
            if (key < 0)
            {
                throw new IOException("as told");
            }
        };
        var cache = new BlockCache<long>(BlockBytes, 0, blocks);

        // More failures than there are cells: one that stayed taken would be missing below.
        for (int key = -3 * Ways; key < 0; key++)
        {
            Assert.Throws<IOException>(() => AssertCopies(cache, key));
            Assert.False(cache.TryCopy(key, 0, new byte[8]));
        }

        for (int key = 1; key <= Ways; key++)
        {
            AssertCopies(cache, key);
        }

        Assert.All(Enumerable.Range(1, Ways), key => Assert.True(cache.TryCopy(key, 0, new byte[8])));
        Assert.Equal(Ways * BlockBytes, cache.ResidentBytes);
    }

    // Readers look for one block with as little as possible around the look: the scheduler then stops one of them
    // between look and lease some ten times a second, and the fillers give its cell to others meanwhile.
    [Fact]
    public void AReaderThatWasStoppedBeforeItsLeaseSeesThatTheCellIsAnotherBlocks()
    {
        const int Readers = 6;
        var cache = new BlockCache<long>(BlockBytes, 0, new KeyedBlocks());
        Soak(Readers + 2, seconds: 6, (index, random, goOn) =>
        {
            Span<byte> bytes = stackalloc byte[KeyedBlocks.WordBytes];
            while (goOn())
            {
                for (int i = 0; i < 500; i++)
                {
                    long key = index < Readers ? 1 + (index & 1) : 1 + random.NextBelow(2 * Ways);
                    if (index >= Readers)
                    {
                        cache.Copy(key, key, 0, bytes);
                    }
                    else if (!cache.TryCopy(key, 0, bytes))
                    {
                        continue;
                    }

                    Assert.True(KeyedBlocks.IsRight(key, 0, bytes), $"Block {key} has another one's bytes.");
                }
            }
        });
    }

    // Copies of 256 KiB take long enough to be overtaken by fills.
    [Fact]
    public void ABlockIsNeverRecycledUnderItsReader()
    {
        const int LargeBytes = 256 << 10;
        var cache = new BlockCache<long>(LargeBytes, 0, new KeyedBlocks());
        Soak(4, seconds: 2, (_, random, goOn) =>
        {
            byte[] bytes = new byte[LargeBytes];
            while (goOn())
            {
                long key = 1 + random.NextBelow(3 * Ways);
                int offsetBytes = (int)random.NextBelow(LargeBytes / 16) * KeyedBlocks.WordBytes;
                Span<byte> part = bytes.AsSpan(offsetBytes);
                cache.Copy(key, key, offsetBytes, part);
                Assert.True(KeyedBlocks.IsRight(key, offsetBytes, part), $"Block {key} has another one's bytes.");
            }
        });
        Assert.Equal(Ways * LargeBytes, cache.ResidentBytes);
    }

    static void Soak(int threads, int seconds, Action<int, SplitMix, Func<bool>> work)
    {
        ulong seed = Seed.Draw();
        bool failed = false;
        var watch = Stopwatch.StartNew();
        Actor.JoinAll(Actor.StartMany(threads, index =>
        {
            try
            {
                work(index, new SplitMix(seed + ((ulong)index << 40)), GoOn);
            }
            catch
            {
                Volatile.Write(ref failed, true);
                throw;
            }
        }));

        bool GoOn() => watch.ElapsedMilliseconds < seconds * 1000 && !Volatile.Read(ref failed);
    }

    static void AssertCopies(BlockCache<long> cache, long key)
    {
        byte[] bytes = new byte[BlockBytes];
        cache.Copy(key, key, 0, bytes);
        Assert.True(KeyedBlocks.IsRight(key, 0, bytes), $"Wrong bytes of block {key}.");
    }
}
