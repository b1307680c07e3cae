using System.CommandLine;
using System.Text.Json;

namespace VmdkFast.Cli.Verbs;

/// <summary><c>repair</c>: shows what would set an image right, does it, and takes it back.</summary>
sealed class RepairVerb : Verb
{
    readonly StandardStreams _streams;
    readonly Argument<string?> _file = new("FILE") { Description = "The image", Arity = ArgumentArity.ZeroOrOne };
    readonly OutputArgument _output;
    readonly OpenArguments _open;
    readonly ProgressArguments _work;
    readonly Option<bool> _apply = new("--apply") { Description = "Make the changes; without it they are only shown" };
    readonly Option<bool> _leaks = new("--leaks") { Description = "Only give back space that nothing uses" };
    readonly Option<bool> _deep = new("--deep") { Description = "Inflate every compressed grain when checking" };
    readonly Option<bool> _acceptParent = new("--accept-parent")
    {
        Description = "Take the parent as it is, by writing its content ID into the child",
    };

    readonly Option<bool> _dropLost = new("--drop-lost")
    {
        Description = "Make entries empty that lead nowhere and have no good copy; their ranges are listed",
    };

    readonly Option<string?> _journal = new("--journal")
    {
        Description = "Where the undo journal goes (default FILE.undo-TIME)",
        HelpName = "FILE",
    };

    readonly Option<string?> _undo = new("--undo")
    {
        Description = "Put everything back that a repair has changed",
        HelpName = "JOURNAL",
    };

    readonly Option<bool> _rebuildDescriptor = new("--rebuild-descriptor")
    {
        Description = "Make a lost or damaged descriptor anew: FILE's own, or FILE from the extents --from names",
    };

    readonly Option<string?> _from = new("--from")
    {
        Description = "A flat or ESX sparse file, or the first extent of a split disk, beside FILE",
        HelpName = "EXTENT",
    };

    readonly Option<string?> _parent = new("--parent")
    {
        Description = "The parent of the sparse disk whose descriptor is made, as it is now",
        HelpName = "IMAGE",
    };

    readonly Option<string?> _subformat = new("--subformat")
    {
        Description = "Kind of the disk whose descriptor is made (default as the extent's name says)",
        HelpName = "KIND",
    };

    internal RepairVerb(StandardStreams streams)
        : base("repair", "Set an image right from what is still there; shows the plan, --apply carries it out")
    {
        _streams = streams;
        Add(_file);
        _output = OutputArgument.AddTo(this);
        Add(_apply);
        Add(_leaks);
        Add(_acceptParent);
        Add(_dropLost);
        Add(_deep);
        Add(_journal);
        Add(_undo);
        Add(_rebuildDescriptor);
        Add(_from);
        Add(_parent);
        Add(_subformat);
        _work = ProgressArguments.AddTo(this, "Show nothing but errors and JSON");
        _open = OpenArguments.AddTo(this, "Format of the image; only vmdk", reads: false);
    }

    internal override string Notes =>
        """
        Nothing is given up unless --drop-lost or --accept-parent says so. Before the first change, everything that will
        be changed is saved in the journal; --undo puts it back, also after a repair that was cut short. An image that
        was written to after its repair is not put back, nor is anything from a damaged journal.
        """;

    internal override string Examples =>
        """
        vmdkfast repair damaged.vmdk
        vmdkfast repair --apply damaged.vmdk
        vmdkfast repair --undo damaged.vmdk.undo-20260131T120000
        vmdkfast repair --apply --rebuild-descriptor --from disk-flat.vmdk disk.vmdk
        vmdkfast repair --apply --rebuild-descriptor sparse.vmdk
        """;

    internal override string ExitCodes =>
        "The exit code is that of a check of the image as it is left: 0, 1 when a check could not be completed or\n"
        + "something failed, 2 with errors, 3 with leaks only, 63 for a kind that cannot be checked, 130 when\n"
        + "interrupted.";

    protected override async Task<int> RunAsync(ParseResult parsed, CancellationToken cancellationToken)
    {
        if (parsed.GetValue(_undo) is { } undo)
        {
            return await UndoAsync(parsed, undo, cancellationToken).ConfigureAwait(false);
        }

        string file = parsed.GetValue(_file) ?? throw new UsageException("the FILE to repair is missing");
        if (parsed.GetValue(_parent) is not null && parsed.GetValue(_from) is null)
        {
            throw new UsageException("--parent goes with --from");
        }

        if (!parsed.GetValue(_rebuildDescriptor) && parsed.GetValue(_from) is not null)
        {
            throw new UsageException("--from goes with --rebuild-descriptor");
        }

        return parsed.GetValue(_rebuildDescriptor) && !EmbedsDescriptor(parsed, file)
            ? RebuildDescriptor(parsed, file)
            : await RepairAsync(parsed, file, cancellationToken).ConfigureAwait(false);
    }

    // Whether it really does the repair finds out; a descriptor of its own is a file that does not exist yet.
    bool EmbedsDescriptor(ParseResult parsed, string file) =>
        parsed.GetValue(_from) is null && parsed.GetValue(_subformat) is null && File.Exists(file);

    async Task<int> UndoAsync(ParseResult parsed, string journal, CancellationToken cancellationToken)
    {
        if (parsed.GetValue(_file) is not null)
        {
            throw new UsageException("--undo takes the journal alone: that knows its files");
        }

        bool json = _output.IsJson(parsed);
        IReadOnlyList<string> files =
            await VmdkImage.UndoRepairAsync(journal, cancellationToken).ConfigureAwait(false);
        if (json)
        {
            Show(writer => RepairJson.WriteUndone(writer, journal, files));
            return ExitCode.Success;
        }

        if (_work.IsQuiet(parsed))
        {
            return ExitCode.Success;
        }

        await using StreamWriter text = _streams.OpenText();
        text.WriteLine(
            files.Count == 0
                ? "Nothing to put back: the repair had changed nothing, or was taken back before."
                : "Put back:");
        foreach (string file in files)
        {
            text.WriteLine($"  {Printable.Line(file)}");
        }

        return ExitCode.Success;
    }

    int RebuildDescriptor(ParseResult parsed, string file)
    {
        string from = parsed.GetValue(_from)
            ?? throw new UsageException(
                "--rebuild-descriptor needs --from, the file of the disk's first extent, unless FILE embeds it");
        VmdkDiskKind? kind = null;
        if (parsed.GetValue(_subformat) is { } word)
        {
            kind = Enum.TryParse(word, ignoreCase: true, out VmdkDiskKind named) && !char.IsAsciiDigit(word[0])
                ? named
                : throw new UsageException($"--subformat {word}: no such kind of disk");
        }

        (bool json, bool apply) = (_output.IsJson(parsed), parsed.GetValue(_apply));
        try
        {
            VmdkRebuiltDescriptor made = VmdkImage.RebuildDescriptor(
                file, from, kind, apply, parsed.GetValue(_parent), _open.Read(parsed));
            if (json)
            {
                Show(writer => RepairJson.WriteRebuilt(writer, file, apply, made));
                return ExitCode.Success;
            }

            if (made.KeptPath is { } kept)
            {
                // Standard output holds the descriptor and nothing else.
                _streams.Error.WriteLine(Printable.Line(
                    $"vmdkfast: what {file} held {(apply ? "is" : "would be")} kept as {kept}"));
            }

            if (made.MayLackParent)
            {
                _streams.Error.WriteLine(
                    "vmdkfast: the descriptor names no parent; for a child (a snapshot) give --parent");
            }

            using StreamWriter output = _streams.OpenText();
            output.Write(Printable.Lines(made.Text));
            return ExitCode.Success;
        }
        catch (ArgumentException fault)
        {
            throw new UsageException(fault.Message);
        }
    }

    async Task<int> RepairAsync(ParseResult parsed, string file, CancellationToken cancellationToken)
    {
        bool json = _output.IsJson(parsed);
        _open.RequireStructure(parsed, file);
        VmdkOpenOptions open = _open.Read(parsed);
        var options = new VmdkRepairOptions
        {
            Apply = parsed.GetValue(_apply),
            Scope = parsed.GetValue(_leaks) ? VmdkRepairScope.Leaks : VmdkRepairScope.All,
            AcceptParent = parsed.GetValue(_acceptParent),
            DropLost = parsed.GetValue(_dropLost),
            RebuildDescriptor = parsed.GetValue(_rebuildDescriptor),
            JournalPath = parsed.GetValue(_journal),
            Check = CheckVerb.OptionsOf(open, parsed.GetValue(_deep), _work.ReadThreads(parsed)),
        };
        if (options.Apply && options.Check.ForceShare)
        {
            throw new UsageException("--apply does not go with -U: a repair needs the image for itself");
        }

        VmdkRepairResult result = await _work.RunAsync(
            parsed, _streams, 1, progress => VmdkImage.RepairAsync(file, options, progress, cancellationToken))
            .ConfigureAwait(false);
        await ShowAsync(result, json, _work.IsQuiet(parsed)).ConfigureAwait(false);
        return CheckVerb.ExitCodeOf(result.After ?? result.Before);
    }

    async Task ShowAsync(VmdkRepairResult result, bool json, bool isQuiet)
    {
        if (json)
        {
            Show(writer => RepairJson.Write(writer, result));
        }
        else if (!isQuiet)
        {
            await using StreamWriter text = _streams.OpenText();
            RepairText.Write(text, result);
        }
    }

    void Show(Action<Utf8JsonWriter> write)
    {
        using (var writer = new Utf8JsonWriter(_streams.Output, Json.Indented))
        {
            write(writer);
        }

        _streams.Output.Write("\n"u8);
    }
}
