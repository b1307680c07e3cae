using BenchmarkDotNet.Running;
using VmdkFast.Benchmarks;

// BenchmarkDotNet starts a process for each case; they find the images by the folder that this process made.
switch (args)
{
    case ["ratio", .. string[] options]:
        using (BenchImages.Begin())
        {
            return ReadRatio.Run(options);
        }

    case ["writes", .. string[] options]:
        return WriteRatio.Run(options);

    case ["limits", .. string[] options]:
        return PhysicalLimits.Run(options);

    case ["codecs", .. string[] options]:
        return CodecTable.Run(options);

    default:
        using (BenchImages.Begin())
        {
            var summaries = BenchmarkSwitcher.FromAssembly(typeof(ReadRatio).Assembly)
                .Run(args, BenchmarkSettings.Create());

            // Without this a filter that matches nothing, and a case that threw, would look like success.
            bool complete = summaries.Any()
                && summaries.All(s => !s.HasCriticalValidationErrors && s.Reports.All(r => r.Success));
            return complete || args.Contains("--list") || args.Contains("--help") ? 0 : 1;
        }
}
