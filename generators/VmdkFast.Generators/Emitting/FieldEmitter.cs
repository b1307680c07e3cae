using System.Globalization;
using System.Text;
using Microsoft.CodeAnalysis.CSharp;
using VmdkFast.Generators.Model;

namespace VmdkFast.Generators.Emitting;

/// <summary>The text of one field: a property of the structure, one of its writer, an entry of its table.</summary>
static class FieldEmitter
{
    const string Binary = "global::System.Buffers.Binary.BinaryPrimitives";
    const string Layout = "global::VmdkFast.Layout";

    /// <summary>The property of the structure; its own documentation, when it has some, stays the only one.</summary>
    public static void WriteReaderProperty(SourceWriter writer, FieldModel field)
    {
        if (!field.IsDocumented)
        {
            WriteDocumentation(writer, field);
        }

        writer.Write(LayoutEmitter.GeneratedCode);
        writer.Write($"{field.Modifiers} {field.TypeCode} {field.Identifier} => {ReadCode(field)};");
    }

    /// <summary>The property of the writer.</summary>
    public static void WriteWriterProperty(SourceWriter writer, FieldModel field)
    {
        WriteDocumentation(writer, field);
        if (field.Primitive == Primitive.Bytes)
        {
            writer.Write(
                "/// <exception cref=\"global::System.ArgumentException\">The value is longer than the field; "
                + "a shorter one is padded with zeros.</exception>");
        }

        writer.Open($"{field.WriterAccessibility} {field.TypeCode} {field.Identifier}");
        writer.Write($"get => {ReadCode(field)};");
        if (field.Primitive == Primitive.Bytes)
        {
            writer.Open("set");
            writer.Write($"global::System.Span<byte> bytes = {Slice(field)};");
            writer.Write("value.CopyTo(bytes);");
            writer.Write("bytes.Slice(value.Length).Clear();");
            writer.Close();
        }
        else
        {
            writer.Write($"set => {WriteCode(field)};");
        }

        writer.Close();
    }

    /// <summary>The field's entry in the table, with its comma.</summary>
    public static string TableEntry(FieldModel field)
    {
        string encoding = field.Primitive switch
        {
            Primitive.Bytes => "Bytes",
            Primitive.SByte or Primitive.Int16 or Primitive.Int32 or Primitive.Int64 => "SignedNumber",
            _ => "Number",
        };
        return $"new {Layout}.LayoutField({Literal(field.Name)}, {Number(field.OffsetBytes)}, "
            + $"{Number(field.SizeBytes)}, {Literal(field.TypeName)}, {Layout}.FieldEncoding.{encoding}, "
            + $"{Layout}.FieldUnit.{field.Unit}, {Literal(field.Meaning)}),";
    }

    static void WriteDocumentation(SourceWriter writer, FieldModel field)
    {
        string bytes = field.SizeBytes == 1
            ? $"byte {Number(field.OffsetBytes)}"
            : $"bytes {Number(field.OffsetBytes)} to {Number(field.OffsetBytes + field.SizeBytes - 1)}";
        if (field.Meaning.Length == 0)
        {
            writer.Write($"/// <summary>The field in {bytes}.</summary>");
            return;
        }

        writer.Write($"/// <summary>{Prose(field.Meaning)}</summary>");
        writer.Write($"/// <remarks>In {bytes}.</remarks>");
    }

    static string ReadCode(FieldModel field)
    {
        string raw = field.Primitive switch
        {
            Primitive.Bytes => Slice(field),
            Primitive.Byte => $"_bytes[{Number(field.OffsetBytes)}]",
            Primitive.SByte => $"unchecked((sbyte)_bytes[{Number(field.OffsetBytes)}])",
            _ => $"{Binary}.Read{field.Primitive}LittleEndian({Slice(field)})",
        };
        return field.IsEnum ? $"({field.TypeCode}){raw}" : raw;
    }

    static string WriteCode(FieldModel field)
    {
        string raw = field.IsEnum ? $"({Keyword(field.Primitive)})value" : "value";
        return field.Primitive switch
        {
            Primitive.Byte => $"_bytes[{Number(field.OffsetBytes)}] = {raw}",
            Primitive.SByte => $"_bytes[{Number(field.OffsetBytes)}] = unchecked((byte){raw})",
            _ => $"{Binary}.Write{field.Primitive}LittleEndian({Slice(field)}, {raw})",
        };
    }

    static string Keyword(Primitive primitive) => primitive switch
    {
        Primitive.Byte => "byte",
        Primitive.SByte => "sbyte",
        Primitive.UInt16 => "ushort",
        Primitive.Int16 => "short",
        Primitive.UInt32 => "uint",
        Primitive.Int32 => "int",
        Primitive.UInt64 => "ulong",
        _ => "long",
    };

    static string Slice(FieldModel field) =>
        $"_bytes.Slice({Number(field.OffsetBytes)}, {Number(field.SizeBytes)})";

    static string Literal(string text) => SymbolDisplay.FormatLiteral(text, quote: true);

    static string Number(int number) => number.ToString(CultureInfo.InvariantCulture);

    // Control characters would end the comment, and a stray bracket the element.
    static string Prose(string text)
    {
        var prose = new StringBuilder();
        foreach (char c in text)
        {
            _ = c switch
            {
                '<' => prose.Append("&lt;"),
                '>' => prose.Append("&gt;"),
                '&' => prose.Append("&amp;"),
                '\u2028' or '\u2029' => prose.Append(' '),
                _ => prose.Append(char.IsControl(c) ? ' ' : c),
            };
        }

        return prose.ToString();
    }
}
