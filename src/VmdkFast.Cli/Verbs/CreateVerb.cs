using System.CommandLine;

namespace VmdkFast.Cli.Verbs;

/// <summary><c>create</c>: a new disk that reads as zeros, or as its parent.</summary>
sealed class CreateVerb : Verb
{
    const string OnlyFormat = "vmdk";

    readonly Argument<string> _name = FileArgument("NAME", "The new image");
    readonly Argument<string?> _size = new("SIZE")
    {
        Description = "Length of the disk, suffixes k, M, G, T; default the backing file's",
        DefaultValueFactory = _ => null,
    };

    readonly Option<string[]> _options = new("--option", "-o")
    {
        Description = "Options of the image; help lists them (may be repeated)",
        HelpName = "KEY=VALUE,...",
        Arity = ArgumentArity.OneOrMore,
        AllowMultipleArgumentsPerToken = false,
    };

    readonly Option<string> _backing = new("--backing", "-b")
    {
        Description = "The parent, a VMDK; a relative name counts from the new image's folder",
        HelpName = "BASE",
    };

    readonly Option<string> _backingFormat = new("--backing-format", "-F")
    {
        Description = "Format of the parent; only vmdk",
        HelpName = "FORMAT",
    };

    readonly OpenArguments _open;
    readonly Option<bool> _quiet = new("--quiet", "-q") { Description = "Say nothing" };

    internal CreateVerb()
        : base("create", "Make a new disk that reads as zeros, or as its parent")
    {
        Add(_name);
        Add(_size);
        Add(_options);
        Add(_backing);
        Add(_backingFormat);
        Add(_quiet);
        _open = OpenArguments.AddTo(this, "Format of the image; only vmdk");
    }

    internal override string Notes =>
        """
        -o help lists the options: qemu-img's, and grain_size, preallocation (of flat images), encoding (of the
        descriptor), cid, long_content_id and uuid (for reproducible images), overwrite, and the kinds of ESX.
        --references, --allow-folder, -U and the like are about the parent.
        An existing file is refused without overwrite=on. When anything fails, nothing is left behind.
        """;

    internal override string Examples =>
        """
        vmdkfast create disk.vmdk 100G
        vmdkfast create -o subformat=twoGbMaxExtentSparse,adapter_type=lsilogic disk.vmdk 1T
        vmdkfast create -o subformat=monolithicFlat,preallocation=falloc disk.vmdk 20G
        vmdkfast create -b disk.vmdk -F vmdk snapshot.vmdk
        """;

    internal override string? ListOptions(ParseResult parsed) =>
        OptionList.If(parsed.GetValue(_options), OptionList.OfCreate);

    protected override async Task<int> RunAsync(ParseResult parsed, CancellationToken cancellationToken)
    {
        _open.RequireVmdk(parsed);
        VmdkOpenOptions parentOptions = _open.Read(parsed);
        var list = new KeyValueList();
        foreach (string text in parsed.GetValue(_options) ?? [])
        {
            list.Add(text);
        }

        string name = parsed.GetRequiredValue(_name);
        VmdkCreateOptions options = CreateArguments.Read(list);
        string? size = list.Take("size");
        if (size is not null && parsed.GetValue(_size) is not null)
        {
            throw new UsageException("The image size must be specified only once");
        }

        size ??= parsed.GetValue(_size);
        string? backing = list.Take("backing_file");
        backing = parsed.GetValue(_backing) ?? backing;
        string? backingFormat = list.Take("backing_fmt");
        backingFormat = parsed.GetValue(_backingFormat) ?? backingFormat;
        list.RefuseOthers();
        if (size is null && backing is null)
        {
            throw new UsageException("Image creation needs a size parameter");
        }

        if (backing is not null && backingFormat is not (null or OnlyFormat))
        {
            throw new UsageException($"Invalid backing file format: {backingFormat}. Must be vmdk");
        }

        options = options with
        {
            LengthBytes = size is null ? null : CreateArguments.ReadSize(size),

            // The name ends up in the image, where it counts from the image's folder; so it does here.
            ParentPath = backing is null ? null : Path.Combine(Path.GetDirectoryName(name) ?? "", backing),
            ParentOpenOptions = parentOptions,
        };
        await CreateAsync(name, options, cancellationToken).ConfigureAwait(false);
        if (!parsed.GetValue(_quiet))
        {
            await ReportAsync(parsed, name, options).ConfigureAwait(false);
        }

        return ExitCode.Success;
    }

    static async Task CreateAsync(string name, VmdkCreateOptions options, CancellationToken cancellationToken)
    {
        try
        {
            await VmdkDisk.CreateAsync(name, options, cancellationToken).ConfigureAwait(false);
        }
        catch (ArgumentException wrong)
        {
            throw UsageException.Of(name, wrong);
        }
    }

    static async Task ReportAsync(ParseResult parsed, string name, VmdkCreateOptions options)
    {
        using VmdkDisk disk = VmdkDisk.Open(name, new VmdkOpenOptions { OpenParents = false });
        string backing = options.ParentPath is null ? "" : $" backing_file={disk.Layers[0].ParentFileNameHint}";
        string subformat = disk.Layers[0].Descriptor?.CreateType ?? "";
        await parsed.InvocationConfiguration.Output.WriteLineAsync(Printable.Line(
            $"Formatting '{name}', fmt=vmdk size={disk.Length}{backing} subformat={subformat}")).ConfigureAwait(false);
    }
}
