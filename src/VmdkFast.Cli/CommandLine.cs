using System.CommandLine;
using System.CommandLine.Help;
using System.CommandLine.Parsing;
using VmdkFast.Cli.Verbs;

namespace VmdkFast.Cli;

/// <summary>From arguments to an exit code: the verbs, and what all of them have in common.</summary>
static class CommandLine
{
    // A file name may begin with '@'; nobody expects it to be read for arguments.
    static readonly ParserConfiguration s_parsing = new() { ResponseFileTokenReplacer = null };

    /// <summary>Runs one command line. Never throws: every failure is one line on standard error.</summary>
    internal static async Task<int> RunAsync(
        IReadOnlyList<string> arguments, StandardStreams streams, CancellationToken cancellationToken)
    {
        int failureCode = ExitCode.Failure;
        try
        {
            ParseResult parsed = MakeRoot(streams).Parse(DigestAlgorithms.SpellOut(arguments), s_parsing);
            failureCode = (parsed.CommandResult.Command as Verb)?.FailureCode ?? failureCode;
            return await AnswerAsync(parsed, arguments, failureCode, streams, cancellationToken).ConfigureAwait(false);
        }
        catch (BrokenPipeException)
        {
            return failureCode;
        }
        catch (OperationCanceledException stop) when (cancellationToken.IsCancellationRequested)
        {
            streams.ReportError(stop is VmdkRepairCancelledException ? stop.Message : "cancelled");
            return ExitCode.Interrupted;
        }
        catch (VmdkException failure) when (failure.Code == VmdkErrorCode.Unsupported
            && arguments is ["check" or "repair", ..])
        {
            // As qemu-img check, for scripts that tell this from damage.
            streams.ReportError(failure.Message);
            return ExitCode.NotCheckable;
        }
        catch (Exception failure) when (failure is UsageException or IOException or UnauthorizedAccessException
            or PlatformNotSupportedException)
        {
            streams.ReportError(failure.Message);
            return failureCode;
        }
        catch (Exception bug)
        {
            streams.ReportError($"internal error, please report it: {bug.GetType().Name}: {bug.Message}");
            return failureCode;
        }
    }

    static async Task<int> AnswerAsync(
        ParseResult parsed, IReadOnlyList<string> arguments, int failureCode, StandardStreams streams,
        CancellationToken cancellationToken)
    {
        if ((parsed.CommandResult.Command as Verb)?.ListOptions(parsed) is { } list)
        {
            await using StreamWriter page = streams.OpenText();
            await page.WriteLineAsync(list).ConfigureAwait(false);
            return ExitCode.Success;
        }

        if (parsed.Action is not { ClearsParseErrors: true } && FindUsageFault(parsed, arguments) is { } fault)
        {
            ReportUsage(parsed, fault, streams);
            return failureCode;
        }

        await using StreamWriter text = streams.OpenText();
        var invocation = new InvocationConfiguration
        {
            Output = text,
            Error = streams.Error,
            EnableDefaultExceptionHandler = false,

            // Its own handling of signals ends the process after a while, whatever is half-written then.
            ProcessTerminationTimeout = null,
        };
        return await parsed.InvokeAsync(invocation, cancellationToken).ConfigureAwait(false);
    }

    static RootCommand MakeRoot(StandardStreams streams)
    {
        var root = new RootCommand(
            "Reads, maps, inspects, checks, repairs, converts, compares, hashes, measures and creates VMDK disk images "
            + "of every kind. "
            + "Verbs, options, JSON keys and exit codes follow qemu-img where it has them.")
        {
            new InfoVerb(streams),
            new MapVerb(streams),
            new InspectVerb(streams),
            new ConvertVerb(streams),
            new CreateVerb(),
            new CompareVerb(streams),
            new HashVerb(streams),
            new MeasureVerb(streams),
            new CheckVerb(streams),
            new RepairVerb(streams),
        };

        // "[name]" in front of a verb is an argument like any other.
        root.Directives.Clear();
        HelpOption help = root.Options.OfType<HelpOption>().Single();
        help.Action = new HelpWithExamples((HelpAction)help.Action!);
        root.Options.OfType<VersionOption>().Single().Action = new VersionLine();
        return root;
    }

    static string? FindUsageFault(ParseResult parsed, IReadOnlyList<string> arguments)
    {
        if (parsed.CommandResult.Command is RootCommand && parsed.Errors.Count > 0)
        {
            return parsed.UnmatchedTokens is [string unknown, ..]
                ? $"'{unknown}' is neither a verb nor an option"
                : "a verb is missing";
        }

        if (arguments.Contains(""))
        {
            return "an argument is empty";
        }

        // An option that is not known would be taken for a file's name, and the blame would fall on something else.
        string? option = arguments.Contains("--") ? null : parsed.CommandResult.Children.OfType<ArgumentResult>()
            .SelectMany(argument => argument.Tokens).Select(token => token.Value)
            .FirstOrDefault(value => value.Length > 1 && value[0] == '-');
        return option is not null
            ? $"unknown option '{option}' (a file of that name goes behind --)"
            : parsed.Errors.Count > 0 ? parsed.Errors[0].Message : null;
    }

    static void ReportUsage(ParseResult parsed, string fault, StandardStreams streams)
    {
        string verb = parsed.CommandResult.Command is RootCommand ? "" : $" {parsed.CommandResult.Command.Name}";
        streams.ReportError(fault);
        streams.Error.WriteLine($"Try 'vmdkfast{verb} --help' for more information.");
    }
}
