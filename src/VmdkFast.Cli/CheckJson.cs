using System.Text.Json;

namespace VmdkFast.Cli;

/// <summary>What a check found, with the keys of <c>qemu-img check --output json</c>, and the findings.</summary>
static class CheckJson
{
    internal static void Write(Utf8JsonWriter json, VmdkCheckResult result, VmdkRepairResult? repair = null)
    {
        json.WriteStartObject();
        if (result.ImageEndOffsetBytes is { } end)
        {
            json.WriteNumber("image-end-offset", end);
        }

        if (result.TotalGrains > 0)
        {
            json.WriteNumber("total-clusters", result.TotalGrains);
            json.WriteNumber("allocated-clusters", result.AllocatedGrains);
            json.WriteNumber("fragmented-clusters", result.FragmentedGrains);
            json.WriteNumber("compressed-clusters", result.CompressedGrains);
        }

        json.WriteNumber("check-errors", result.CheckErrors);
        json.WriteNumber("corruptions", result.Corruptions);
        json.WriteNumber("leaks", result.Leaks);
        if (repair is { After: { } after })
        {
            json.WriteNumber("corruptions-fixed", Math.Max(0, repair.Before.Corruptions - after.Corruptions));
            json.WriteNumber("leaks-fixed", Math.Max(0, repair.Before.Leaks - after.Leaks));
            json.WriteString("journal", repair.JournalPath ?? "");
        }

        json.WriteNumber("warnings", result.Warnings);
        json.WriteString("filename", result.Path);
        json.WriteString("format", "vmdk");
        json.WritePropertyName("findings");
        json.WriteStartArray();
        foreach (VmdkFinding finding in result.Findings)
        {
            Write(json, finding);
        }

        json.WriteEndArray();
        json.WriteNumber("omitted-findings", result.OmittedFindings);
        json.WriteEndObject();
    }

    static void Write(Utf8JsonWriter json, VmdkFinding finding)
    {
        json.WriteStartObject();
        json.WriteString("severity", CheckText.WordOf(finding.Severity));
        json.WriteString("kind", $"{finding.Kind}");
        json.WriteString("filename", finding.Path);
        if (finding.OffsetBytes is { } offset)
        {
            json.WriteNumber("offset", offset);
        }

        if (finding.GuestOffsetBytes is { } start)
        {
            json.WriteNumber("guest-offset", start);
            json.WriteNumber("guest-length", finding.GuestLengthBytes);
        }

        json.WriteString("text", finding.Text);
        json.WriteEndObject();
    }
}
