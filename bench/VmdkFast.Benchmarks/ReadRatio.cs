using System.Globalization;

namespace VmdkFast.Benchmarks;

/// <summary>How near reads of a disk come to the bare reads, or the bare inflating, below them.</summary>
static class ReadRatio
{
    const int RandomBytes = 4096;
    const int RandomReadsPerRound = 2048;
    const int SequentialBytes = 512;
    const int GrainsPerRound = 32;

    /// <summary>Prints one line for each case; 1.00 is the speed of the bare reads.</summary>
    internal static int Run(string[] options)
    {
        double seconds = 4;
        switch (options)
        {
            case []:
                break;
            case ["--seconds", string text] when double.TryParse(text, CultureInfo.InvariantCulture, out seconds):
                break;
            default:
                Console.Error.WriteLine("usage: ratio [--seconds S]");
                return 2;
        }

        Console.WriteLine("case                    | threads | bare MB/s | ours MB/s | median | p10..p90    | rounds");
        Console.WriteLine("------------------------|---------|-----------|-----------|--------|-------------|-------");
        foreach (int threads in new[] { 1, 2 })
        {
            RandomReads("sparse, 4 KiB random   ", ImageKind.Sparse, threads, seconds);
            RandomReads("flat, 4 KiB random     ", ImageKind.Flat, threads, seconds);
            SequentialStream("stream, 512 B in order ", threads, seconds);
        }

        return 0;
    }

    static void RandomReads(string name, ImageKind kind, int threads, double seconds)
    {
        long[] offsets = BenchImages.ShuffledOffsets(RandomBytes, seed: 4096);
        using VmdkDisk disk = VmdkDisk.Open(BenchImages.Get(kind), BenchImages.OptionsFor(kind));
        using var bare = new BareReads(disk, offsets, RandomBytes);
        byte[][] buffers = Buffers(threads, RandomBytes);
        int batches = offsets.Length / RandomReadsPerRound;

        // Both read the same batch in a round; the threads read different ones.
        int FirstOf(int thread, int round) => ((round * threads) + thread) % batches * RandomReadsPerRound;
        var rounds = Rounds.Run(
            threads,
            seconds,
            (thread, round) => Expect(
                (long)RandomReadsPerRound * RandomBytes,
                bare.Read(FirstOf(thread, round), RandomReadsPerRound, buffers[thread])),
            (thread, round) =>
            {
                int first = FirstOf(thread, round);
                Expect(
                    (long)RandomReadsPerRound * RandomBytes,
                    ReadAll(disk, offsets.AsSpan(first, RandomReadsPerRound), buffers[thread]));
            });
        Print(name, threads, (long)threads * RandomReadsPerRound * RandomBytes, rounds);
    }

    // The default cache, which is smaller than the disk: each grain is inflated once, and then read 128 times.
    static void SequentialStream(string name, int threads, double seconds)
    {
        using VmdkDisk disk = VmdkDisk.Open(BenchImages.Get(ImageKind.StreamCold));
        var grains = new StoredGrains(disk, BenchImages.Offsets(BenchImages.GrainBytes));
        byte[][] buffers = Buffers(threads, BenchImages.GrainBytes);
        int batches = grains.Count / GrainsPerRound;

        int FirstOf(int thread, int round) => ((round * threads) + thread) % batches * GrainsPerRound;
        var rounds = Rounds.Run(
            threads,
            seconds,
            (thread, round) => Expect(
                (long)GrainsPerRound * BenchImages.GrainBytes,
                grains.Inflate(FirstOf(thread, round), GrainsPerRound, buffers[thread])),
            (thread, round) => Expect(
                (long)GrainsPerRound * BenchImages.GrainBytes,
                ReadGrains(disk, grains, FirstOf(thread, round), buffers[thread])));
        Print(name, threads, (long)threads * GrainsPerRound * BenchImages.GrainBytes, rounds);
    }

    static long ReadAll(VmdkDisk disk, ReadOnlySpan<long> offsets, Span<byte> buffer)
    {
        long total = 0;
        foreach (long offset in offsets)
        {
            total += disk.Read(buffer, offset);
        }

        return total;
    }

    static long ReadGrains(VmdkDisk disk, StoredGrains grains, int first, byte[] buffer)
    {
        long total = 0;
        for (int grain = first; grain < first + GrainsPerRound; grain++)
        {
            long offset = grains.OffsetOf(grain);
            for (int at = 0; at < BenchImages.GrainBytes; at += SequentialBytes)
            {
                total += disk.Read(buffer.AsSpan(at, SequentialBytes), offset + at);
            }
        }

        return total;
    }

    static byte[][] Buffers(int threads, int lengthBytes) =>
        [.. Enumerable.Range(0, threads).Select(_ => GC.AllocateArray<byte>(lengthBytes, pinned: true))];

    // A short read would be a fast one.
    static void Expect(long wantedBytes, long readBytes)
    {
        if (wantedBytes != readBytes)
        {
            throw new InvalidOperationException($"A round read {readBytes} bytes, not {wantedBytes}.");
        }
    }

    static void Print(string name, int threads, long bytesPerRound, List<(double Bare, double Ours)> rounds)
    {
        double[] ratios = [.. rounds.Select(r => r.Bare / r.Ours).Order()];
        double bare = Median([.. rounds.Select(r => r.Bare).Order()]);
        double ours = Median([.. rounds.Select(r => r.Ours).Order()]);
        Console.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"{name,-24} | {threads,7} | {bytesPerRound / bare / 1e6,9:N0} | {bytesPerRound / ours / 1e6,9:N0} "
            + $"| {Median(ratios),6:N3} | {At(ratios, 0.1):N3}..{At(ratios, 0.9):N3} | {ratios.Length,6}"));
    }

    static double Median(double[] sorted) => At(sorted, 0.5);

    static double At(double[] sorted, double share) => sorted[(int)((sorted.Length - 1) * share)];
}
