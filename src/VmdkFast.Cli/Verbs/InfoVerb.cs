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

        await using VmdkDisk disk = await OpenAsync(parsed, path, chain, cancellationToken)
            .ConfigureAwait(false);
        IReadOnlyList<VmdkLayerInfo> layers = chain ? disk.Layers : [disk.Layers[0]];
        if (json)
        {
            WriteJson(layers, chain);
        }
        else
        {
            await using StreamWriter text = _streams.OpenText();
            for (int i = 0; i < layers.Count; i++)
            {
                if (i > 0)
                {
                    await text.WriteLineAsync().ConfigureAwait(false);
                }

                InfoText.Write(text, layers[i], Parent(layers, i));
            }
        }

        return ExitCode.Success;
    }

    // The parents have the values that a delta inherits; what an image says of itself is also to be had without them.
    async Task<VmdkDisk> OpenAsync(
        ParseResult parsed, string path, bool chain, CancellationToken cancellationToken)
    {
        VmdkOpenOptions options = _open.Read(parsed);
        try
        {
            return await _open.OpenAsync(parsed, path, options, cancellationToken).ConfigureAwait(false);
        }
        catch (VmdkException) when (!chain)
        {
            return await _open.OpenAsync(parsed, path, options with { OpenParents = false }, cancellationToken)
                .ConfigureAwait(false);
        }
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
