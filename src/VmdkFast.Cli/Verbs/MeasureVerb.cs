using System.CommandLine;
using System.Text.Json;

namespace VmdkFast.Cli.Verbs;

/// <summary><c>measure</c>: how large a conversion's target will be, with the keys of qemu-img.</summary>
sealed class MeasureVerb : Verb
{
    readonly StandardStreams _streams;
    readonly Argument<string?> _file = new("SRC")
    {
        Description = "The image; none with --size",
        DefaultValueFactory = _ => null,
    };

    readonly Option<string?> _targetFormat = ImageFormat.Option(
        "--target-format", "-O", "Format of the target; default raw");

    readonly Option<string[]> _options = new("--option", "-o")
    {
        Description = "Options of a vmdk target; help lists them (may be repeated)",
        HelpName = "KEY=VALUE,...",
        Arity = ArgumentArity.OneOrMore,
        AllowMultipleArgumentsPerToken = false,
    };

    readonly Option<long?> _size = OpenArguments.SizeOption(
        "--size", "Measure an empty image of this length instead; suffixes k, M, G, T");

    readonly Option<long?> _sparse = OpenArguments.SizeOption(
        "-S", "Zeros of this length will be left out (default 4k), as by -S of convert; 0 for none");

    readonly Option<string?> _name = new("--target-name")
    {
        Description = "File name of the target, which its descriptor repeats; default disk.vmdk",
        HelpName = "NAME",
    };

    readonly OutputArgument _output;
    readonly ProgressArguments _progress;
    readonly OpenArguments _open;

    internal MeasureVerb(StandardStreams streams)
        : base("measure", "Tell how large an image will be that a disk is converted to")
    {
        _streams = streams;
        Add(_file);
        Add(_targetFormat);
        Add(_options);
        Add(_size);
        Add(_sparse);
        Add(_name);
        _output = OutputArgument.AddTo(this);
        _progress = ProgressArguments.AddTo(this, "Show no progress, whatever -p says");
        _open = OpenArguments.AddTo(this);
    }

    internal override string Notes =>
        """
        The lengths of all files together. Raw, flat and sparse targets are exact to the byte. What compression makes of
        the data is not known without doing it: for streamOptimized the required size is the most that it can become,
        the minimum size the least. Sparse targets need the source's data to be read, for grains of zeros take no room.
        """;

    internal override string? ListOptions(ParseResult parsed) =>
        OptionList.If(parsed.GetValue(_options), OptionList.OfMeasured);

    internal override string Examples =>
        """
        vmdkfast measure -O vmdk -o subformat=twoGbMaxExtentSparse disk.vmdk
        vmdkfast measure --output json -O vmdk -o subformat=streamOptimized -f raw disk.raw
        vmdkfast measure -O vmdk --size 100G
        """;

    protected override async Task<int> RunAsync(ParseResult parsed, CancellationToken cancellationToken)
    {
        bool json = _output.IsJson(parsed);
        VmdkMeasureOptions options = ReadOptions(parsed);
        VmdkMeasurement measurement = await MeasureAsync(parsed, options, cancellationToken).ConfigureAwait(false);
        if (json)
        {
            WriteJson(measurement);
            return ExitCode.Success;
        }

        TextWriter text = parsed.InvocationConfiguration.Output;
        await text.WriteLineAsync($"required size: {measurement.RequiredBytes}").ConfigureAwait(false);
        await text.WriteLineAsync($"fully allocated size: {measurement.FullyAllocatedBytes}").ConfigureAwait(false);
        if (!measurement.IsExact)
        {
            await text.WriteLineAsync($"minimum size: {measurement.MinimumBytes}").ConfigureAwait(false);
        }

        return ExitCode.Success;
    }

    async Task<VmdkMeasurement> MeasureAsync(
        ParseResult parsed, VmdkMeasureOptions options, CancellationToken cancellationToken)
    {
        string? file = parsed.GetValue(_file);
        long? sizeBytes = parsed.GetValue(_size);
        if (file is null == sizeBytes is null)
        {
            throw new UsageException("either SRC or --size is needed, and not both");
        }

        try
        {
            if (sizeBytes is { } lengthBytes)
            {
                return VmdkImage.Measure(lengthBytes, options);
            }

            await using VmdkDisk disk = await _open.OpenAsync(parsed, file!, cancellationToken).ConfigureAwait(false);
            return await _progress.RunAsync(
                parsed, _streams, disk.Length,
                progress => VmdkImage.MeasureAsync(disk, options, progress, cancellationToken)).ConfigureAwait(false);
        }
        catch (ArgumentException wrong)
        {
            throw UsageException.Of(file ?? "--size", wrong);
        }
    }

    VmdkMeasureOptions ReadOptions(ParseResult parsed)
    {
        var options = new VmdkMeasureOptions
        {
            Threads = _progress.ReadThreads(parsed),
            SparseBytes = ConvertArguments.ReadSparseBytes(parsed.GetValue(_sparse)),
        };
        string[] texts = parsed.GetValue(_options) ?? [];
        if (parsed.GetValue(_targetFormat) is not { } format || ImageFormat.IsRaw(format, "-O", ""))
        {
            return texts.Length == 0 ? options : throw new UsageException("-o: a raw target has no options");
        }

        var list = new KeyValueList();
        foreach (string text in texts)
        {
            list.Add(text);
        }

        options = options with
        {
            StreamLayout = ConvertArguments.ReadLayout(list),
            Target = CreateArguments.Read(list),
        };
        list.RefuseOthers();
        return parsed.GetValue(_name) is { } name ? options with { TargetName = name } : options;
    }

    void WriteJson(VmdkMeasurement measurement)
    {
        using (var json = new Utf8JsonWriter(_streams.Output, Json.Indented))
        {
            json.WriteStartObject();
            json.WriteNumber("required", measurement.RequiredBytes);
            json.WriteNumber("fully-allocated", measurement.FullyAllocatedBytes);
            json.WriteNumber("minimum", measurement.MinimumBytes);
            json.WriteEndObject();
        }

        _streams.Output.Write("\n"u8);
    }
}
