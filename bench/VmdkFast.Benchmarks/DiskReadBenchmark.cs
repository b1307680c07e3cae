using BenchmarkDotNet.Attributes;

namespace VmdkFast.Benchmarks;

/// <summary>What the benchmarks of reading share: an open disk, its bare reads, and threads.</summary>
public abstract class DiskReadBenchmark
{
    long[] _offsets = [];
    byte[][] _buffers = [];

    /// <summary>The image.</summary>
    [ParamsAllValues]
    public ImageKind Kind { get; set; }

    /// <summary>Threads that share the reads of one invocation.</summary>
    [ParamsSource(nameof(ThreadCounts))]
    public int Threads { get; set; }

    public static IEnumerable<int> ThreadCounts => new[] { 1, Environment.ProcessorCount }.Distinct();

    internal VmdkDisk Disk { get; private set; } = null!;

    internal BareReads Baseline { get; private set; } = null!;

    [GlobalCleanup]
    public void Close()
    {
        Baseline.Dispose();
        Disk.Dispose();
    }

    /// <summary>Opens the image, and reads everything once so that all caches hold what they can.</summary>
    internal void Open(long[] offsets, int lengthBytes)
    {
        _offsets = offsets;
        _buffers = [.. Enumerable.Range(0, Threads).Select(_ => GC.AllocateArray<byte>(lengthBytes, pinned: true))];
        Disk = VmdkDisk.Open(BenchImages.Get(Kind), BenchImages.OptionsFor(Kind));
        Baseline = new BareReads(Disk, offsets, lengthBytes);
        ReadDisk();
    }

    internal long ReadBare() => Share(Baseline.Reads.Length, (first, end, buffer) =>
        Baseline.Read(first, end - first, buffer));

    internal long ReadDisk() => Share(_offsets.Length, (first, end, buffer) =>
    {
        long total = 0;
        for (int i = first; i < end; i++)
        {
            total += Disk.Read(buffer, _offsets[i]);
        }

        return total;
    });

    internal async Task<long> ReadDiskAsync()
    {
        var readers = new Task<long>[Threads];
        for (int t = 0; t < Threads; t++)
        {
            int thread = t;
            readers[t] = Task.Run(() => ReadShareAsync(thread));
        }

        return (await Task.WhenAll(readers).ConfigureAwait(false)).Sum();
    }

    async Task<long> ReadShareAsync(int thread)
    {
        long total = 0;
        (int first, int end) = ShareOf(thread, _offsets.Length);
        for (int i = first; i < end; i++)
        {
            total += await Disk.ReadAsync(_buffers[thread], _offsets[i]).ConfigureAwait(false);
        }

        return total;
    }

    long Share(int count, Func<int, int, byte[], long> read)
    {
        if (Threads == 1)
        {
            return read(0, count, _buffers[0]);
        }

        long total = 0;
        Parallel.For(0, Threads, new ParallelOptions { MaxDegreeOfParallelism = Threads }, thread =>
        {
            (int first, int end) = ShareOf(thread, count);
            Interlocked.Add(ref total, read(first, end, _buffers[thread]));
        });
        return total;
    }

    (int First, int End) ShareOf(int thread, int count) =>
        ((int)((long)count * thread / Threads), (int)((long)count * (thread + 1) / Threads));
}
