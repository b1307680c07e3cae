using System.CommandLine;
using System.Text.Json;

namespace VmdkFast.Cli.Verbs;

/// <summary><c>hash</c>: the digest of what the guest sees.</summary>
sealed class HashVerb : Verb
{
    readonly StandardStreams _streams;
    readonly Argument<string> _file = FileArgument();
    readonly OutputArgument _output;
    readonly ProgressArguments _progress;
    readonly OpenArguments _open;
    readonly Option<string?> _algorithm = new("--algorithm")
    {
        Description = "The algorithm; default xxh128",
        HelpName = DigestAlgorithms.Names,
    };

    internal HashVerb(StandardStreams streams)
        : base("hash", "Print a digest of the disk's content, whatever the image's kind")
    {
        _streams = streams;
        Add(_file);
        Add(_algorithm);
        _output = OutputArgument.AddTo(this);
        _progress = ProgressArguments.AddTo(this, "Show no progress, whatever -p says");
        _open = OpenArguments.AddTo(this);
    }

    internal override string Notes =>
        """
        Prints digest, length in bytes, and file. Every byte that the guest sees counts, zeros and parents included:
        images of different kinds that hold the same disk have the same digest, that of xxh128sum or sha256sum over the
        raw disk. A raw file whose length is no multiple of 512 counts with zeros up to the next one.
        """;

    internal override string Examples =>
        """
        vmdkfast hash disk.vmdk
        vmdkfast hash -p --algorithm sha256 snapshot.vmdk
        vmdkfast hash -f raw /dev/vg0/volume
        """;

    protected override async Task<int> RunAsync(ParseResult parsed, CancellationToken cancellationToken)
    {
        bool json = _output.IsJson(parsed);
        var options = new VmdkHashOptions
        {
            Algorithm = DigestAlgorithms.Read("--algorithm", parsed.GetValue(_algorithm)),
            Threads = _progress.ReadThreads(parsed),
        };
        await using VmdkDisk disk = await _open.OpenAsync(
            parsed, parsed.GetRequiredValue(_file), cancellationToken).ConfigureAwait(false);
        VmdkDigest digest = await _progress.RunAsync(
            parsed, _streams, disk.Length,
            progress => VmdkImage.HashAsync(disk, options, progress, cancellationToken)).ConfigureAwait(false);
        if (json)
        {
            WriteJson(disk, digest);
        }
        else
        {
            await parsed.InvocationConfiguration.Output.WriteLineAsync(
                $"{digest.Hex}  {digest.LengthBytes}  {Printable.Line(disk.Path)}").ConfigureAwait(false);
        }

        return ExitCode.Success;
    }

    void WriteJson(VmdkDisk disk, VmdkDigest digest)
    {
        using (var json = new Utf8JsonWriter(_streams.Output, Json.Indented))
        {
            json.WriteStartObject();
            json.WriteString("filename", disk.Path);
            json.WriteString("algorithm", DigestAlgorithms.NameOf(digest.Algorithm));
            json.WriteString("digest", digest.Hex);
            json.WriteNumber("length", digest.LengthBytes);
            json.WriteEndObject();
        }

        _streams.Output.Write("\n"u8);
    }
}
