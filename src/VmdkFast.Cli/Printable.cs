using System.Text;

namespace VmdkFast.Cli;

/// <summary>Text out of images, made fit for a terminal: names there may hold escape sequences.</summary>
static class Printable
{
    /// <summary>One line: every control character becomes <c>\xNN</c>.</summary>
    internal static string Line(string text) => Escape(text, keepLines: false);

    /// <summary>As <see cref="Line"/>, but line ends and tabulators stay.</summary>
    internal static string Lines(string text) => Escape(text.ReplaceLineEndings("\n"), keepLines: true);

    /// <summary>An argument as a shell takes it, quoted where it must be.</summary>
    internal static string Argument(string text) =>
        text.All(static character => char.IsLetterOrDigit(character) || "/._-+:,@%=".Contains(character))
            ? text
            : $"'{text.Replace("'", "'\\''", StringComparison.Ordinal)}'";

    static string Escape(string text, bool keepLines)
    {
        if (!text.Any(char.IsControl))
        {
            return text;
        }

        var shown = new StringBuilder(text.Length + 16);
        foreach (char character in text)
        {
            if (char.IsControl(character) && !(keepLines && character is '\n' or '\t'))
            {
                shown.Append($"\\x{(int)character:x2}");
            }
            else
            {
                shown.Append(character);
            }
        }

        return shown.ToString();
    }
}
