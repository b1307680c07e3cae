using System.CommandLine;

namespace VmdkFast.Cli;

/// <summary>The options of <c>convert</c> that are about the target and the way there.</summary>
sealed class ConvertArguments
{
    const string Raw = "raw";
    const string Vmdk = "vmdk";
    const string StandardOutput = "-";

    readonly Option<string> _targetFormat = new("--target-format", "-O")
    {
        Description = "Format of the target",
        HelpName = "raw|vmdk",
        DefaultValueFactory = _ => Raw,
    };

    readonly Option<string[]> _options = new("--option", "-o")
    {
        Description = "Options of a vmdk target; help lists them (may be repeated)",
        HelpName = "KEY=VALUE,...",
        Arity = ArgumentArity.OneOrMore,
        AllowMultipleArgumentsPerToken = false,
    };

    readonly Option<string> _backing = new("--backing", "-B", "-b")
    {
        Description = "Make a child of this VMDK that stores only what differs; a relative name counts from DST",
        HelpName = "BASE",
    };

    readonly Option<string> _backingFormat = new("--backing-format", "-F")
    {
        Description = "Format of BASE; only vmdk",
        HelpName = "FORMAT",
    };

    readonly Option<bool> _compress = new("-c")
    {
        Description = "Compress: a vmdk target is streamOptimized, and need not be called so",
    };

    readonly Option<string> _level = new("--level")
    {
        Description = "How hard to compress: a word, or 0 (none), 1 (fastest) to 9 (smallest); default default",
        HelpName = "none|fastest|fast|default|small|best",
    };

    readonly Option<string> _codec = new("--codec")
    {
        Description = "Which library inflates and deflates; default the best that is there for the level",
        HelpName = "zlib|libdeflate|isal",
    };

    readonly Option<long?> _sparse = OpenArguments.SizeOption(
        "-S", "Zeros of at least this length are left out (default 4k); 0 writes all zeros");

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

    readonly Option<bool> _targetIsZero = new("--target-is-zero")
    {
        Description = "With -n: the target reads as zeros, so that zeros need not be written",
    };

    readonly Option<bool> _salvage = new("--salvage")
    {
        Description = "Go on where SRC cannot be read: zeros take its place, and a line on standard error says where",
    };

    readonly Option<long?> _rate = OpenArguments.SizeOption("-r", "Read at most so many bytes in a second");

    readonly Option<string?> _digest = new(DigestAlgorithms.Option)
    {
        Description = $"Print the digest of the content, as hash does; {DigestAlgorithms.Option} alone is xxh128",
        HelpName = DigestAlgorithms.Names,
    };

    readonly Option<bool> _verify = new("--verify")
    {
        Description = "Read the target back, and compare its digest with that of what was written",
    };

    readonly Option<bool> _sync = new("--sync")
    {
        Description = "Return only when the target is durable on its device, name included",
    };

    ConvertArguments()
    {
    }

    /// <summary>Adds the options to a verb.</summary>
    internal static ConvertArguments AddTo(Command verb)
    {
        var arguments = new ConvertArguments();
        verb.Add(arguments._targetFormat);
        verb.Add(arguments._options);
        verb.Add(arguments._backing);
        verb.Add(arguments._backingFormat);
        verb.Add(arguments._compress);
        verb.Add(arguments._level);
        verb.Add(arguments._codec);
        verb.Add(arguments._sparse);
        verb.Add(arguments._threads);
        verb.Add(arguments._outOfOrder);
        verb.Add(arguments._intoExisting);
        verb.Add(arguments._targetIsZero);
        verb.Add(arguments._salvage);
        verb.Add(arguments._rate);
        verb.Add(arguments._digest);
        verb.Add(arguments._verify);
        verb.Add(arguments._sync);
        return arguments;
    }

    /// <summary>The options of a target, when they are asked for; null otherwise.</summary>
    internal string? ListOptions(ParseResult parsed) =>
        OptionList.If(parsed.GetValue(_options), OptionList.OfTarget);

    /// <summary>What the options say.</summary>
    /// <param name="parsed">The command line.</param>
    /// <param name="target">The target's name.</param>
    /// <param name="parentOptions">How a base is opened.</param>
    /// <exception cref="UsageException">They contradict each other, or mean nothing.</exception>
    internal VmdkConvertOptions Read(ParseResult parsed, string target, VmdkOpenOptions parentOptions)
    {
        int threads = parsed.GetValue(_threads);
        if (parsed.GetResult(_threads) is { Implicit: false } && threads is < 1 or > 64)
        {
            throw new UsageException($"-m {threads}: wanted 1 to 64 threads");
        }

        var list = new KeyValueList();
        foreach (string text in parsed.GetValue(_options) ?? [])
        {
            list.Add(text);
        }

        var options = new VmdkConvertOptions
        {
            Threads = threads,
            IntoExisting = parsed.GetValue(_intoExisting),
            TargetIsZero = parsed.GetValue(_targetIsZero),
            Salvage = parsed.GetValue(_salvage),
            Sync = parsed.GetValue(_sync),
            SparseBytes = ReadSparseBytes(parsed.GetValue(_sparse)),
            RateBytesPerSecond = parsed.GetValue(_rate) ?? 0,
            Compression = ReadLevel(parsed),
            Codec = ReadCodec(parsed),
            Digest = parsed.GetValue(_digest) is { } name
                ? DigestAlgorithms.Read(DigestAlgorithms.Option, name)
                : null,
            Verify = parsed.GetValue(_verify),
            StreamLayout = ReadLayout(list),
            Target = ReadTarget(parsed, target, list, parentOptions),
        };
        list.RefuseOthers();
        if (target == StandardOutput && (options.IntoExisting || options.Sync || options.Verify))
        {
            throw new UsageException("-n, --sync and --verify do not go with standard output as the target");
        }

        return options.TargetIsZero && !options.IntoExisting
            ? throw new UsageException("--target-is-zero requires use of -n flag")
            : options;
    }

    VmdkCreateOptions? ReadTarget(
        ParseResult parsed, string target, KeyValueList list, VmdkOpenOptions parentOptions)
    {
        string format = parsed.GetValue(_targetFormat)!;
        bool compress = parsed.GetValue(_compress);
        string? backing = list.Take("backing_file");
        backing = parsed.GetValue(_backing) ?? backing;
        string? backingFormat = list.Take("backing_fmt");
        backingFormat = parsed.GetValue(_backingFormat) ?? backingFormat;
        if (format == Raw)
        {
            return compress ? throw new UsageException("-c: raw has no compression")
                : backing is not null ? throw new UsageException("-B: raw has no backing file")
                : null;
        }

        if (format != Vmdk)
        {
            throw new UsageException($"-O {format}: only raw and vmdk can be written");
        }

        if (backing is not null && backingFormat is not (null or Vmdk))
        {
            throw new UsageException($"Invalid backing file format: {backingFormat}. Must be vmdk");
        }

        bool isKindGiven = list.Take("subformat") is not null;
        VmdkCreateOptions image = CreateArguments.Read(list);
        if (compress && !isKindGiven)
        {
            image = image with { Kind = VmdkDiskKind.StreamOptimized };
        }

        return compress && image.Kind != VmdkDiskKind.StreamOptimized
            ? throw new UsageException("-c: only streamOptimized images are compressed")
            : image with
            {
                // The name ends up in the image, where it counts from the image's folder; so it does here.
                ParentPath = backing is null ? null : Path.Combine(Path.GetDirectoryName(target) ?? "", backing),
                ParentOpenOptions = parentOptions,
            };
    }

    /// <summary>What <c>-S</c> says.</summary>
    /// <exception cref="UsageException">It is no such length.</exception>
    internal static int ReadSparseBytes(long? length)
    {
        const int SectorBytes = 512;
        const int MaxSparseBytes = 16 << 20;
        return length switch
        {
            null => VmdkConvertOptions.Default.SparseBytes,
            >= 0 and <= MaxSparseBytes and var bytes when bytes % SectorBytes == 0 => (int)bytes,
            var bytes => throw new UsageException($"-S {bytes}: wanted 0, or a multiple of 512 up to 16M"),
        };
    }

    VmdkCompression ReadLevel(ParseResult parsed) => parsed.GetValue(_level) switch
    {
        null or "default" or "4" or "5" or "6" => VmdkCompression.Default,
        "none" or "0" => VmdkCompression.None,
        "fastest" or "1" => VmdkCompression.Fastest,
        "fast" or "2" or "3" => VmdkCompression.Fast,
        "small" or "7" or "8" => VmdkCompression.Small,
        "best" or "9" => VmdkCompression.Smallest,
        var text => throw new UsageException(
            $"--level {text}: wanted none, fastest, fast, default, small, best, or 0 to 9"),
    };

    /// <summary>The codec that the options name.</summary>
    /// <exception cref="UsageException">There is none of that name.</exception>
    internal VmdkCodec ReadCodec(ParseResult parsed) => parsed.GetValue(_codec) switch
    {
        null => VmdkCodec.Auto,
        "zlib" => VmdkCodec.Zlib,
        "libdeflate" => VmdkCodec.Libdeflate,
        "isal" => VmdkCodec.Isal,
        var word => throw new UsageException($"--codec {word}: wanted zlib, libdeflate or isal"),
    };

    /// <summary>The layout of a streamOptimized target that a list of options names.</summary>
    internal static VmdkStreamLayout ReadLayout(KeyValueList list) => list.Take("stream_layout") switch
    {
        null or "export" => VmdkStreamLayout.Export,
        "local" => VmdkStreamLayout.Local,
        var word => throw new UsageException(
            $"invalid parameter value: stream_layout={word}; wanted export, local"),
    };
}
