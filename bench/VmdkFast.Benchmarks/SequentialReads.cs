using BenchmarkDotNet.Attributes;

namespace VmdkFast.Benchmarks;

/// <summary>1 MiB after 1 MiB, metadata and page cache warm.</summary>
[BytesPerOperation(ReadBytes)]
public class SequentialReads : DiskReadBenchmark
{
    const int ReadBytes = 1 << 20;
    const int Reads = 64;

    [GlobalSetup]
    public void Setup()
    {
        long[] all = BenchImages.Offsets(ReadBytes);
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
