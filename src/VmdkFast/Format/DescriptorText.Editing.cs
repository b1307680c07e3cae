using System.Text;

namespace VmdkFast.Format;

sealed partial class DescriptorText
{
    const int ContentIdDigits = 8;

    // With fewer, two changes would often give one number; then eight are written, and the text becomes longer.
    const int MinContentIdDigits = 6;

    /// <summary>
    /// Digits that a new CID can have without moving the text behind it. QEMU writes no leading zeros, and a text that
    /// moves is not changed in one sector: a power cut in between would leave two halves of two texts.
    /// </summary>
    internal int ContentIdWidth =>
        LinesOf(DescriptorKeys.ContentId).First().Value.Length is >= MinContentIdDigits and var width
            ? Math.Min(width, ContentIdDigits)
            : ContentIdDigits;

    /// <summary>
    /// The descriptor with a new CID. The last eight digits of <c>ddb.longContentID</c>, where it is there and has
    /// 32, follow, as in VMware's own files; nothing else changes.
    /// </summary>
    /// <exception cref="ArgumentOutOfRangeException">The CID is one of the two with a special meaning.</exception>
    internal DescriptorText WithContentId(uint contentId)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(contentId, DescriptorValue.SeeLongContentId);
        string digits = DescriptorValue.FormatContentId(contentId);
        int width = ContentIdWidth;
        DescriptorText changed = WithValue(
            DescriptorKeys.ContentId,
            digits.AsSpan(0, ContentIdDigits - width).ContainsAnyExcept('0') ? digits : digits[^width..]);
        return LongContentId is { Length: 32 } longId && longId.All(char.IsAsciiHexDigit)
            ? changed.WithValue(DescriptorKeys.LongContentId, longId[..^ContentIdDigits] + digits)
            : changed;
    }

    /// <summary>The descriptor with another value on every line of a key, or with a new line for it.</summary>
    /// <remarks>
    /// Blanks, quotes and line end of the line stay. Where NUL padding follows the text, the length of the whole is
    /// kept as long as the text fits, so that an embedded area can be written as it is.
    /// </remarks>
    /// <exception cref="ArgumentException">
    /// The key or the value cannot be written, or the result would not be a valid descriptor.
    /// </exception>
    internal DescriptorText WithValue(string key, string value)
    {
        DescriptorValue.ThrowIfNoKey(key, nameof(key));
        DescriptorValue.ThrowIfUnwritable(value, nameof(value));
        if (DescriptorKeys.IsEncoding(key))
        {
            throw new ArgumentException("Another encoding would change every name in the descriptor.", nameof(key));
        }

        byte[] valueBytes = DescriptorEncoding.ForWriting(EncodingName).GetBytes(value);
        var text = new MemoryStream(_bytes.Length + valueBytes.Length);
        int copied = 0;
        foreach (DescriptorLine line in LinesOf(key))
        {
            text.Write(_bytes.AsSpan(copied..line.Value.Start));
            // An unquoted value that is empty or has outer blanks would not read back.
            bool addQuotes = !line.IsQuoted && (value.Length == 0 || value != value.Trim());
            text.Write(addQuotes ? [(byte)'"', .. valueBytes, (byte)'"'] : valueBytes);
            copied = line.Value.End;
        }

        if (copied == 0)
        {
            InsertEntry(text, key, valueBytes, out copied);
        }

        text.Write(_bytes.AsSpan(copied.._textLength));
        return Reparse(text, nameof(value));
    }

    /// <summary>The descriptor with the lines of a key made comments; the same instance when it has none.</summary>
    /// <remarks>
    /// One byte of each line changes, and nothing moves: while that is written, a power cut leaves the line or the
    /// comment. Taking the line out would change all sectors behind it, and a cut between two of them the rest.
    /// </remarks>
    /// <exception cref="ArgumentException">The result would not be a valid descriptor.</exception>
    internal DescriptorText WithoutValue(string key)
    {
        if (!_lineByKey.ContainsKey(key))
        {
            return this;
        }

        if (DescriptorKeys.IsEncoding(key))
        {
            throw new ArgumentException("Without its encoding every name in the descriptor changes.", nameof(key));
        }

        var text = new MemoryStream(_bytes.Length);
        text.Write(_bytes.AsSpan(0, _textLength));
        foreach (DescriptorLine line in LinesOf(key))
        {
            text.GetBuffer()[line.Content.Start] = (byte)'#';
        }

        return Reparse(text, nameof(key));
    }

    IEnumerable<DescriptorLine> LinesOf(string key) => _lineByKey.ContainsKey(key)
        ? _lines.Where(l => l.Kind == DescriptorLineKind.Entry
            && Ascii.EqualsIgnoreCase(l.Key.Of(_bytes), key))
        : [];

    void InsertEntry(MemoryStream text, string key, ReadOnlySpan<byte> value, out int copied)
    {
        // A header key goes behind createType, which is always there; a database key behind the last of its kind.
        DescriptorLine last = _lines[_lineByKey[DescriptorKeys.CreateType]];
        bool isDatabase = DescriptorKeys.IsDatabase(key);
        if (isDatabase)
        {
            last = _lines.FindLast(l => l.Kind == DescriptorLineKind.Entry
                && DescriptorKeys.IsDatabase(Decode(l.Key))) is { Next: > 0 } found ? found : _lines[^1];
        }

        ReadOnlySpan<byte> before = _bytes.AsSpan(0, last.Next);
        ReadOnlySpan<byte> lineEnd = _lines[0].EndsWithCrLf(_bytes) ? "\r\n"u8 : "\n"u8;
        text.Write(before);
        if (!before.EndsWith("\n"u8))
        {
            text.Write(lineEnd);
        }

        text.Write(Encoding.ASCII.GetBytes(key));
        text.Write(isDatabase ? " = \""u8 : "=\""u8);
        text.Write(value);
        text.Write("\""u8);
        text.Write(lineEnd);
        copied = last.Next;
    }

    DescriptorText Reparse(MemoryStream text, string parameterName)
    {
        ReadOnlySpan<byte> changed = text.GetBuffer().AsSpan(0, (int)text.Length);
        bool isPadded = _textLength < _bytes.Length;
        var bytes = new byte[isPadded ? Math.Max(changed.Length, _bytes.Length) : changed.Length];
        changed.CopyTo(bytes);
        if (isPadded && changed.Length <= _textLength)
        {
            // Whatever stands behind the first NUL stays; a longer text would end in the middle of it, so that
            // there only NUL remains.
            _bytes.AsSpan(_textLength).CopyTo(bytes.AsSpan(_textLength));
        }

        try
        {
            return Parse(bytes, _source.Path, _limits, _source.OffsetBytes);
        }
        catch (VmdkException exception)
        {
            // The text was valid before, so the change is at fault and not the image.
            throw new ArgumentException(
                $"The change would make the descriptor invalid: {exception.Message}", parameterName, exception);
        }
    }
}
