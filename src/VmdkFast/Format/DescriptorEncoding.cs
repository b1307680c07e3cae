using System.Text;

namespace VmdkFast.Format;

/// <summary>The encodings that descriptors name.</summary>
/// <remarks>
/// Only encodings in which the bytes of the grammar (line ends, blank, quote, <c>#</c>, <c>=</c>) never occur inside
/// a longer character are taken, so that the grammar works on bytes before anything is decoded. That holds for all
/// below: trail bytes of GBK, Shift_JIS and Big5 start at 0x40, and GB18030 adds only digits. UTF-16, EBCDIC and the
/// shifting ISO-2022 family would break it.
/// </remarks>
static class DescriptorEncoding
{
    /// <summary>The name that stands for the default.</summary>
    internal const string DefaultName = "UTF-8";

    static readonly Encoding s_utf8 = new UTF8Encoding(false, throwOnInvalidBytes: false);
    static readonly Encoding s_strictUtf8 = new UTF8Encoding(false, throwOnInvalidBytes: true);

    static readonly Dictionary<string, int> s_codePages = new(StringComparer.OrdinalIgnoreCase)
    {
        ["GBK"] = 936,
        ["GB2312"] = 936,
        ["windows-936"] = 936,
        ["CP936"] = 936,
        ["GB18030"] = 54936,
        ["Shift_JIS"] = 932,
        ["SJIS"] = 932,
        ["windows-31j"] = 932,
        ["windows-932"] = 932,
        ["CP932"] = 932,
        ["Big5"] = 950,
        ["windows-950"] = 950,
        ["CP950"] = 950,
        ["EUC-JP"] = 51932,
        ["EUC-KR"] = 51949,
        ["windows-949"] = 949,
        ["CP949"] = 949,
        ["windows-874"] = 874,
        ["windows-1250"] = 1250,
        ["windows-1251"] = 1251,
        ["windows-1252"] = 1252,
        ["windows-1253"] = 1253,
        ["windows-1254"] = 1254,
        ["windows-1255"] = 1255,
        ["windows-1256"] = 1256,
        ["windows-1257"] = 1257,
        ["windows-1258"] = 1258,
        ["ISO-8859-1"] = 28591,
        ["ISO-8859-2"] = 28592,
        ["ISO-8859-5"] = 28595,
        ["ISO-8859-7"] = 28597,
        ["ISO-8859-9"] = 28599,
        ["ISO-8859-15"] = 28605,
        ["KOI8-R"] = 20866,
    };

    /// <summary>
    /// The encoding to decode with. Never fails: a name that is not known decodes as UTF-8, because files are found by
    /// their raw bytes and a label must not keep a disk from opening.
    /// </summary>
    internal static Encoding ForReading(string name) =>
        PageOf(name) is { } page ? Find(page, EncoderFallback.ReplacementFallback, "\uFFFD") : s_utf8;

    /// <summary>The same encoding, throwing <see cref="EncoderFallbackException"/> where text has no bytes.</summary>
    internal static Encoding ForWriting(string name) =>
        PageOf(name) is { } page ? Find(page, EncoderFallback.ExceptionFallback, "\uFFFD") : s_strictUtf8;

    /// <summary>Whether text can be written under a name: guessing would give files that nobody reads.</summary>
    internal static bool IsKnown(string name) =>
        PageOf(name) is not null || name.Equals(DefaultName, StringComparison.OrdinalIgnoreCase);

    /// <summary>The bytes of a text that reads back as it is.</summary>
    /// <exception cref="ArgumentException">The encoding has no bytes for a character.</exception>
    internal static byte[] Write(string text, string encodingName)
    {
        Encoding encoding = ForWriting(encodingName);
        try
        {
            byte[] bytes = encoding.GetBytes(text);
            if (encoding.GetString(bytes) == text)
            {
                return bytes;
            }
        }
        catch (EncoderFallbackException unknown)
        {
            int character = unknown.CharUnknownHigh != 0
                ? char.ConvertToUtf32(unknown.CharUnknownHigh, unknown.CharUnknownLow)
                : unknown.CharUnknown;
            throw new ArgumentException(
                $"A name or value holds the character U+{character:X4}, which {encodingName} does not have.", unknown);
        }

        throw new ArgumentException($"A name or value would not read back from {encodingName}.");
    }

    /// <summary>The bytes of a path behind its last slash or backslash.</summary>
    /// <remarks>
    /// Characters are searched, not bytes: "表" ends in the backslash's byte in Shift_JIS, and "功" does in Big5.
    /// </remarks>
    internal static ReadOnlySpan<byte> LastComponent(ReadOnlySpan<byte> path, Encoding encoding)
    {
        string text = encoding.GetString(path);
        byte[] last = encoding.GetBytes(text[(text.LastIndexOfAny(['/', '\\']) + 1)..]);
        return path.EndsWith(last) ? last : path[(path.LastIndexOfAny((byte)'/', (byte)'\\') + 1)..];
    }

    static int? PageOf(string name) => s_codePages.TryGetValue(name, out int page) ? page : null;

    // Asked directly: registering the provider would change what Encoding.GetEncoding means for the whole process.
    static Encoding Find(int page, EncoderFallback encoder, string replacement)
    {
        var decoder = new DecoderReplacementFallback(replacement);
        return CodePagesEncodingProvider.Instance.GetEncoding(page, encoder, decoder)
            ?? Encoding.GetEncoding(page, encoder, decoder);
    }
}
