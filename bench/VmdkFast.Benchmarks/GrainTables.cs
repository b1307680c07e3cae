using System.Runtime.InteropServices;
using BenchmarkDotNet.Attributes;
using Microsoft.Win32.SafeHandles;
using VmdkFast.Caching;

namespace VmdkFast.Benchmarks;

/// <summary>Looking up a grain table that is in memory, and one that must be read from the page cache.</summary>
public class GrainTables
{
    const int Tables = 1024;
    const int TableEntries = 512;
    const int TableBytes = TableEntries * sizeof(uint);

    // Every lookup of a cache this small misses: it holds 64 tables, and they are asked for in turn.
    const long SmallestBudgetBytes = 0;
    const long AmpleBudgetBytes = 64L << 20;

    readonly byte[] _buffer = new byte[TableBytes];
    SafeFileHandle _file = null!;
    TableDirectory _warm = null!;
    TableDirectory _thrashing = null!;

    [GlobalSetup]
    public void Setup()
    {
        string path = Path.GetTempFileName();
        File.WriteAllBytes(path, new byte[Tables * TableBytes]);
        _file = File.OpenHandle(path, options: FileOptions.DeleteOnClose);
        _warm = new TableDirectory(new TableCache(AmpleBudgetBytes), new Source(_file), Tables, TableEntries);
        _thrashing = new TableDirectory(new TableCache(SmallestBudgetBytes), new Source(_file), Tables, TableEntries);
        for (int i = 0; i < Tables; i++)
        {
            _warm.Get(i);
        }
    }

    [GlobalCleanup]
    public void Close() => _file.Dispose();

    [Benchmark(Baseline = true, OperationsPerInvoke = Tables)]
    public int BareRead()
    {
        int read = 0;
        for (int i = 0; i < Tables; i++)
        {
            read += RandomAccess.Read(_file, _buffer, (long)i * TableBytes);
        }

        return read;
    }

    [Benchmark(OperationsPerInvoke = Tables)]
    public uint Hit()
    {
        uint sum = 0;
        for (int i = 0; i < Tables; i++)
        {
            sum += _warm.TryGet(i)!.Entries[i & (TableEntries - 1)];
        }

        return sum;
    }

    [Benchmark(OperationsPerInvoke = Tables)]
    public uint Miss()
    {
        uint sum = 0;
        for (int i = 0; i < Tables; i++)
        {
            sum += _thrashing.Get(i)!.Entries[i & (TableEntries - 1)];
        }

        return sum;
    }

    sealed class Source(SafeFileHandle file) : TableSource
    {
        internal override void LoadDirectory(int firstIndex, Span<uint> entries) => entries.Fill(1);

        internal override void LoadTable(int tableIndex, uint directoryEntry, Span<uint> entries) =>
            RandomAccess.Read(file, MemoryMarshal.AsBytes(entries), (long)tableIndex * TableBytes);
    }
}
