namespace VmdkFast.Cli;

/// <summary>The structures of a file as tables for a person.</summary>
static class InspectText
{
    const int MaxValueWidth = 44;

    internal static void Write(TextWriter text, VmdkInspection inspection)
    {
        text.WriteLine(
            $"{Printable.Line(inspection.Path)}: {inspection.Kind}, {Sizes.Format(inspection.LengthBytes)} "
            + $"({inspection.LengthBytes} bytes)");
        foreach (VmdkStructure structure in inspection.Structures)
        {
            text.WriteLine();
            Write(text, structure);
        }

        if (inspection.Problems.Count > 0)
        {
            text.WriteLine();
            text.WriteLine("problems:");
            foreach (string problem in inspection.Problems)
            {
                text.WriteLine($"  {Printable.Line(problem)}");
            }
        }
    }

    static void Write(TextWriter text, VmdkStructure structure)
    {
        text.WriteLine($"{structure.Name} at byte {structure.OffsetBytes}: {structure.Meaning}");
        if (structure.Text is not null)
        {
            // The text holds all that the fields repeat for programs.
            WriteText(text, structure.Text);
            return;
        }

        if (structure.Fields.Count == 0)
        {
            return;
        }

        int nameWidth = structure.Fields.Max(field => field.Name.Length);
        int valueWidth = Math.Min(MaxValueWidth, structure.Fields.Max(field => ValueOf(field).Length));
        foreach (VmdkField field in structure.Fields)
        {
            string name = Printable.Line(field.Name).PadRight(nameWidth);
            string value = ValueOf(field).PadRight(valueWidth);
            text.WriteLine($"  {field.OffsetBytes,6}  {name}  {value}  {field.Meaning}".TrimEnd());
        }
    }

    static string ValueOf(VmdkField field) =>
        Printable.Line(field.Note is null ? field.Value : $"{field.Value} ({field.Note})");

    static void WriteText(TextWriter text, string content)
    {
        foreach (string line in Printable.Lines(content).TrimEnd('\n').Split('\n'))
        {
            text.WriteLine($"  | {line}".TrimEnd());
        }
    }
}
