using VmdkFast.Layout;
using VmdkFast.Storage;

namespace VmdkFast.Inspecting;

/// <summary>Gathers the structures of one file, and whatever could not be shown.</summary>
sealed class FoundStructures(LocalFile file)
{
    internal LocalFile File => file;

    internal List<VmdkStructure> Structures { get; } = [];

    internal List<string> Problems { get; } = [];

    /// <summary>Adds a generated structure; of one that the file cuts off, the fields that are there.</summary>
    internal void Add<T>(string name, ReadOnlySpan<byte> bytes, long offsetBytes)
        where T : IOnDisk<T>, allows ref struct
    {
        var fields = new List<VmdkField>();
        foreach (LayoutField field in T.Fields)
        {
            if (field.OffsetBytes + field.SizeBytes <= bytes.Length)
            {
                string value = field.FormatValue(bytes);
                fields.Add(new VmdkField(
                    field.Name, field.OffsetBytes, value, FieldNote.Of(field, value, bytes), field.Meaning));
            }
        }

        // Of the first header the reader itself says so.
        if (bytes.Length < T.SizeBytes && offsetBytes != 0)
        {
            Problem($"the file ends inside the {name}", offsetBytes);
        }

        Add(name, offsetBytes, T.Meaning, fields);
    }

    internal void Add(
        string name, long offsetBytes, string meaning, IReadOnlyList<VmdkField> fields, string? text = null) =>
        Structures.Add(new VmdkStructure
        {
            Name = name,
            Path = file.Path,
            OffsetBytes = offsetBytes,
            Meaning = meaning,
            Fields = fields,
            Text = text,
        });

    /// <summary>Notes something that cannot be shown, and where.</summary>
    internal void Problem(string problem, long offsetBytes) =>
        Problems.Add($"{file.Path}: {problem} (at byte {offsetBytes})");
}
