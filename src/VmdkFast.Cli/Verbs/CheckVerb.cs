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
    readonly ProgressArguments _work;
    readonly Option<string?> _repair = new("--repair", "-r")
    {
        Description = "Repair what can be repaired: leaked space only, or all; changes are made at once",
        HelpName = "leaks|all",
    };

    readonly Option<bool> _deep = new("--deep") { Description = "Inflate every compressed grain besides" };

    internal CheckVerb(StandardStreams streams)
        : base("check", "List everything that is wrong with an image, also with one that cannot be opened")
    {
        _streams = streams;
        Add(_file);
        _output = OutputArgument.AddTo(this);
        Add(_deep);
        Add(_repair);
        _work = ProgressArguments.AddTo(this, "Show nothing but errors and JSON");
        _open = OpenArguments.AddTo(this, "Format of the image; only vmdk", reads: false);
    }

    internal override string Notes =>
        """
        Extents are checked with their image; of parents only that they are there and the right ones.
        Without -r nothing is written. With it the changes can be taken back: see vmdkfast repair, which also shows them
        first. Every kind of finding is explained in docs/checking.md.
        """;

    internal override string Examples =>
        """
        vmdkfast check disk.vmdk
        vmdkfast check --deep -p export.vmdk
        vmdkfast check --output json damaged.vmdk
        vmdkfast check -r leaks disk.vmdk
        """;

    internal override string ExitCodes =>
        "The exit code is 0 without a finding but warnings, 1 when the check could not be completed, 2 after errors, "
        + "3 after leaks\nonly, 63 for a kind that cannot be checked, 130 when interrupted.";

    protected override async Task<int> RunAsync(ParseResult parsed, CancellationToken cancellationToken)
    {
        bool json = _output.IsJson(parsed);
        VmdkRepairScope? scope = parsed.GetValue(_repair) switch
        {
            null => null,
            "leaks" => VmdkRepairScope.Leaks,
            "all" => VmdkRepairScope.All,
            { } word => throw new UsageException($"-r {word}: wanted leaks or all"),
        };
        VmdkCheckOptions options = OptionsOf(
            _open.Read(parsed), parsed.GetValue(_deep), _work.ReadThreads(parsed));
        if (scope is not null && options.ForceShare)
        {
            throw new UsageException("-r does not go with -U: a repair needs the image for itself");
        }

        string file = parsed.GetRequiredValue(_file);
        _open.RequireStructure(parsed, file);
        VmdkRepairResult? repair = null;
        VmdkCheckResult result = await _work.RunAsync(
            parsed, _streams, 1,
            async progress =>
            {
                if (scope is not { } wanted)
                {
                    return await VmdkImage.CheckAsync(file, options, progress, cancellationToken).ConfigureAwait(false);
                }

                var how = new VmdkRepairOptions { Apply = true, Scope = wanted, Check = options };
                repair = await VmdkImage.RepairAsync(file, how, progress, cancellationToken).ConfigureAwait(false);
                return repair.After!;
            }).ConfigureAwait(false);
        await ShowAsync(result, repair, json, _work.IsQuiet(parsed)).ConfigureAwait(false);
        return ExitCodeOf(result);
    }

    /// <summary>The options of a check as the command line has them.</summary>
    internal static VmdkCheckOptions OptionsOf(VmdkOpenOptions open, bool isDeep, int threads) =>
        VmdkCheckOptions.Default with
        {
            Deep = isDeep,
            Threads = threads,
            Limits = open.Limits,
            References = open.References,
            ForceShare = open.ForceShare,
            RawMappings = open.RawMappings,
            DirtySeSparse = open.DirtySeSparse,
        };

    /// <summary>The exit code that says what a check found.</summary>
    internal static int ExitCodeOf(VmdkCheckResult result) =>
        result.CheckErrors > 0 ? ExitCode.Failure
        : result.Corruptions > 0 ? ExitCode.Corruptions
        : result.Leaks > 0 ? ExitCode.Leaks
        : ExitCode.Success;

    async Task ShowAsync(VmdkCheckResult result, VmdkRepairResult? repair, bool json, bool isQuiet)
    {
        if (json)
        {
            await using (var writer = new Utf8JsonWriter(_streams.Output, Json.Indented))
            {
                CheckJson.Write(writer, result, repair);
            }

            _streams.Output.Write("\n"u8);
        }
        else if (!isQuiet)
        {
            await using StreamWriter text = _streams.OpenText();
            if (repair is { Changes.Count: > 0 })
            {
                CheckText.WriteRepaired(text, repair);
            }
            else if (repair is not null && !result.IsSound)
            {
                RepairText.WriteWhyNothing(text, repair);
            }

            if (repair is not null)
            {
                RepairText.WriteRemedies(text, repair);
            }

            CheckText.Write(text, result);
        }
    }
}
