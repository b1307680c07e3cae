using BenchmarkDotNet.Attributes;

namespace VmdkFast.Benchmarks;

/// <summary>4 KiB at random places, metadata and page cache warm.</summary>
[BytesPerOperation(ReadBytes)]
public class RandomReads : DiskReadBenchmark
{
    const int ReadBytes = 4096;
    const int Reads = 8192;

    [GlobalSetup]
    public void Setup()
    {
        long[] all = BenchImages.ShuffledOffsets(ReadBytes, seed: 4096);
        long[] offsets = new long[Reads];
        for (int i = 0; i < Reads; i++)
        {
            offsets[i] = all[i % all.Length];
        }

        Open(offsets, ReadBytes);
    }

    [Benchmark(Baseline = true, OperationsPerInvoke = Reads)]
    public long Bare() => ReadBare();

    [Benchmark(OperationsPerInvoke = Reads)]
    public long Read() => ReadDisk();

    [Benchmark(OperationsPerInvoke = Reads)]
    public Task<long> ReadAsync() => ReadDiskAsync();
}
