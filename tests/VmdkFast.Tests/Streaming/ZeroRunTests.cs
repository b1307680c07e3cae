using VmdkFast.Streaming;
using VmdkFast.Tests.Support;
using Xunit;
using static VmdkFast.Tests.Streaming.Converted;

namespace VmdkFast.Tests.Streaming;

/// <summary>Which zeros are left out of a target, and that the rest is whole.</summary>
public sealed class ZeroRunTests : IDisposable
{
    readonly TempFolder _folder = new();

    [Theory]
    [InlineData(512)]
    [InlineData(1536)]
    [InlineData(4096)]
    [InlineData(4608)]
    [InlineData(12288)]
    [InlineData(65536)]
    public void RunsOfAtLeastTheLengthAreTakenOutAndNoOthers(int sparseBytes)
    {
        var random = new Random(sparseBytes);
        var zeros = ZeroRuns.Of(sparseBytes, 512);
        for (int round = 0; round < 200; round++)
        {
            byte[] bytes = new byte[512 * random.Next(1, 600)];
            for (int at = 0; at < bytes.Length;)
            {
                int length = Math.Min(bytes.Length - at, 512 * random.Next(1, 2 * sparseBytes / 512 + 4));
                bytes.AsSpan(at, length).Fill((byte)random.Next(2));
                at += length;
            }

            Assert.Equal(Naive(bytes, zeros.StepBytes, sparseBytes), Taken(bytes, zeros));
        }
    }

    [Theory]
    [InlineData(1536)]
    [InlineData(12288)]
    [InlineData(100 << 10)]
    [InlineData(3 << 20)]
    [InlineData(16 << 20)]
    public async Task EveryMultipleOfASectorKeepsTheContent(int sparseBytes)
    {
        GuestContent content = GuestContent.Scattered((9 << 20) + 512, seed: 5)
            .Fill(1 << 20, 7 << 20, ContentPattern.Random).Fill(2 << 20, 4 << 20, ContentPattern.Zeros);
        string source = FlatImage.Write(_folder.Subfolder("source"), "source", content);
        VmdkConvertOptions raw = VmdkConvertOptions.Default with { SparseBytes = sparseBytes };
        await ConvertAsync(source, _folder["disk.raw"], raw);
        using (VmdkDisk made = VmdkDisk.OpenRaw(_folder["disk.raw"]))
        {
            DiskAssert.Holds(content, made);
        }

        VmdkConvertOptions sparse = To(VmdkDiskKind.MonolithicSparse) with { SparseBytes = sparseBytes };
        await ConvertAsync(source, _folder["disk.vmdk"], sparse);
        MustHold(content, _folder["disk.vmdk"], VmdkDiskKind.MonolithicSparse, _folder);
        using VmdkDisk disk = VmdkDisk.Open(source);
        VmdkMeasurement measured = await VmdkImage.MeasureAsync(
            disk, new VmdkMeasureOptions { Target = sparse.Target, SparseBytes = sparseBytes },
            cancellationToken: TestContext.Current.CancellationToken);
        Assert.Equal(new FileInfo(_folder["disk.vmdk"]).Length, measured.RequiredBytes);
    }

    [Fact]
    public void WhatIsNoMultipleOfASectorOrAboveTheBoundIsRefused()
    {
        foreach (int sparseBytes in new[] { -512, 1, 100, 1000, (16 << 20) + 512 })
        {
            Assert.Throws<ArgumentOutOfRangeException>(
                () => VmdkImage.Measure(1 << 20, new VmdkMeasureOptions { SparseBytes = sparseBytes }));
        }
    }

    public void Dispose() => _folder.Dispose();

    static bool[] Taken(byte[] bytes, ZeroRuns zeros)
    {
        bool[] taken = new bool[bytes.Length / 512];
        Array.Fill(taken, true);
        var runs = new NonZeroRuns(bytes, zeros);
        int end = 0;
        while (runs.MoveNext())
        {
            Assert.True(runs.Start >= end);
            end = runs.Start + runs.Length;
            taken.AsSpan(runs.Start / 512, runs.Length / 512).Clear();
        }

        return taken;
    }

    static bool[] Naive(byte[] bytes, int stepBytes, int leastBytes)
    {
        bool[] taken = new bool[bytes.Length / 512];
        int steps = (bytes.Length + stepBytes - 1) / stepBytes;
        bool[] zero = [.. Enumerable.Range(0, steps).Select(
            step => bytes.Skip(step * stepBytes).Take(stepBytes).All(value => value == 0))];
        for (int step = 0; step < steps; step++)
        {
            int first = step;
            while (first > 0 && zero[first - 1])
            {
                first--;
            }

            int end = step;
            while (end < steps && zero[end])
            {
                end++;
            }

            bool counts = zero[step] && ((end - first) * stepBytes >= leastBytes || (first == 0 && end == steps));
            int from = step * stepBytes / 512;
            int to = Math.Min((step + 1) * stepBytes / 512, taken.Length);
            taken.AsSpan(from, to - from).Fill(counts);
        }

        return taken;
    }
}
