using System.Globalization;
using System.Reflection;
using BenchmarkDotNet.Columns;
using BenchmarkDotNet.Reports;
using BenchmarkDotNet.Running;

namespace VmdkFast.Benchmarks;

/// <summary>Megabytes (10^6) per second, from the mean and <see cref="BytesPerOperationAttribute"/>.</summary>
sealed class ThroughputColumn : IColumn
{
    public string Id => nameof(ThroughputColumn);

    public string ColumnName => "MB/s";

    public bool AlwaysShow => true;

    public ColumnCategory Category => ColumnCategory.Custom;

    public int PriorityInCategory => 0;

    public bool IsNumeric => true;

    public UnitType UnitType => UnitType.Dimensionless;

    public string Legend => "Bytes of the disk per second of the mean, in 10^6";

    public string GetValue(Summary summary, BenchmarkCase benchmarkCase)
    {
        MethodInfo method = benchmarkCase.Descriptor.WorkloadMethod;
        int? bytes = (method.GetCustomAttribute<BytesPerOperationAttribute>()
            ?? method.DeclaringType!.GetCustomAttribute<BytesPerOperationAttribute>())?.Bytes;
        double? nanoseconds = summary[benchmarkCase]?.ResultStatistics?.Mean;

        // Bytes in a nanosecond are GB/s.
        return bytes is null || nanoseconds is null
            ? "-"
            : (bytes.Value / nanoseconds.Value * 1000).ToString("N0", CultureInfo.InvariantCulture);
    }

    public string GetValue(Summary summary, BenchmarkCase benchmarkCase, SummaryStyle style) =>
        GetValue(summary, benchmarkCase);

    public bool IsDefault(Summary summary, BenchmarkCase benchmarkCase) => false;

    public bool IsAvailable(Summary summary) => true;
}
