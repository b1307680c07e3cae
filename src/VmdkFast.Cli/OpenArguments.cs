using System.CommandLine;
using System.CommandLine.Parsing;

namespace VmdkFast.Cli;

/// <summary>The options of every verb that opens an image.</summary>
sealed class OpenArguments
{
    readonly Option<string?> _format;

    readonly Option<bool> _forceShare = new("--force-share", "-U")
    {
        Description = "Ignore locks, for an image that a running machine writes; what is read may be torn",
    };

    readonly Option<string> _references = new("--references")
    {
        Description = "Which files the image may name: plain names beside it, any, or none",
        HelpName = "beside|anywhere|deny",
        DefaultValueFactory = _ => "beside",
    };

    readonly Option<string[]> _allowFolders = new("--allow-folder")
    {
        Description = "Allow files below this folder besides (may be repeated)",
        HelpName = "DIR",
        Arity = ArgumentArity.OneOrMore,
        AllowMultipleArgumentsPerToken = false,
    };

    readonly Option<bool> _allowParentMismatch = new("--allow-parent-mismatch")
    {
        Description = "Open a child whose parent has changed since; what is read may be wrong",
    };

    readonly Option<bool> _recoverStreams = new("--recover-stream")
    {
        Description = "Open streamOptimized images by the markers of their grains, for one that was cut short",
    };

    readonly Option<string[]> _mapDevices = new("--map-device")
    {
        Description = "Read the raw extent NAME (of a device mapping, say) from this file or device (may be repeated)",
        HelpName = "NAME=PATH",
        Arity = ArgumentArity.OneOrMore,
        AllowMultipleArgumentsPerToken = false,
    };

    readonly Option<bool> _readDirty = new("--read-dirty")
    {
        Description = "Read a seSparse extent that was not closed cleanly; the last writes may be missing",
    };

    readonly Option<string> _unmapped = new("--unmapped")
    {
        Description = "What grains of a seSparse extent read as that the guest has unmapped",
        HelpName = "zero|parent",
        DefaultValueFactory = _ => "zero",
    };

    readonly Option<long?> _tableCache = SizeOption(
        "--table-cache", "Memory for grain tables (default 16M); suffixes k, M, G, T");

    readonly Option<long?> _grainCache = SizeOption(
        "--grain-cache", "Memory for inflated grains (default 64M); suffixes k, M, G, T");

    OpenArguments(string formatDescription) => _format = ImageFormat.Option("--format", "-f", formatDescription);

    /// <summary>Adds the options to a verb.</summary>
    /// <param name="verb">The verb.</param>
    /// <param name="formatDescription">What <c>-f</c> says there.</param>
    /// <param name="reads">Whether it reads the disk; a check has no use for caches.</param>
    internal static OpenArguments AddTo(
        Command verb, string formatDescription = "Format of the image; without it raw for names in .raw, else vmdk",
        bool reads = true)
    {
        var arguments = new OpenArguments(formatDescription);
        verb.Add(arguments._format);
        verb.Add(arguments._forceShare);
        verb.Add(arguments._references);
        verb.Add(arguments._allowFolders);
        verb.Add(arguments._mapDevices);
        verb.Add(arguments._readDirty);
        if (!reads)
        {
            return arguments;
        }

        verb.Add(arguments._allowParentMismatch);
        verb.Add(arguments._recoverStreams);
        verb.Add(arguments._unmapped);
        verb.Add(arguments._tableCache);
        verb.Add(arguments._grainCache);
        return arguments;
    }

    /// <summary>The option of a size with a suffix.</summary>
    internal static Option<long?> SizeOption(string name, string description) => new(name)
    {
        Description = description,
        HelpName = "SIZE",
        CustomParser = ParseSize,
    };

    /// <summary>Opens an image in the format and with the options that the command line names.</summary>
    /// <exception cref="UsageException">They contradict each other, or ask for what there is not.</exception>
    internal Task<VmdkDisk> OpenAsync(ParseResult parsed, string path, CancellationToken cancellationToken) =>
        OpenAsync(parsed, path, Read(parsed), cancellationToken);

    /// <summary>Opens an image in the format that the command line names, with changed options.</summary>
    /// <exception cref="UsageException">There is no such format, or the file needs another one.</exception>
    internal Task<VmdkDisk> OpenAsync(
        ParseResult parsed, string path, VmdkOpenOptions options, CancellationToken cancellationToken) =>
        ImageFormat.OpenAsync(parsed, _format, path, options, cancellationToken);

    /// <summary>Whether <c>-f raw</c> is said.</summary>
    internal bool NamesRaw(ParseResult parsed) => parsed.GetValue(_format) == "raw";

    /// <summary>The format named, of a verb that has no use but for VMDK.</summary>
    /// <exception cref="UsageException">Another one was named.</exception>
    internal void RequireVmdk(ParseResult parsed)
    {
        if (parsed.GetValue(_format) is { } format and not "vmdk")
        {
            throw new UsageException($"-f {format}: only vmdk can be written");
        }
    }

    /// <summary>The format named, of a verb that looks at the structures of a VMDK.</summary>
    /// <exception cref="VmdkException"><see cref="VmdkErrorCode.Unsupported"/>: raw, which has none.</exception>
    /// <exception cref="UsageException">There is no such format.</exception>
    internal void RequireStructure(ParseResult parsed, string path)
    {
        if (ImageFormat.IsRaw(parsed.GetValue(_format) ?? "vmdk", _format.Aliases.First(), path))
        {
            throw new VmdkException(
                VmdkErrorCode.Unsupported, path, "a raw disk has no structure that could be checked");
        }
    }

    /// <summary>What the options say, but for the format.</summary>
    /// <exception cref="UsageException">They contradict each other, or ask for what there is not.</exception>
    internal VmdkOpenOptions Read(ParseResult parsed)
    {
        VmdkOpenOptions options = VmdkOpenOptions.Default with
        {
            ForceShare = parsed.GetValue(_forceShare),
            AllowParentMismatch = parsed.GetValue(_allowParentMismatch),
            RecoverStreams = parsed.GetValue(_recoverStreams),
            References = ReadPolicy(parsed),
            RawMappings = ReadMappings(parsed.GetValue(_mapDevices) ?? []),
            DirtySeSparse = parsed.GetValue(_readDirty) ? VmdkDirtySeSparse.Read : VmdkDirtySeSparse.Refuse,
            UnmappedGrains = parsed.GetValue(_unmapped) switch
            {
                null or "zero" => VmdkUnmappedGrains.Zero,
                "parent" => VmdkUnmappedGrains.Parent,
                var word => throw new UsageException($"--unmapped {word}: wanted zero or parent"),
            },
        };
        return options with
        {
            TableCacheBytes = parsed.GetValue(_tableCache) ?? options.TableCacheBytes,
            GrainCacheBytes = parsed.GetValue(_grainCache) ?? options.GrainCacheBytes,
        };
    }

    // The last equals sign parts them: a name out of a descriptor is more likely to hold one than a device's path.
    static Dictionary<string, string> ReadMappings(string[] mappings)
    {
        var targets = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (string mapping in mappings)
        {
            int equals = mapping.LastIndexOf('=');
            if (equals <= 0 || equals == mapping.Length - 1)
            {
                throw new UsageException($"--map-device {mapping}: wanted NAME=PATH");
            }

            if (!targets.TryAdd(mapping[..equals], mapping[(equals + 1)..]))
            {
                throw new UsageException($"--map-device {mapping}: the name is given twice");
            }
        }

        return targets;
    }

    VmdkReferencePolicy ReadPolicy(ParseResult parsed)
    {
        string[] folders = parsed.GetValue(_allowFolders) ?? [];
        string word = parsed.GetValue(_references)!;
        if (folders.Length > 0)
        {
            return word == "beside" && Array.TrueForAll(folders, folder => folder.Length > 0)
                ? VmdkReferencePolicy.Below(folders)
                : throw new UsageException(
                    $"--allow-folder needs a folder, and goes only with --references beside (found {word})");
        }

        return word switch
        {
            "beside" => VmdkReferencePolicy.SameFolder,
            "anywhere" => VmdkReferencePolicy.Anywhere,
            "deny" => VmdkReferencePolicy.Deny,
            _ => throw new UsageException($"--references {word}: wanted beside, anywhere or deny"),
        };
    }

    static long? ParseSize(ArgumentResult argument)
    {
        string text = argument.Tokens[0].Value;
        if (Sizes.TryParse(text, out long bytes))
        {
            return bytes;
        }

        argument.AddError($"'{text}' is not a size: wanted a number, with k, M, G or T behind it if need be");
        return null;
    }
}
