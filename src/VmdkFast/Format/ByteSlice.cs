namespace VmdkFast.Format;

/// <summary>A range of a text's bytes that was inside it when made.</summary>
/// <param name="Start">Index of the first byte.</param>
/// <param name="Length">Number of bytes.</param>
readonly record struct ByteSlice(int Start, int Length)
{
    /// <summary>Index of the first byte after the range.</summary>
    internal int End => Start + Length;

    /// <summary>The bytes themselves.</summary>
    internal ReadOnlySpan<byte> Of(ReadOnlySpan<byte> text) => text.Slice(Start, Length);

    /// <summary>
    /// The range without blanks at its ends. A carriage return is a blank here: CRLF files, mixed files and files
    /// that were converted twice then all read alike.
    /// </summary>
    internal ByteSlice Trimmed(ReadOnlySpan<byte> text)
    {
        ReadOnlySpan<byte> fromStart = Of(text).TrimStart(" \t\r"u8);
        return new ByteSlice(End - fromStart.Length, fromStart.TrimEnd(" \t\r"u8).Length);
    }
}
