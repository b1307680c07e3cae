using Spectre.Console;
using Spectre.Console.Rendering;

namespace VmdkFast.Cli;

/// <summary>Progress for a person: bar, share, amount, rate and time left, in one line of a terminal.</summary>
static class ProgressBar
{
    /// <summary>Runs work on a whole disk and draws while it lasts.</summary>
    /// <param name="output">The terminal.</param>
    /// <param name="totalBytes">Length of the disk; 0 when the first report will say it.</param>
    /// <param name="convert">Starts the conversion with the object to report to.</param>
    /// <returns>What the conversion returns.</returns>
    internal static async Task<TResult> RunAsync<TResult>(
        TextWriter output, long totalBytes, Func<IProgress<VmdkProgress>, Task<TResult>> convert)
    {
        IAnsiConsole console = AnsiConsole.Create(new AnsiConsoleSettings { Out = new AnsiConsoleOutput(output) });
        return await console.Progress()
            .Columns(
                new ProgressBarColumn(), new PercentageColumn(), new AmountColumn(), new RemainingTimeColumn())
            .StartAsync(async context =>
            {
                // At least 1: an empty disk is done, not undefined.
                ProgressTask task = context.AddTask("converting", maxValue: Math.Max(totalBytes, 1));
                TResult result = await convert(new Reports(task)).ConfigureAwait(false);
                task.Value = task.MaxValue;
                return result;
            }).ConfigureAwait(false);
    }

    sealed class Reports(ProgressTask task) : IProgress<VmdkProgress>
    {
        public void Report(VmdkProgress value)
        {
            // A check, or a stream from a pipe, tells only on its way how much there is to do.
            task.MaxValue = Math.Max(value.TotalBytes, 1);
            task.Value = value.DoneBytes;
        }
    }

    sealed class AmountColumn : ProgressColumn
    {
        protected override bool NoWrap => true;

        public override IRenderable Render(RenderOptions options, ProgressTask task, TimeSpan deltaTime)
        {
            string rate = task.Speed is { } bytesPerSecond ? $", {Sizes.Format((long)bytesPerSecond)}/s" : "";
            return new Text($"{Sizes.Format((long)task.Value)} of {Sizes.Format((long)task.MaxValue)}{rate}");
        }
    }
}
