using CsCheck;
using VmdkFast.Checking;
using VmdkFast.Tests.Support;
using Xunit;

namespace VmdkFast.Tests.Checking;

/// <summary>The map of used sectors against an array of them.</summary>
public sealed class SpaceMapTests
{
    // Two whole pages of 4,096 sectors, and a part of a third.
    const int LengthSectors = 9000;

    static readonly Gen<(int Start, int Length)> s_stretch = Gen.OneOf(
        Gen.Select(Gen.Int[0, LengthSectors], Gen.Int[0, 200]),
        Gen.Select(Gen.Int[0, LengthSectors / 64], Gen.Int[0, 80], (start, length) => (start * 64, length * 64)));

    [Fact]
    public void TheMapKnowsWhatAnArrayOfSectorsKnows() =>
        Gen.Select(s_stretch.Array[0, 40], s_stretch.Array[1, 40]).Sample(
            static (added, asked) =>
            {
                var map = new SpaceMap(LengthSectors);
                bool[] model = new bool[LengthSectors];
                foreach ((int start, int length) in added)
                {
                    map.Add(start, length);
                    model.AsSpan(start, Math.Min(length, LengthSectors - start)).Fill(true);
                }

                foreach ((int start, int length) in asked)
                {
                    int end = Math.Min(LengthSectors, start + length);
                    ReadOnlySpan<bool> part = model.AsSpan(start, end - start);
                    Assert.Equal(part.Contains(true), map.Overlaps(start, length));
                    Assert.Equal(Found(part, true, start, end), map.NextUsed(start, end));
                    Assert.Equal(Found(part, false, start, end), map.NextFree(start, end));
                }
            },
            iter: 5000);

    [Fact]
    public void WhatIsUsedInPartIsNotTaken() =>
        Gen.Select(s_stretch, s_stretch).Sample(
            static (first, second) =>
            {
                var map = new SpaceMap(LengthSectors);
                map.Add(first.Start, first.Length);
                bool isFree = !map.Overlaps(second.Start, second.Length);
                Assert.Equal(isFree, map.TryAdd(second.Start, second.Length));
                int end = Math.Min(LengthSectors, second.Start + second.Length);
                Assert.True(!isFree || second.Start >= end || map.NextFree(second.Start, end) == end);
            },
            iter: 5000);

    // 16 MiB for 2 TiB, which is all that entries reach: what a header or a hole claims costs no more.
    [Fact]
    public void GrainsInAnyOrderCostNoMoreThanTheLengthDoes()
    {
        const int Grains = 1 << 20;
        long leastBytes = Allocated.LeastBytes(() =>
        {
            var map = new SpaceMap((long)Grains * 128);
            for (int i = 0; i < Grains; i += 2)
            {
                // An odd factor: each even grain once.
                Assert.True(map.TryAdd(i * 77_773L % Grains * 128, 128));
            }
        });

        Assert.InRange(leastBytes, 1, (Grains / 32 * 16) + 4096);
    }

    static long Found(ReadOnlySpan<bool> part, bool wanted, int start, int end)
    {
        int at = part.IndexOf(wanted);
        return at < 0 ? end : start + at;
    }
}
