using System.Text.Encodings.Web;
using System.Text.Json;

namespace VmdkFast.Cli;

/// <summary>How all verbs write JSON.</summary>
static class Json
{
    /// <summary>Four blanks a level, as qemu-img; names in other scripts stay readable.</summary>
    internal static JsonWriterOptions Indented { get; } = new()
    {
        Indented = true,
        IndentSize = 4,
        NewLine = "\n",
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    };
}
