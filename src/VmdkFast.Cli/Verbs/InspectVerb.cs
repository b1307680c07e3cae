using System.CommandLine;
using System.Text.Json;

namespace VmdkFast.Cli.Verbs;

/// <summary><c>inspect</c>: every structure of one file, field by field, also of a damaged one.</summary>
sealed class InspectVerb : Verb
{
    readonly StandardStreams _streams;
    readonly Argument<string> _file = FileArgument("FILE", "A descriptor or a sparse extent, in order or damaged");
    readonly OutputArgument _output;

    internal InspectVerb(StandardStreams streams)
        : base("inspect", "Show headers, descriptor, tables, markers and footer of one file, field by field")
    {
        _streams = streams;
        Add(_file);
        _output = OutputArgument.AddTo(this);
    }

    internal override string Notes =>
        """
        Everything is shown as it stands in the file; what keeps the file from being read is listed at the end, and
        the exit code is 1 then. Files that it names are not opened, and locks of others are not minded.
        """;

    internal override string Examples =>
        """
        vmdkfast inspect disk.vmdk
        vmdkfast inspect disk-s003.vmdk
        vmdkfast inspect --output json damaged.vmdk
        """;

    protected override async Task<int> RunAsync(ParseResult parsed, CancellationToken cancellationToken)
    {
        bool json = _output.IsJson(parsed);
        string file = parsed.GetRequiredValue(_file);
        VmdkInspection inspection = await Task.Run(
            () => VmdkImage.Inspect(file, null, cancellationToken), cancellationToken).ConfigureAwait(false);
        if (json)
        {
            WriteJson(inspection);
        }
        else
        {
            await using StreamWriter text = _streams.OpenText();
            InspectText.Write(text, inspection);
        }

        return inspection.Problems.Count == 0 ? ExitCode.Success : ExitCode.Failure;
    }

    void WriteJson(VmdkInspection inspection)
    {
        using (var json = new Utf8JsonWriter(_streams.Output, Json.Indented))
        {
            json.WriteStartObject();
            json.WriteString("filename", inspection.Path);
            json.WriteNumber("length", inspection.LengthBytes);
            json.WriteString("kind", inspection.Kind);
            json.WritePropertyName("structures");
            json.WriteStartArray();
            foreach (VmdkStructure structure in inspection.Structures)
            {
                WriteStructure(json, structure);
            }

            json.WriteEndArray();
            json.WritePropertyName("problems");
            json.WriteStartArray();
            foreach (string problem in inspection.Problems)
            {
                json.WriteStringValue(problem);
            }

            json.WriteEndArray();
            json.WriteEndObject();
        }

        _streams.Output.Write("\n"u8);
    }

    static void WriteStructure(Utf8JsonWriter json, VmdkStructure structure)
    {
        json.WriteStartObject();
        json.WriteString("name", structure.Name);
        json.WriteString("filename", structure.Path);
        json.WriteNumber("offset", structure.OffsetBytes);
        json.WriteString("meaning", structure.Meaning);
        json.WritePropertyName("fields");
        json.WriteStartArray();
        foreach (VmdkField field in structure.Fields)
        {
            json.WriteStartObject();
            json.WriteString("name", field.Name);
            if (field.OffsetBytes is { } offsetBytes)
            {
                json.WriteNumber("offset", offsetBytes);
            }

            json.WriteString("value", field.Value);
            if (field.Note is not null)
            {
                json.WriteString("note", field.Note);
            }

            if (field.Meaning.Length > 0)
            {
                json.WriteString("meaning", field.Meaning);
            }

            json.WriteEndObject();
        }

        json.WriteEndArray();
        if (structure.Text is not null)
        {
            json.WriteString("text", structure.Text);
        }

        json.WriteEndObject();
    }
}
