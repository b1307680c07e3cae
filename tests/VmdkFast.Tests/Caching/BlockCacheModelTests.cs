using CsCheck;
using VmdkFast.Caching;
using VmdkFast.Tests.Support;
using Xunit;

namespace VmdkFast.Tests.Caching;

/// <summary>The block cache against what it stands for: a function of the key that may fail now and then.</summary>
public sealed class BlockCacheModelTests
{
    const int BlockBytes = 64;
    const int Words = BlockBytes / KeyedBlocks.WordBytes;

    enum Act
    {
        Copy,
        TryCopy,
        CopyWhole,
        FailingCopy,
    }

    static readonly Gen<(Act Act, long Key, int First, int Count)> s_step =
        from act in Gen.Enum<Act>()
        from key in Gen.Long[1, 20]
        from first in Gen.Int[0, Words - 1]
        from count in Gen.Int[0, Words - first]
        select (act, key, first, count);

    [Fact]
    public void StepByStepItIsTheFunctionAndFindsOnlyWhatWasFilled() => s_step.Array[0, 80].Sample(steps =>
    {
        (BlockCache<long> cache, KeyedBlocks blocks) = Open();
        var filled = new HashSet<long>();
        foreach ((Act act, long key, int first, int count) in steps)
        {
            bool wasThere = cache.TryCopy(key, 0, default);
            Assert.True(!wasThere || filled.Contains(key), "A block was found that nobody filled.");
            int fills = blocks.Fills;
            Carry(cache, (act, key, first, count));
            bool isThere = cache.TryCopy(key, 0, default);
            Assert.Equal(wasThere || act == Act.Copy, isThere);
            Assert.Equal(fills + (wasThere || act == Act.TryCopy ? 0 : 1), blocks.Fills);
            if (isThere)
            {
                filled.Add(key);
            }
        }

        Assert.InRange(cache.ResidentBytes, 0, 8 * BlockBytes);
    }, iter: 1_000);

    [Fact]
    public void FromSeveralThreadsItIsTheFunction() => s_step.Array[50, 200].Array[2, 4].Sample(programs =>
    {
        (BlockCache<long> cache, _) = Open();
        Actor.JoinAll(Actor.StartMany(
            programs.Length, index => Array.ForEach(programs[index], step => Carry(cache, step))));
        Assert.InRange(cache.ResidentBytes, 0, 8 * BlockBytes);
    }, iter: 150, threads: 1);

    [Theory]
    [InlineData(0, 8)]
    [InlineData(BlockBytes * 8, 8)]
    [InlineData((BlockBytes * 16) - 1, 8)]
    [InlineData(BlockBytes * 100, 64)]
    public void SlabsNeverTakeMoreThanTheBudgetOrOneBucket(long budgetBytes, int blocks)
    {
        var cache = new BlockCache<long>(BlockBytes, budgetBytes, new KeyedBlocks());
        Assert.Equal(0, cache.ResidentBytes);
        Span<byte> bytes = stackalloc byte[KeyedBlocks.WordBytes];
        for (long key = 1; key <= 5_000; key++)
        {
            cache.Copy(key, key, 0, bytes);
        }

        Assert.Equal(blocks * BlockBytes, cache.ResidentBytes);
    }

    [Fact]
    public void ABlockUsedSinceTheHandPassedStaysAndAnIdleOneLeaves()
    {
        const int Ways = 8;
        (BlockCache<long> cache, _) = Open();
        Span<byte> bytes = stackalloc byte[KeyedBlocks.WordBytes];
        for (long key = 1; key <= Ways; key++)
        {
            cache.Copy(key, key, 0, bytes);
        }

        Assert.All([1L, 2, 4, 5, 6, 7, 8], key => Assert.True(cache.TryCopy(key, 0, new byte[8])));
        cache.Copy(100, 100, 0, bytes);
        Assert.False(cache.TryCopy(3, 0, bytes));
        Assert.All([1L, 2, 4, 5, 6, 7, 8, 100], key => Assert.True(cache.TryCopy(key, 0, new byte[8])));
    }

    // The context tells the filler to fail: keys stay the same, so that a failure meets fills of the same block.
    static (BlockCache<long> Cache, KeyedBlocks Blocks) Open()
    {
        var blocks = new KeyedBlocks
        {
            HalfFilled = (context, _) =>
            {
                if (context < 0)
                {
                    throw new IOException("as told");
                }
            },
        };
        return (new BlockCache<long>(BlockBytes, 0, blocks), blocks);
    }

    static void Carry(BlockCache<long> cache, (Act Act, long Key, int First, int Count) step)
    {
        (Act act, long key, int first, int count) = step;
        int offsetBytes = first * KeyedBlocks.WordBytes;
        byte[] bytes = new byte[act == Act.CopyWhole ? BlockBytes : count * KeyedBlocks.WordBytes];
        try
        {
            switch (act)
            {
                case Act.TryCopy when !cache.TryCopy(key, offsetBytes, bytes):
                    return;
                case Act.TryCopy:
                    break;
                case Act.CopyWhole:
                    offsetBytes = 0;
                    cache.CopyWhole(key, key, bytes);
                    break;
                default:
                    cache.Copy(key, act == Act.FailingCopy ? -key : key, offsetBytes, bytes);
                    break;
            }
        }
        catch (IOException)
        {
            // Its own failure, or that of the thread whose fill it waited for.
            return;
        }

        Assert.True(KeyedBlocks.IsRight(key, offsetBytes, bytes), $"Wrong bytes of block {key}.");
    }
}
