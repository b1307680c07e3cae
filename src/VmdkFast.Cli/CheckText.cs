using System.Globalization;

namespace VmdkFast.Cli;

/// <summary>What a check found, for a person; the last lines are those of <c>qemu-img check</c>.</summary>
static class CheckText
{
    internal static void Write(TextWriter text, VmdkCheckResult result)
    {
        foreach (VmdkFinding finding in result.Findings)
        {
            text.WriteLine(Line(finding));
        }

        if (result.OmittedFindings > 0)
        {
            text.WriteLine($"... and {result.OmittedFindings} more.");
        }

        WriteSums(text, result);
    }

    /// <summary>What a repair has set right, in qemu-img's words.</summary>
    internal static void WriteRepaired(TextWriter text, VmdkRepairResult repair)
    {
        text.WriteLine("The following inconsistencies were found and repaired:");
        text.WriteLine();
        text.WriteLine($"    {Math.Max(0, repair.Before.Leaks - repair.After!.Leaks)} leaked clusters");
        text.WriteLine($"    {Math.Max(0, repair.Before.Corruptions - repair.After.Corruptions)} corruptions");
        text.WriteLine();
        text.WriteLine(Printable.Line($"To take it back: vmdkfast repair --undo {repair.JournalPath}"));
        text.WriteLine();
    }

    internal static string WordOf(VmdkFindingSeverity severity) => severity switch
    {
        VmdkFindingSeverity.Corruption => "error",
        VmdkFindingSeverity.Leak => "leak",
        VmdkFindingSeverity.Warning => "warning",
        _ => "not checked",
    };

    static string Line(VmdkFinding finding)
    {
        string place = finding.OffsetBytes is { } offset ? $" at byte {offset}" : "";
        string guest = finding.GuestOffsetBytes is { } start
            ? $" [disk bytes {start} to {start + finding.GuestLengthBytes - 1}]"
            : "";
        return Printable.Line(
            $"{WordOf(finding.Severity)}: {finding.Path}{place}: {finding.Text}{guest} ({finding.Kind})");
    }

    static void WriteSums(TextWriter text, VmdkCheckResult result)
    {
        if (result.Corruptions == 0 && result.Leaks == 0 && result.CheckErrors == 0)
        {
            text.WriteLine("No errors were found on the image.");
        }

        if (result.Corruptions > 0)
        {
            text.WriteLine();
            text.WriteLine($"{result.Corruptions} errors were found on the image.");
            text.WriteLine("Data may be corrupted, or further writes to the image may corrupt it.");
        }

        if (result.Leaks > 0)
        {
            text.WriteLine();
            text.WriteLine($"{result.Leaks} leaked clusters were found on the image.");
            text.WriteLine("This means waste of disk space, but no harm to data.");
        }

        if (result.CheckErrors > 0)
        {
            text.WriteLine();
            text.WriteLine($"{result.CheckErrors} internal errors have occurred during the check.");
        }

        if (result.TotalGrains > 0 && result.AllocatedGrains > 0)
        {
            text.WriteLine(string.Create(
                CultureInfo.InvariantCulture,
                $"{result.AllocatedGrains}/{result.TotalGrains} = "
                + $"{Percent(result.AllocatedGrains, result.TotalGrains):F2}% allocated, "
                + $"{Percent(result.FragmentedGrains, result.AllocatedGrains):F2}% fragmented, "
                + $"{Percent(result.CompressedGrains, result.AllocatedGrains):F2}% compressed clusters"));
        }

        if (result.ImageEndOffsetBytes is { } end)
        {
            text.WriteLine($"Image end offset: {end}");
        }
    }

    static double Percent(long part, long whole) => 100.0 * part / whole;
}
