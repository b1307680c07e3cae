using System.Diagnostics;
using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Text;

namespace VmdkFast;

/// <summary>An image (or the file system below it) is at fault; never the caller.</summary>
/// <remarks>
/// The message is one line and holds everything that is known: file, byte offset, field, the value found and the
/// value wanted. Wrong arguments throw <see cref="ArgumentException"/> instead.
/// </remarks>
public sealed class VmdkException : IOException
{
    const string Separator = ": ";

    /// <summary>Describes one fault of one image.</summary>
    /// <param name="code">The kind of fault.</param>
    /// <param name="path">The file at fault.</param>
    /// <param name="problem">What is wrong, as a short sentence without a full stop.</param>
    /// <param name="offsetBytes">Where in the file, in bytes; null when no single place is at fault.</param>
    /// <param name="field">The field at fault; null when there is none.</param>
    /// <param name="found">The value found, as text.</param>
    /// <param name="wanted">What would have been right, as text.</param>
    /// <param name="inner">The cause, when there is one.</param>
    public VmdkException(
        VmdkErrorCode code, string path, string problem, long? offsetBytes = null,
        string? field = null, string? found = null, string? wanted = null, Exception? inner = null)
        : base(Compose(path, problem, offsetBytes, field, found, wanted), inner)
    {
        Code = code;
        Path = path;
        OffsetBytes = offsetBytes;
        Field = field;
        Found = found;
        Wanted = wanted;
    }

    /// <summary>The kind of fault.</summary>
    public VmdkErrorCode Code { get; }

    /// <summary>The file at fault.</summary>
    public string Path { get; }

    /// <summary>Where in <see cref="Path"/>, in bytes; null when no single place is at fault.</summary>
    public long? OffsetBytes { get; }

    /// <summary>The field at fault, by the name that <c>vmdkfast inspect</c> prints; null when there is none.</summary>
    public string? Field { get; }

    /// <summary>The value found, as text.</summary>
    public string? Found { get; }

    /// <summary>What would have been right, as text.</summary>
    public string? Wanted { get; }

    /// <summary>The message without the file in front, for those who name it already.</summary>
    internal string MessageBehindPath => Message[(Printable(Path).Length + Separator.Length)..];

    /// <summary>Throws; an expression-bodied way for cold paths.</summary>
    [DoesNotReturn, StackTraceHidden]
    internal static void Throw(
        VmdkErrorCode code, string path, string problem, long? offsetBytes = null,
        string? field = null, string? found = null, string? wanted = null, Exception? inner = null) =>
        throw new VmdkException(code, path, problem, offsetBytes, field, found, wanted, inner);

    static string Compose(
        string path, string problem, long? offsetBytes, string? field, string? found, string? wanted)
    {
        var text = new StringBuilder().Append(Printable(path)).Append(Separator).Append(Printable(problem));
        string separator = " (";
        void Add(string label, string? value)
        {
            if (value is null)
            {
                return;
            }

            text.Append(separator).Append(label).Append(Printable(value));
            separator = ", ";
        }

        Add("at byte ", offsetBytes?.ToString(CultureInfo.InvariantCulture));
        Add("field ", field);
        Add("found ", found);
        Add("wanted ", wanted);
        return (separator == ", " ? text.Append(')') : text).ToString();
    }

    // Names come out of hostile images: a newline or an escape sequence in one must not forge a second log line.
    static string Printable(string text)
    {
        const int MaxCharacters = 600;
        string shown = text.Length > MaxCharacters ? string.Concat(text.AsSpan(0, MaxCharacters), "…") : text;
        return shown.Any(char.IsControl)
            ? string.Concat(shown.Select(c => char.IsControl(c) ? $"\\x{(int)c:x2}" : c.ToString()))
            : shown;
    }
}
