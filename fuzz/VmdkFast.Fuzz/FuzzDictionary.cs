using System.Buffers.Binary;
using System.Collections.Immutable;
using System.Globalization;
using System.Text;
using VmdkFast.Layout;

namespace VmdkFast.Fuzz;

/// <summary>Byte strings that a mutator tries, in the text form that AFL++ and libFuzzer read.</summary>
/// <remarks>Made from the field tables of the on-disk structures, so a field added there is tried here.</remarks>
sealed class FuzzDictionary
{
    readonly List<(string Name, byte[] Token)> _tokens = [];

    /// <summary>Adds text as it stands.</summary>
    internal void Add(string name, string text) => Add(name, Encoding.ASCII.GetBytes(text));

    /// <summary>Adds a little-endian number of 1, 2, 4 or 8 bytes.</summary>
    internal void Add(string name, ulong value, int sizeBytes)
    {
        Span<byte> bytes = stackalloc byte[sizeof(ulong)];
        BinaryPrimitives.WriteUInt64LittleEndian(bytes, value);
        Add(name, bytes[..sizeBytes].ToArray());
    }

    /// <summary>Adds numbers of each field's width that its unit makes interesting.</summary>
    internal void AddFields(string structure, ImmutableArray<LayoutField> fields)
    {
        foreach (LayoutField field in fields.Where(f => f.Encoding != FieldEncoding.Bytes))
        {
            ulong max = field.SizeBytes == sizeof(ulong) ? ulong.MaxValue : (1UL << (8 * field.SizeBytes)) - 1;
            foreach (ulong value in InterestingValues(field.Unit).Append(max).Where(v => v <= max))
            {
                Add($"{structure}_{field.Name}_{value.ToString(CultureInfo.InvariantCulture)}", value, field.SizeBytes);
            }
        }
    }

    /// <summary>One token on each line; a name and its bytes, all but letters and digits in hexadecimal.</summary>
    public override string ToString()
    {
        var text = new StringBuilder();
        foreach ((string name, byte[] token) in _tokens)
        {
            text.Append(name).Append("=\"");
            foreach (byte b in token)
            {
                text.Append(
                    char.IsAsciiLetterOrDigit((char)b) ? ((char)b).ToString() : $"\\x{b.ToString("x2", null)}");
            }

            text.Append("\"\n");
        }

        return text.ToString();
    }

    void Add(string name, byte[] token)
    {
        // The same bytes at another field are no other token: the mutator chooses the place.
        if (!_tokens.Exists(known => known.Token.AsSpan().SequenceEqual(token)))
        {
            _tokens.Add((name, token));
        }
    }

    /// <summary>Numbers at which a value of this unit may change its meaning.</summary>
    internal static ulong[] InterestingValues(FieldUnit unit) => unit switch
    {
        // 2^31 and 2^32 lose bits as an int; from 2^54 on a sector's byte offset does not fit a long.
        FieldUnit.Sectors => [0, 1, 8, 128, 0x20_0000, 1UL << 31, 1UL << 32, (1UL << 54) - 1, 1UL << 54],
        FieldUnit.Entries => [0, 1, 512, 4096, 1UL << 31],
        FieldUnit.Bytes => [0, 1, 512, 65536, 1UL << 31],
        FieldUnit.Flags => [0, 1, 2, 4, 0x1_0000, 0x2_0000],
        FieldUnit.Signature => [0],
        _ => [0, 1, 2, 3, 4],
    };
}
