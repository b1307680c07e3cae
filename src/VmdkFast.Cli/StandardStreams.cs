using System.Text;

namespace VmdkFast.Cli;

/// <summary>Where a verb writes to. Tests put memory in the place of the process's own streams.</summary>
/// <param name="Output">Standard output, as bytes: a whole disk may go there.</param>
/// <param name="Error">Standard error.</param>
/// <param name="ErrorIsTerminal">Whether a person looks at <paramref name="Error"/>.</param>
sealed record StandardStreams(Stream Output, TextWriter Error, bool ErrorIsTerminal)
{
    /// <summary>Says what went wrong, in one line.</summary>
    internal void ReportError(string message) => Error.WriteLine($"vmdkfast: {Printable.Line(message)}");

    /// <summary>Standard input.</summary>
    internal Stream Input { get; init; } = Stream.Null;

    /// <summary>A writer of UTF-8 text over <see cref="Output"/>; dispose it to send the last of the text.</summary>
    internal StreamWriter OpenText() =>
        new(Output, new UTF8Encoding(encoderShouldEmitUTF8Identifier: false), 1 << 14, leaveOpen: true)
        {
            NewLine = "\n",
        };
}
