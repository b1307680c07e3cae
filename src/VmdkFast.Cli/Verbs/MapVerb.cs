using System.CommandLine;

namespace VmdkFast.Cli.Verbs;

/// <summary><c>map</c>: where the bytes of a disk are, with the keys of <c>qemu-img map</c>.</summary>
sealed class MapVerb : Verb
{
    readonly StandardStreams _streams;
    readonly Argument<string> _file = FileArgument();
    readonly OutputArgument _output;
    readonly OpenArguments _open;
    readonly Option<long?> _startOffset = OpenArguments.SizeOption(
        "--start-offset", "Where to begin (default 0); suffixes k, M, G, T");

    readonly Option<long?> _maxLength = OpenArguments.SizeOption(
        "--max-length", "How far to look (default to the end); suffixes k, M, G, T");

    internal MapVerb(StandardStreams streams)
        : base("map", "Show which file of the chain stores what, run by run")
    {
        _streams = streams;
        Add(_file);
        _output = OutputArgument.AddTo(this);
        Add(_startOffset);
        Add(_maxLength);
        _open = OpenArguments.AddTo(this);
    }

    internal override string Examples =>
        """
        vmdkfast map disk.vmdk
        vmdkfast map --output json --start-offset 1G --max-length 64M snapshot.vmdk
        """;

    protected override async Task<int> RunAsync(ParseResult parsed, CancellationToken cancellationToken)
    {
        bool json = _output.IsJson(parsed);
        await using VmdkDisk disk = await _open.OpenAsync(
            parsed, parsed.GetRequiredValue(_file), cancellationToken).ConfigureAwait(false);
        long start = Math.Min(parsed.GetValue(_startOffset) ?? 0, disk.Length);
        IEnumerable<MapEntry> entries = MapEntries.Of(
            disk, start, parsed.GetValue(_maxLength) ?? disk.Length, cancellationToken);
        await using StreamWriter text = _streams.OpenText();
        if (json)
        {
            WriteJson(text, entries);
        }
        else
        {
            WriteTable(text, entries);
        }

        return ExitCode.Success;
    }

    // The layout of qemu-img to the letter: scripts read it line by line.
    static void WriteJson(StreamWriter text, IEnumerable<MapEntry> entries)
    {
        string separator = "[";
        foreach (MapEntry entry in entries)
        {
            text.Write(separator);
            text.Write(
                $"{{ \"start\": {entry.StartBytes}, \"length\": {entry.LengthBytes}, \"depth\": {entry.Depth}, "
                + $"\"present\": {Word(entry.IsPresent)}, \"zero\": {Word(entry.IsZero)}, "
                + $"\"data\": {Word(entry.IsData)}, \"compressed\": {Word(entry.IsCompressed)}");
            if (entry.OffsetBytes is { } offsetBytes)
            {
                text.Write($", \"offset\": {offsetBytes}");
            }

            text.Write('}');
            separator = ",\n";
        }

        text.WriteLine(separator == "[" ? "[]" : "]");
    }

    static void WriteTable(StreamWriter text, IEnumerable<MapEntry> entries)
    {
        text.WriteLine($"{"Offset",-16}{"Length",-16}{"Mapped to",-16}File");
        foreach (MapEntry entry in entries)
        {
            if (!entry.IsData || entry.IsZero)
            {
                continue;
            }

            // qemu-img gives up at compressed grains, which have no offset that a guest byte could be found at.
            string mappedTo = entry.OffsetBytes is { } offsetBytes ? Hex(offsetBytes) : "compressed";
            text.WriteLine(
                $"{Hex(entry.StartBytes),-16}{Hex(entry.LengthBytes),-16}{mappedTo,-16}{Printable.Line(entry.Path!)}");
        }
    }

    static string Word(bool value) => value ? "true" : "false";

    // As C's %#x: no prefix before a zero.
    static string Hex(long value) => value == 0 ? "0" : $"0x{value:x}";
}
