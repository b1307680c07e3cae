using System.Runtime.InteropServices;
using BenchmarkDotNet.Attributes;
using Microsoft.Win32.SafeHandles;

namespace VmdkFast.Benchmarks;

/// <summary>1 MiB after 1 MiB from the device: caches dropped and disk opened anew before each iteration.</summary>
[BytesPerOperation(ReadBytes)]
public partial class UncachedReads
{
    const int ReadBytes = 1 << 20;
    const int Reads = 64;
    const int DontNeed = 4;

    readonly byte[] _buffer = new byte[ReadBytes];
    long[] _offsets = [];
    string _path = "";
    string[] _files = [];
    VmdkDisk _disk = null!;

    [ParamsAllValues]
    public ImageKind Kind { get; set; }

    BareReads Stored { get; set; } = null!;

    [GlobalSetup]
    public void Setup()
    {
        _path = BenchImages.Get(Kind);
        _files = [.. BenchImages.FilesOf(_path)];
        _offsets = BenchImages.Offsets(ReadBytes)[..(int)Math.Min(Reads, BenchImages.StretchBytes / ReadBytes * 8)];
    }

    [IterationSetup]
    public void DropCaches()
    {
        _disk = VmdkDisk.Open(_path, BenchImages.OptionsFor(Kind));
        Stored = new BareReads(_disk, _offsets, ReadBytes);
        _disk.Dispose();
        _disk = VmdkDisk.Open(_path, BenchImages.OptionsFor(Kind));
        foreach (string path in _files)
        {
            using SafeFileHandle file = File.OpenHandle(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite);
            int error = Advise(file, 0, 0, DontNeed);
            if (error != 0)
            {
                throw new InvalidOperationException($"posix_fadvise failed with {error}.");
            }
        }
    }

    [IterationCleanup]
    public void Close()
    {
        Stored.Dispose();
        _disk.Dispose();
    }

    [Benchmark(Baseline = true, OperationsPerInvoke = Reads)]
    public long Bare() => Stored.ReadAll(_buffer);

    [Benchmark(OperationsPerInvoke = Reads)]
    public long Read()
    {
        long total = 0;
        foreach (long offset in _offsets)
        {
            total += _disk.Read(_buffer, offset);
        }

        return total;
    }

    [LibraryImport("libc", EntryPoint = "posix_fadvise")]
    private static partial int Advise(SafeFileHandle file, long offsetBytes, long lengthBytes, int advice);
}
