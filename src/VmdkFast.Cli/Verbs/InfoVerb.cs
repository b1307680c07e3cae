using System.CommandLine;
using System.Text.Json;

namespace VmdkFast.Cli.Verbs;

/// <summary><c>info</c>: what an image says of itself, with the keys of <c>qemu-img info</c>.</summary>
sealed class InfoVerb : Verb
{
    readonly StandardStreams _streams;
    readonly Argument<string> _file = FileArgument();
    readonly OutputArgument _output;
    readonly OpenArguments _open;
    readonly Option<bool> _backingChain = new("--backing-chain") { Description = "Show all parents too" };
    readonly Option<bool> _imageOptions = new("--image-opts")
    {
        Description = "FILE is in the form driver=vmdk,file.filename=NAME",
    };

    internal InfoVerb(StandardStreams streams)
        : base("info", "Show size, kind, extents and parent of an image")
    {
        _streams = streams;
        Add(_file);
        _output = OutputArgument.AddTo(this);
        Add(_backingChain);
        Add(_imageOptions);
        _open = OpenArguments.AddTo(this);
    }

    internal override string Examples =>
        """
        vmdkfast info disk.vmdk
        vmdkfast info --output json disk.vmdk
        vmdkfast info --backing-chain snapshot.vmdk
        vmdkfast info -U disk-of-a-running-machine.vmdk
        """;

    protected override async Task<int> RunAsync(ParseResult parsed, CancellationToken cancellationToken)
    {
        string file = parsed.GetRequiredValue(_file);
        string path = parsed.GetValue(_imageOptions) ? ImageOptions.FileNameOf(file) : file;
        bool chain = parsed.GetValue(_backingChain);
        bool json = _output.IsJson(parsed);

        // What an image says of itself is also to be had when its parent is lost.
        VmdkOpenOptions options = _open.Read(parsed) with { OpenParents = chain };
        await using VmdkDisk disk = await _open.OpenAsync(parsed, path, options, cancellationToken)
            .ConfigureAwait(false);
        if (json)
        {
            WriteJson(disk.Layers, chain);
        }
        else
        {
            await using StreamWriter text = _streams.OpenText();
            for (int i = 0; i < disk.Layers.Count; i++)
            {
                if (i > 0)
                {
                    await text.WriteLineAsync().ConfigureAwait(false);
                }

                InfoText.Write(text, disk.Layers[i], Parent(disk.Layers, i));
            }
        }

        return ExitCode.Success;
    }

    void WriteJson(IReadOnlyList<VmdkLayerInfo> layers, bool chain)
    {
        using (var json = new Utf8JsonWriter(_streams.Output, Json.Indented))
        {
            if (chain)
            {
                json.WriteStartArray();
            }

            for (int i = 0; i < layers.Count; i++)
            {
                InfoJson.Write(json, layers[i], Parent(layers, i));
            }

            if (chain)
            {
                json.WriteEndArray();
            }
        }

        _streams.Output.Write("\n"u8);
    }

    static VmdkLayerInfo? Parent(IReadOnlyList<VmdkLayerInfo> layers, int index) =>
        index + 1 < layers.Count ? layers[index + 1] : null;
}
