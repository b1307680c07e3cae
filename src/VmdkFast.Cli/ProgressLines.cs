using System.Globalization;

namespace VmdkFast.Cli;

/// <summary>Progress for a log: one line of qemu-img's form for every tenth of the disk.</summary>
/// <remarks>Reports may come from any thread.</remarks>
sealed class ProgressLines(TextWriter output) : IProgress<VmdkProgress>
{
    const double StepPercent = 10;
    readonly Lock _lock = new();
    double _nextPercent;

    public void Report(VmdkProgress value)
    {
        double percent = value.TotalBytes == 0 ? 100 : 100.0 * value.DoneBytes / value.TotalBytes;
        lock (_lock)
        {
            if (percent < _nextPercent)
            {
                return;
            }

            _nextPercent = (Math.Floor(percent / StepPercent) + 1) * StepPercent;
            output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"    ({percent:F2}/100%)"));
        }
    }
}
