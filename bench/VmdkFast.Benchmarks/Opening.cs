using BenchmarkDotNet.Attributes;

namespace VmdkFast.Benchmarks;

/// <summary>From a path to the first 4 KiB: open, header, descriptor, first table, read, close.</summary>
[BytesPerOperation(ReadBytes)]
public class Opening
{
    const int ReadBytes = 4096;

    readonly byte[] _buffer = new byte[ReadBytes];
    string _path = "";
    string _file = "";
    long _fileOffsetBytes;

    [ParamsAllValues]
    public ImageKind Kind { get; set; }

    [GlobalSetup]
    public void Setup()
    {
        _path = BenchImages.Get(Kind);
        using VmdkDisk disk = VmdkDisk.Open(_path);
        VmdkRun run = disk.Map(0, ReadBytes).First();
        (_file, _fileOffsetBytes) = (run.Path!, run.FileOffsetBytes!.Value);
    }

    [Benchmark(Baseline = true)]
    public int Bare()
    {
        using var file = File.OpenHandle(_file, FileMode.Open, FileAccess.Read, FileShare.ReadWrite);
        return RandomAccess.Read(file, _buffer, _fileOffsetBytes);
    }

    [Benchmark]
    public int OpenAndRead()
    {
        using VmdkDisk disk = VmdkDisk.Open(_path, BenchImages.OptionsFor(Kind));
        return disk.Read(_buffer, 0);
    }
}
