using System.CommandLine;

namespace VmdkFast.Cli;

/// <summary>The options of a verb that takes its time: <c>-p</c>, <c>-q</c> and <c>-m</c>.</summary>
sealed class ProgressArguments
{
    const int MaxThreads = 64;

    readonly Option<bool> _progress = new("--progress", "-p") { Description = "Show progress, on standard error" };
    readonly Option<bool> _quiet;
    readonly Option<int> _threads = new("--threads", "-m")
    {
        Description = $"Threads, 1 to {MaxThreads}; default one for each processor",
        HelpName = "THREADS",
    };

    ProgressArguments(string quietDescription) =>
        _quiet = new Option<bool>("--quiet", "-q") { Description = quietDescription };

    /// <summary>Adds the options to a verb.</summary>
    internal static ProgressArguments AddTo(Command verb, string quietDescription)
    {
        var arguments = new ProgressArguments(quietDescription);
        verb.Add(arguments._progress);
        verb.Add(arguments._quiet);
        verb.Add(arguments._threads);
        return arguments;
    }

    /// <summary>Whether only the exit code is wanted.</summary>
    internal bool IsQuiet(ParseResult parsed) => parsed.GetValue(_quiet);

    /// <summary>The number of threads; 0 when the library is to choose.</summary>
    /// <exception cref="UsageException">It is out of range.</exception>
    internal int ReadThreads(ParseResult parsed)
    {
        int threads = parsed.GetValue(_threads);
        return parsed.GetResult(_threads) is { Implicit: false } && threads is < 1 or > MaxThreads
            ? throw new UsageException($"-m {threads}: wanted 1 to {MaxThreads} threads")
            : threads;
    }

    /// <summary>Runs work on a disk, and shows how far it is if that is wanted.</summary>
    internal async Task<TResult> RunAsync<TResult>(
        ParseResult parsed, StandardStreams streams, long totalBytes,
        Func<IProgress<VmdkProgress>?, Task<TResult>> work)
    {
        if (!parsed.GetValue(_progress) || parsed.GetValue(_quiet))
        {
            return await work(null).ConfigureAwait(false);
        }

        if (!streams.ErrorIsTerminal)
        {
            return await work(new ProgressLines(streams.Error)).ConfigureAwait(false);
        }

        return await ProgressBar.RunAsync(streams.Error, totalBytes, work).ConfigureAwait(false);
    }
}
