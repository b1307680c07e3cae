using System.CommandLine;

namespace VmdkFast.Cli;

/// <summary>The options of every verb that works through a whole image: progress, silence, threads.</summary>
sealed class WorkArguments
{
    const int MaxThreads = 64;

    readonly StandardStreams _streams;
    readonly Option<bool> _progress = new("--progress", "-p") { Description = "Show progress, on standard error" };
    readonly Option<bool> _quiet = new("--quiet", "-q") { Description = "Show nothing but errors and JSON" };
    readonly Option<int> _threads = new("--threads", "-m")
    {
        Description = "Threads, 1 to 64; default one for each processor",
        HelpName = "THREADS",
    };

    WorkArguments(StandardStreams streams) => _streams = streams;

    /// <summary>Adds the options to a verb.</summary>
    internal static WorkArguments AddTo(Command verb, StandardStreams streams)
    {
        var arguments = new WorkArguments(streams);
        verb.Add(arguments._progress);
        verb.Add(arguments._quiet);
        verb.Add(arguments._threads);
        return arguments;
    }

    internal bool IsQuiet(ParseResult parsed) => parsed.GetValue(_quiet);

    /// <summary>The number of threads; 0 when none was asked for.</summary>
    /// <exception cref="UsageException">No such number is possible.</exception>
    internal int ThreadsOf(ParseResult parsed)
    {
        int threads = parsed.GetValue(_threads);
        return parsed.GetResult(_threads) is { Implicit: false } && threads is < 1 or > MaxThreads
            ? throw new UsageException($"-m {threads}: wanted 1 to {MaxThreads} threads")
            : threads;
    }

    /// <summary>Runs work, and shows its progress if that was asked for.</summary>
    internal async Task RunAsync(ParseResult parsed, string title, Func<IProgress<VmdkProgress>?, Task> work)
    {
        if (!parsed.GetValue(_progress) || IsQuiet(parsed))
        {
            await work(null).ConfigureAwait(false);
        }
        else if (_streams.ErrorIsTerminal)
        {
            await ProgressBar.RunAsync(_streams.Error, 1, work, title).ConfigureAwait(false);
        }
        else
        {
            await work(new ProgressLines(_streams.Error)).ConfigureAwait(false);
        }
    }
}
