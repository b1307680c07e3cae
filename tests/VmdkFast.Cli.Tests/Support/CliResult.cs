using System.Text;
using System.Text.Json;

namespace VmdkFast.Cli.Tests.Support;

/// <summary>What a command line printed and how it ended.</summary>
sealed record CliResult(int ExitCode, byte[] OutputBytes, string Error)
{
    internal string Output => Encoding.UTF8.GetString(OutputBytes);

    internal JsonElement Json
    {
        get
        {
            using var document = JsonDocument.Parse(OutputBytes);
            return document.RootElement.Clone();
        }
    }
}
