using BenchmarkDotNet.Columns;
using BenchmarkDotNet.Configs;
using BenchmarkDotNet.Diagnosers;
using BenchmarkDotNet.Exporters.Json;

namespace VmdkFast.Benchmarks;

/// <summary>What a reader of the tables wants: time, MB/s, the ratio to the baseline, allocations; no more.</summary>
static class BenchmarkSettings
{
    /// <summary>The defaults of BenchmarkDotNet, which write markdown for GitHub, and JSON besides.</summary>
    internal static IConfig Create() => ManualConfig.Create(DefaultConfig.Instance)
        .AddColumn(new ThroughputColumn())
        .AddDiagnoser(new MemoryDiagnoser(new MemoryDiagnoserConfig(displayGenColumns: false)))
        .AddExporter(JsonExporter.FullCompressed)
        .HideColumns(Column.Error, Column.StdDev, Column.Median, Column.RatioSD, Column.AllocRatio);
}
