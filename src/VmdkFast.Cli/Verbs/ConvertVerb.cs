using System.CommandLine;

namespace VmdkFast.Cli.Verbs;

/// <summary><c>convert</c>: the whole disk into a raw file, a device or a pipe.</summary>
sealed class ConvertVerb : Verb
{
    const string StandardOutput = "-";

    readonly StandardStreams _streams;
    readonly Argument<string> _source = FileArgument("SRC", "The image");
    readonly Argument<string> _target = FileArgument("DST", "A raw file or device, or - for standard output");
    readonly OpenArguments _open;
    readonly Option<bool> _progress = new("--progress", "-p") { Description = "Show progress, on standard error" };
    readonly Option<bool> _quiet = new("--quiet", "-q") { Description = "Show no progress, whatever -p says" };
    readonly Option<string> _targetFormat = new("--target-format", "-O")
    {
        Description = "Format of the target; only raw",
        HelpName = "FORMAT",
        DefaultValueFactory = _ => "raw",
    };

    readonly Option<int> _threads = new("--threads", "-m")
    {
        Description = "Threads, 1 to 64; default one for each processor",
        HelpName = "THREADS",
    };

    readonly Option<bool> _outOfOrder = new("-W")
    {
        Description = "Accepted for qemu-img's sake: files are always written out of order, pipes never",
    };

    readonly Option<bool> _intoExisting = new("-n")
    {
        Description = "Write into the existing target, in place; it must be long enough",
    };

    readonly Option<bool> _sync = new("--sync")
    {
        Description = "Return only when the target is durable on its device, name included",
    };

    internal ConvertVerb(StandardStreams streams)
        : base("convert", "Copy the whole disk into a raw file, a device or a pipe")
    {
        _streams = streams;
        Add(_source);
        Add(_target);
        Add(_progress);
        Add(_quiet);
        Add(_targetFormat);
        Add(_threads);
        Add(_outOfOrder);
        Add(_intoExisting);
        Add(_sync);
        _open = OpenArguments.AddTo(this);
    }

    internal override string Notes =>
        """
        A new file appears under its name only when it is complete, and only then an existing file is replaced.
        Devices, files with several links, and targets with -n are written in place.
        Zeros are not written into new files; they become holes.
        """;

    internal override string Examples =>
        """
        vmdkfast convert -p disk.vmdk disk.raw
        vmdkfast convert -n -p disk.vmdk /dev/vg0/volume
        vmdkfast convert disk.vmdk - | zstd > disk.raw.zst
        vmdkfast convert --sync -m 4 snapshot.vmdk flattened.raw
        """;

    protected override async Task<int> RunAsync(ParseResult parsed, CancellationToken cancellationToken)
    {
        VmdkConvertOptions options = ReadOptions(parsed);
        string target = parsed.GetRequiredValue(_target);
        bool toPipe = target == StandardOutput;
        if (toPipe && (options.IntoExisting || options.Sync))
        {
            throw new UsageException("-n and --sync do not go with standard output as the target");
        }

        await using VmdkDisk source = await _open.OpenAsync(
            parsed, parsed.GetRequiredValue(_source), cancellationToken).ConfigureAwait(false);
        Task Convert(IProgress<VmdkProgress>? progress) => toPipe
            ? VmdkImage.ConvertAsync(source, _streams.Output, options, progress, cancellationToken)
            : VmdkImage.ConvertAsync(source, target, options, progress, cancellationToken);
        if (!parsed.GetValue(_progress) || parsed.GetValue(_quiet))
        {
            await Convert(null).ConfigureAwait(false);
        }
        else if (_streams.ErrorIsTerminal)
        {
            await ProgressBar.RunAsync(_streams.Error, source.Length, Convert).ConfigureAwait(false);
        }
        else
        {
            await Convert(new ProgressLines(_streams.Error)).ConfigureAwait(false);
        }

        return ExitCode.Success;
    }

    VmdkConvertOptions ReadOptions(ParseResult parsed)
    {
        string format = parsed.GetValue(_targetFormat)!;
        if (format != "raw")
        {
            throw new UsageException($"-O {format}: only raw can be written");
        }

        int threads = parsed.GetValue(_threads);
        if (parsed.GetResult(_threads) is { Implicit: false } && threads is < 1 or > 64)
        {
            throw new UsageException($"-m {threads}: wanted 1 to 64 threads");
        }

        return new VmdkConvertOptions
        {
            Threads = threads,
            IntoExisting = parsed.GetValue(_intoExisting),
            Sync = parsed.GetValue(_sync),
        };
    }
}
