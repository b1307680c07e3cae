using System.Text;

namespace VmdkFast.Format;

/// <summary>What a line of a descriptor is.</summary>
enum DescriptorLineKind
{
    /// <summary>Nothing but blanks.</summary>
    Blank,

    /// <summary>Starts with <c>#</c>.</summary>
    Comment,

    /// <summary><c>key = value</c>.</summary>
    Entry,

    /// <summary>Starts with an access word.</summary>
    Extent,

    /// <summary>None of the others.</summary>
    Unknown,
}

/// <summary>One line of a descriptor, as positions in its bytes.</summary>
/// <param name="Kind">What the line is.</param>
/// <param name="Start">Index of its first byte.</param>
/// <param name="Next">Index of the first byte after its line end.</param>
/// <param name="Content">The line without line end and outer blanks.</param>
/// <param name="Key">The key of an entry.</param>
/// <param name="Value">The value of an entry, without quotes.</param>
/// <param name="IsQuoted">Whether quotes stand around the value.</param>
/// <param name="IsWellFormed">False when quotes inside the value leave its extent open to opinion.</param>
readonly record struct DescriptorLine(
    DescriptorLineKind Kind, int Start, int Next, ByteSlice Content, ByteSlice Key = default,
    ByteSlice Value = default, bool IsQuoted = false, bool IsWellFormed = true)
{
    /// <summary>Reads the line that starts at an index below the length of the text.</summary>
    internal static DescriptorLine Read(ReadOnlySpan<byte> text, int start)
    {
        int end = text[start..].IndexOf((byte)'\n');
        int next = end < 0 ? text.Length : start + end + 1;
        int from = start == 0 && text.StartsWith("\uFEFF"u8) ? 3 : start;
        ByteSlice content = new ByteSlice(from, (end < 0 ? next : next - 1) - from).Trimmed(text);
        ReadOnlySpan<byte> bytes = content.Of(text);
        return bytes switch
        {
            [] => new DescriptorLine(DescriptorLineKind.Blank, start, next, content),
            [(byte)'#', ..] => new DescriptorLine(DescriptorLineKind.Comment, start, next, content),
            _ when StartsWithAccessWord(bytes) => new DescriptorLine(DescriptorLineKind.Extent, start, next, content),
            _ => ReadEntry(text, start, next, content),
        };
    }

    /// <summary>The access that a word names, whatever its case; null for any other word.</summary>
    internal static VmdkAccess? AccessOf(ReadOnlySpan<byte> word) =>
        Ascii.EqualsIgnoreCase(word, "RW") ? VmdkAccess.ReadWrite
        : Ascii.EqualsIgnoreCase(word, "RDONLY") ? VmdkAccess.ReadOnly
        : Ascii.EqualsIgnoreCase(word, "NOACCESS") ? VmdkAccess.None
        : null;

    /// <summary>Whether the line ends as Windows ends lines.</summary>
    internal bool EndsWithCrLf(ReadOnlySpan<byte> text) => text[Start..Next].EndsWith("\r\n"u8);

    static bool StartsWithAccessWord(ReadOnlySpan<byte> bytes)
    {
        int blank = bytes.IndexOfAny((byte)' ', (byte)'\t');
        return AccessOf(blank < 0 ? bytes : bytes[..blank]) is not null;
    }

    static DescriptorLine ReadEntry(ReadOnlySpan<byte> text, int start, int next, ByteSlice content)
    {
        int equals = content.Of(text).IndexOf((byte)'=');
        ByteSlice key = new ByteSlice(content.Start, Math.Max(equals, 0)).Trimmed(text);
        // Blanks and quotes are in no real key. With them taken as one, a misspelt access word before a file name
        // with an equals sign would silently remove its extent from the disk.
        if (key.Length == 0 || key.Of(text).ContainsAnyInRange((byte)0, (byte)0x20) || key.Of(text).Contains((byte)'"'))
        {
            return new DescriptorLine(DescriptorLineKind.Unknown, start, next, content);
        }

        ByteSlice value = new ByteSlice(content.Start + equals + 1, content.Length - equals - 1).Trimmed(text);
        bool isQuoted = value.Of(text) is [(byte)'"', .., (byte)'"'];
        if (isQuoted)
        {
            value = new ByteSlice(value.Start + 1, value.Length - 2);
        }

        bool isWellFormed = value.Of(text).IndexOfAny((byte)'"', (byte)'\r') < 0;
        return new DescriptorLine(
            DescriptorLineKind.Entry, start, next, content, key, value, isQuoted, isWellFormed);
    }
}
