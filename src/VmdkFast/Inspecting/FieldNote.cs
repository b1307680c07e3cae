using System.Globalization;
using System.Text;
using VmdkFast.Format;
using VmdkFast.Layout;

namespace VmdkFast.Inspecting;

/// <summary>What a field's value amounts to, in a few words.</summary>
static class FieldNote
{
    /// <summary>The words; null when the value speaks for itself.</summary>
    internal static string? Of(LayoutField field, string value, ReadOnlySpan<byte> structure)
    {
        if (field.Encoding == FieldEncoding.Bytes)
        {
            return TextOf(structure.Slice(field.OffsetBytes, field.SizeBytes));
        }

        if (field.TypeName == nameof(SparseFlags))
        {
            var flags = (SparseFlags)uint.Parse(
                value.AsSpan(2), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture);
            return $"{flags}";
        }

        if (field.TypeName == nameof(MarkerType))
        {
            return $"{(MarkerType)uint.Parse(value, CultureInfo.InvariantCulture)}";
        }

        return field.Unit switch
        {
            FieldUnit.Sectors when value == $"{SparseHeader.DirectoryAtEnd}" => "in the footer",
            FieldUnit.Sectors when value != "0" => Sectors(ulong.Parse(value, CultureInfo.InvariantCulture)),
            _ => null,
        };
    }

    /// <summary>A number of sectors in bytes; null when no file is so long.</summary>
    internal static string? Sectors(ulong sectors) =>
        sectors <= Sector.MaxSectors
            ? string.Create(CultureInfo.InvariantCulture, $"{Sector.ToBytes(sectors)} bytes")
            : null;

    // Names in ESX headers: text up to a zero byte, when there is any.
    static string? TextOf(ReadOnlySpan<byte> bytes)
    {
        int end = bytes.IndexOf((byte)0);
        ReadOnlySpan<byte> text = end < 0 ? bytes : bytes[..end];
        return text.IsEmpty || text.ContainsAnyExceptInRange((byte)0x20, (byte)0x7e)
            ? null
            : $"\"{Encoding.ASCII.GetString(text)}\"";
    }
}
