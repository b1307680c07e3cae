using System.CommandLine;
using System.Text.Json;

namespace VmdkFast.Cli.Verbs;

/// <summary><c>check</c>: all that is wrong with an image, with the exit codes of <c>qemu-img check</c>.</summary>
sealed class CheckVerb : Verb
{
    readonly StandardStreams _streams;
    readonly Argument<string> _file = FileArgument();
    readonly OutputArgument _output;
    readonly OpenArguments _open;
    readonly WorkArguments _work;
    readonly Option<bool> _deep = new("--deep") { Description = "Inflate every compressed grain besides" };

    internal CheckVerb(StandardStreams streams)
        : base("check", "List everything that is wrong with an image, also with one that cannot be opened")
    {
        _streams = streams;
        Add(_file);
        _output = OutputArgument.AddTo(this);
        Add(_deep);
        _work = WorkArguments.AddTo(this, streams);
        _open = OpenArguments.AddTo(this, reads: false);
    }

    internal override string Notes =>
        """
        Extents are checked with their image; of parents only that they are there and the right ones.
        Nothing is written. Every kind of finding is explained in docs/checking.md.
        """;

    internal override string Examples =>
        """
        vmdkfast check disk.vmdk
        vmdkfast check --deep -p export.vmdk
        vmdkfast check --output json damaged.vmdk
        """;

    internal override string ExitCodes =>
        "The exit code is 0 without a finding but warnings, 1 when the check could not be completed, 2 after errors, "
        + "3 after leaks\nonly, 63 for a kind that cannot be checked, 130 when interrupted.";

    protected override async Task<int> RunAsync(ParseResult parsed, CancellationToken cancellationToken)
    {
        bool json = _output.IsJson(parsed);
        VmdkOpenOptions open = _open.Read(parsed);
        VmdkCheckOptions options = VmdkCheckOptions.Default with
        {
            Deep = parsed.GetValue(_deep),
            Threads = _work.ThreadsOf(parsed),
            Limits = open.Limits,
            References = open.References,
            ForceShare = open.ForceShare,
        };
        string file = parsed.GetRequiredValue(_file);
        VmdkCheckResult? result = null;
        try
        {
            await _work.RunAsync(
                parsed, "checking",
                async progress => result = await VmdkImage.CheckAsync(file, options, progress, cancellationToken)
                    .ConfigureAwait(false)).ConfigureAwait(false);
        }
        catch (VmdkException failure) when (failure.Code == VmdkErrorCode.Unsupported)
        {
            _streams.Error.WriteLine($"vmdkfast: {Printable.Line(failure.Message)}");
            return ExitCode.NotCheckable;
        }

        await ShowAsync(result!, json, _work.IsQuiet(parsed)).ConfigureAwait(false);
        return ExitCodeOf(result!);
    }

    /// <summary>The exit code that says what a check found.</summary>
    internal static int ExitCodeOf(VmdkCheckResult result) =>
        result.CheckErrors > 0 ? ExitCode.Failure
        : result.Corruptions > 0 ? ExitCode.Corruptions
        : result.Leaks > 0 ? ExitCode.Leaks
        : ExitCode.Success;

    async Task ShowAsync(VmdkCheckResult result, bool json, bool isQuiet)
    {
        if (json)
        {
            await using (var writer = new Utf8JsonWriter(_streams.Output, Json.Indented))
            {
                CheckJson.Write(writer, result);
            }

            _streams.Output.Write("\n"u8);
        }
        else if (!isQuiet)
        {
            await using StreamWriter text = _streams.OpenText();
            CheckText.Write(text, result);
        }
    }
}
