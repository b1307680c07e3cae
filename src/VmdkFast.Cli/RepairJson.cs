using System.Text.Json;

namespace VmdkFast.Cli;

/// <summary>What a repair does, for a program.</summary>
static class RepairJson
{
    internal static void Write(Utf8JsonWriter json, VmdkRepairResult result)
    {
        json.WriteStartObject();
        json.WriteString("filename", result.Before.Path);
        json.WriteBoolean("applied", result.After is not null);
        json.WritePropertyName("changes");
        json.WriteStartArray();
        foreach (VmdkRepairChange change in RepairText.Sorted(result.Changes))
        {
            json.WriteStartObject();
            json.WriteString("action", change.Action);
            json.WriteString("filename", change.Path);
            json.WriteNumber("offset", change.OffsetBytes);
            json.WriteNumber("length", change.LengthBytes);
            json.WriteString("reason", change.Reason);
            json.WriteEndObject();
        }

        json.WriteEndArray();
        json.WritePropertyName("lost");
        json.WriteStartArray();
        foreach (VmdkLostRange lost in result.Lost)
        {
            json.WriteStartObject();
            json.WriteNumber("guest-offset", lost.OffsetBytes);
            json.WriteNumber("guest-length", lost.LengthBytes);
            json.WriteEndObject();
        }

        json.WriteEndArray();
        WriteAll(json, "left-out", result.LeftOut);
        WriteAll(json, "would-help", result.Remedies.Select(RepairText.OptionOf));
        if (result.JournalPath is { } journal)
        {
            json.WriteString("journal", journal);
        }

        json.WritePropertyName("before");
        CheckJson.Write(json, result.Before);
        if (result.After is { } after)
        {
            json.WritePropertyName("after");
            CheckJson.Write(json, after);
        }

        json.WriteEndObject();
    }

    /// <summary>What was put back.</summary>
    internal static void WriteUndone(Utf8JsonWriter json, string journal, IReadOnlyList<string> files)
    {
        json.WriteStartObject();
        json.WriteString("journal", journal);
        WriteAll(json, "put-back", files);
        json.WriteEndObject();
    }

    /// <summary>A descriptor made from its extents.</summary>
    internal static void WriteRebuilt(Utf8JsonWriter json, string path, bool isApplied, VmdkRebuiltDescriptor made)
    {
        json.WriteStartObject();
        json.WriteString("filename", path);
        json.WriteBoolean("applied", isApplied);
        if (made.KeptPath is { } kept)
        {
            json.WriteString("kept-as", kept);
        }

        json.WriteBoolean("may-lack-parent", made.MayLackParent);
        json.WriteString("descriptor", made.Text);
        json.WriteEndObject();
    }

    static void WriteAll(Utf8JsonWriter json, string name, IEnumerable<string> texts)
    {
        json.WritePropertyName(name);
        json.WriteStartArray();
        foreach (string text in texts)
        {
            json.WriteStringValue(text);
        }

        json.WriteEndArray();
    }
}
