using System.CommandLine;

namespace VmdkFast.Cli.Verbs;

/// <summary><c>convert</c>: the whole disk into a raw file, a device, a pipe, or an image of another kind.</summary>
sealed class ConvertVerb : Verb
{
    const string StandardStream = "-";

    readonly StandardStreams _streams;
    readonly Argument<string> _source = FileArgument("SRC", "The image, or - for standard input");
    readonly Argument<string> _target = FileArgument("DST", "A file or device, or - for standard output");
    readonly OpenArguments _open;
    readonly ConvertArguments _convert;
    readonly Option<bool> _progress = new("--progress", "-p") { Description = "Show progress, on standard error" };
    readonly Option<bool> _quiet = new("--quiet", "-q")
    {
        Description = "Show no progress, whatever -p says, and do not say what is missing",
    };

    readonly Option<long?> _size = OpenArguments.SizeOption(
        "--size", "With -f raw and - as SRC: the length of the disk that comes; suffixes k, M, G, T");

    internal ConvertVerb(StandardStreams streams)
        : base("convert", "Copy the whole disk into a raw file, a device, a pipe, or an image of another kind")
    {
        _streams = streams;
        Add(_source);
        Add(_target);
        Add(_progress);
        Add(_quiet);
        _convert = ConvertArguments.AddTo(this);
        Add(_size);
        _open = OpenArguments.AddTo(this, "Format of SRC; without it raw for names in .raw, else vmdk");
    }

    internal override string Notes =>
        """
        A new file appears under its name only when it is complete, and only then an existing file is replaced. A killed
        command leaves nothing but hidden names that end in .partial.
        Devices, files with several links, and targets with -n are written in place.
        Zeros are not written into new files; they become holes.
        --verify reads the complete target: when it fails, the target has its name already, and must not be used.
        -o with -O vmdk takes all options of create but size and overwrite, and stream_layout=export|local: where a
        streamOptimized image keeps its tables. Export is what VMware's products export and import, and goes into pipes.
        A chain of images becomes one, unless -B names a base that the target shall be a child of.
        Standard input takes a streamOptimized image, with grains of 64 MiB at most and without a parent; or a raw disk,
        with -f raw and --size.
        --references, --allow-folder, -U and the like are about SRC, and about BASE.
        """;

    internal override string? ListOptions(ParseResult parsed) => _convert.ListOptions(parsed);

    internal override string Examples =>
        """
        vmdkfast convert -p disk.vmdk disk.raw
        vmdkfast convert -O vmdk -o subformat=streamOptimized disk.raw disk.vmdk
        vmdkfast convert -O vmdk -c disk.vmdk - | ssh host 'cat > disk.vmdk'
        ssh host 'cat disk.vmdk' | vmdkfast convert - disk.raw
        ssh host 'cat /dev/sda' | vmdkfast convert -f raw --size 40G -O vmdk -c - disk.vmdk
        vmdkfast convert -O vmdk -o subformat=twoGbMaxExtentSparse snapshot.vmdk flattened.vmdk
        vmdkfast convert -n -p disk.vmdk /dev/vg0/volume
        """;

    protected override async Task<int> RunAsync(ParseResult parsed, CancellationToken cancellationToken)
    {
        string target = parsed.GetRequiredValue(_target);
        VmdkOpenOptions open = _open.Read(parsed) with { Codec = _convert.ReadCodec(parsed) };
        VmdkConvertOptions options = _convert.Read(parsed, target, open);
        await using VmdkDisk? source = await OpenAsync(parsed, open, cancellationToken).ConfigureAwait(false);
        Task<VmdkConvertResult> Convert(IProgress<VmdkProgress>? progress) =>
            ConvertAsync(source, parsed.GetValue(_size), target, options, progress, cancellationToken);
        bool isQuiet = parsed.GetValue(_quiet);
        foreach (string warning in isQuiet ? [] : Warnings(source?.Layers ?? []))
        {
            _streams.Error.WriteLine($"vmdkfast: {Printable.Line(warning)}");
        }

        VmdkConvertResult result;
        if (!parsed.GetValue(_progress) || isQuiet)
        {
            result = await Convert(null).ConfigureAwait(false);
        }
        else if (_streams.ErrorIsTerminal)
        {
            result = await ProgressBar.RunAsync(
                _streams.Error, source?.Length ?? parsed.GetValue(_size) ?? 0, Convert).ConfigureAwait(false);
        }
        else
        {
            result = await Convert(new ProgressLines(_streams.Error)).ConfigureAwait(false);
        }

        if (options.Digest is not null && result.Digest is { } digest)
        {
            // The image itself may be on its way through standard output.
            TextWriter text = target == StandardStream ? _streams.Error : parsed.InvocationConfiguration.Output;
            await text.WriteLineAsync($"{digest.Hex}  {digest.LengthBytes}  {Printable.Line(target)}")
                .ConfigureAwait(false);
        }

        foreach (VmdkRange lost in isQuiet ? [] : result.Unreadable)
        {
            _streams.Error.WriteLine(
                $"vmdkfast: unreadable, zeros instead: {lost.LengthBytes} bytes at byte {lost.OffsetBytes}");
        }

        return ExitCode.Success;
    }

    // What of the source is known to be missing or doubtful before it is read.
    static IEnumerable<string> Warnings(IReadOnlyList<VmdkLayerInfo> layers)
    {
        foreach (VmdkLayerInfo layer in layers)
        {
            foreach (string warning in layer.Warnings)
            {
                yield return $"{layer.Path}: {warning}";
            }

            foreach (VmdkExtentInfo extent in layer.Extents)
            {
                if (extent.Recovery is { Problem: { } problem } recovery)
                {
                    yield return $"{extent.Path ?? layer.Path}: {problem}: {recovery.Grains} grains are there, the "
                        + $"last one for byte {recovery.LastGrainOffsetBytes ?? 0} of the extent; all others read as "
                        + $"zeros, and {recovery.IgnoredBytes} bytes from byte {recovery.EndBytes} on are ignored";
                }
            }
        }
    }

    // Null for standard input, which is no disk: it is read once, in order.
    async Task<VmdkDisk?> OpenAsync(ParseResult parsed, VmdkOpenOptions open, CancellationToken cancellationToken)
    {
        string path = parsed.GetRequiredValue(_source);
        if (path != StandardStream)
        {
            if (parsed.GetValue(_size).HasValue)
            {
                throw new UsageException("--size is the length of a raw disk on standard input; a file has its own");
            }

            return await _open.OpenAsync(parsed, path, open, cancellationToken).ConfigureAwait(false);
        }

        if (open.RecoverStreams)
        {
            throw new UsageException("standard input takes no stream that was cut short");
        }

        if (_open.NamesRaw(parsed) != parsed.GetValue(_size).HasValue)
        {
            throw new UsageException(
                "a raw disk on standard input needs -f raw and --size, its length; a streamOptimized image neither");
        }

        return null;
    }

    async Task<VmdkConvertResult> ConvertAsync(
        VmdkDisk? source, long? rawBytes, string target, VmdkConvertOptions options,
        IProgress<VmdkProgress>? progress, CancellationToken cancellationToken)
    {
        try
        {
            return await ((source, target == StandardStream) switch
            {
                (null, true) when rawBytes is { } length => VmdkImage.ConvertRawAsync(
                    _streams.Input, length, _streams.Output, options, progress, cancellationToken),
                (null, false) when rawBytes is { } length => VmdkImage.ConvertRawAsync(
                    _streams.Input, length, target, options, progress, cancellationToken),
                (null, true) => VmdkImage.ConvertAsync(
                    _streams.Input, _streams.Output, options, progress, cancellationToken),
                (null, false) => VmdkImage.ConvertAsync(_streams.Input, target, options, progress, cancellationToken),
                (_, true) => VmdkImage.ConvertAsync(source, _streams.Output, options, progress, cancellationToken),
                _ => VmdkImage.ConvertAsync(source, target, options, progress, cancellationToken),
            }).ConfigureAwait(false);
        }
        catch (ArgumentException wrong)
        {
            throw UsageException.Of(target, wrong);
        }
    }
}
