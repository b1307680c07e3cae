using System.CommandLine;
using System.Text.Json;

namespace VmdkFast.Cli.Verbs;

/// <summary><c>compare</c>: whether two images hold the same disk, in words and exit codes of qemu-img.</summary>
sealed class CompareVerb : Verb
{
    readonly StandardStreams _streams;
    readonly Argument<string> _first = FileArgument("A", "The one image");
    readonly Argument<string> _second = FileArgument("B", "The other image");
    readonly OutputArgument _output;
    readonly ProgressArguments _progress;
    readonly OpenArguments _open;
    readonly Option<string?> _secondFormat = ImageFormat.Option(
        "--second-format", "-F", "Format of B; without it raw for names in .raw, else vmdk");

    readonly Option<bool> _strict = new("--strict", "-s")
    {
        Description = "Different lengths, and different allocation, are differences too",
    };

    internal CompareVerb(StandardStreams streams)
        : base("compare", "Tell whether two images hold the same disk, and where they differ first")
    {
        _streams = streams;
        Add(_first);
        Add(_second);
        Add(_strict);
        _output = OutputArgument.AddTo(this);
        _progress = ProgressArguments.AddTo(this, "Print nothing but errors");
        _open = OpenArguments.AddTo(this, "Format of A; without it raw for names in .raw, else vmdk");
        Add(_secondFormat);
    }

    /// <inheritdoc/>
    internal override int FailureCode => ExitCode.CompareOpenFailure;

    internal override string Notes =>
        """
        Exit codes: 0 the same, 1 different, 2 an image cannot be opened (or the command line is wrong), 3 a table is
        damaged, 4 data cannot be read. The offset is that of the first byte that differs. Without -s whatever lies
        past the end of the shorter disk counts as zeros, and how something is stored does not count. With -s it does:
        plain, compressed, known zeros, or nothing at all. Unlike qemu-img, -s does not look at where a zero grain or a
        hole lies in its file, nor whether a run is the file's last; then qemu-img may differ where this does not.
        """;

    internal override string Examples =>
        """
        vmdkfast compare disk.vmdk copy.vmdk
        vmdkfast compare -f raw -p /dev/vg0/volume disk.vmdk
        vmdkfast compare -s --output json a.vmdk b.vmdk
        """;

    protected override async Task<int> RunAsync(ParseResult parsed, CancellationToken cancellationToken)
    {
        bool json = _output.IsJson(parsed);
        var options = new VmdkCompareOptions
        {
            Strict = parsed.GetValue(_strict),
            Threads = _progress.ReadThreads(parsed),
        };
        await using VmdkDisk first = await _open.OpenAsync(
            parsed, parsed.GetRequiredValue(_first), cancellationToken).ConfigureAwait(false);
        await using VmdkDisk second = await ImageFormat.OpenAsync(
            parsed, _secondFormat, parsed.GetRequiredValue(_second), _open.Read(parsed), cancellationToken)
            .ConfigureAwait(false);
        VmdkComparison comparison;
        try
        {
            comparison = await _progress.RunAsync(
                parsed, _streams, Math.Max(first.Length, second.Length),
                progress => VmdkImage.CompareAsync(first, second, options, progress, cancellationToken))
                .ConfigureAwait(false);
        }
        catch (VmdkException fault)
        {
            _streams.ReportError(fault.Message);
            return fault.Code == VmdkErrorCode.TableInvalid
                ? ExitCode.CompareTableFailure
                : ExitCode.CompareReadFailure;
        }

        if (!_progress.IsQuiet(parsed))
        {
            await ReportAsync(parsed, comparison, options, json).ConfigureAwait(false);
        }

        return comparison.AreSame ? ExitCode.Success : ExitCode.CompareDifferent;
    }

    async Task ReportAsync(ParseResult parsed, VmdkComparison comparison, VmdkCompareOptions options, bool json)
    {
        if (json)
        {
            WriteJson(comparison);
            return;
        }

        TextWriter text = parsed.InvocationConfiguration.Output;
        if (!options.Strict && comparison.FirstLengthBytes != comparison.SecondLengthBytes)
        {
            await text.WriteLineAsync("Warning: Image size mismatch!").ConfigureAwait(false);
        }

        await text.WriteLineAsync(comparison.Difference switch
        {
            VmdkDifference.None => "Images are identical.",
            VmdkDifference.Length => "Strict mode: Image size mismatch!",
            VmdkDifference.Allocation => $"Strict mode: Offset {comparison.OffsetBytes} block status mismatch!",
            _ => $"Content mismatch at offset {comparison.OffsetBytes}!",
        }).ConfigureAwait(false);
    }

    void WriteJson(VmdkComparison comparison)
    {
        using (var json = new Utf8JsonWriter(_streams.Output, Json.Indented))
        {
            json.WriteStartObject();
            json.WriteBoolean("identical", comparison.AreSame);
            json.WriteString("difference", comparison.Difference switch
            {
                VmdkDifference.None => "none",
                VmdkDifference.Length => "length",
                VmdkDifference.Allocation => "allocation",
                _ => "content",
            });
            if (comparison.OffsetBytes is { } offsetBytes)
            {
                json.WriteNumber("offset", offsetBytes);
            }

            json.WriteStartArray("lengths");
            json.WriteNumberValue(comparison.FirstLengthBytes);
            json.WriteNumberValue(comparison.SecondLengthBytes);
            json.WriteEndArray();
            json.WriteEndObject();
        }

        _streams.Output.Write("\n"u8);
    }
}
