using System.Globalization;

namespace VmdkFast.Benchmarks;

/// <summary>The rows of one case, printed as medians and as ratios to the row called "bare".</summary>
sealed class WriteRows(string name, int writes)
{
    readonly Dictionary<string, List<double>> _rows = [];

    internal void Add(string row, double seconds)
    {
        if (!_rows.TryGetValue(row, out List<double>? times))
        {
            _rows.Add(row, times = []);
        }

        times.Add(seconds);
    }

    internal void Print()
    {
        double bare = Median(_rows["bare"]);
        foreach ((string row, List<double> times) in _rows)
        {
            double median = Median(times);
            Console.WriteLine(string.Create(
                CultureInfo.InvariantCulture, $"{name} | {row} | {writes / median:N0} | {bare / median:N2}"));
        }
    }

    static double Median(List<double> times) => times.Order().ElementAt(times.Count / 2);
}
