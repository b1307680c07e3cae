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
        foreach (VmdkRepairChange change in result.Changes)
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
        json.WritePropertyName("left-out");
        json.WriteStartArray();
        foreach (string leftOut in result.LeftOut)
        {
            json.WriteStringValue(leftOut);
        }

        json.WriteEndArray();
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
}
