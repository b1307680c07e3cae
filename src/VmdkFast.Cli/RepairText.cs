namespace VmdkFast.Cli;

/// <summary>What a repair does, for a person.</summary>
static class RepairText
{
    const int MaxShown = 1000;

    internal static void Write(TextWriter text, VmdkRepairResult result)
    {
        bool isApplied = result.After is not null;
        if (result.Changes.Count == 0)
        {
            WriteWhyNothing(text, result);
        }
        else
        {
            text.WriteLine(isApplied ? "Changes made:" : "Changes that --apply would make first:");
            foreach (VmdkRepairChange change in Sorted(result.Changes).Take(MaxShown))
            {
                text.WriteLine(Printable.Line(
                    $"  {change.Action} {change.LengthBytes} bytes at byte {change.OffsetBytes} of {change.Path}: "
                    + change.Reason));
            }

            if (result.Changes.Count > MaxShown)
            {
                text.WriteLine($"  ... and {result.Changes.Count - MaxShown} more.");
            }
        }

        foreach (VmdkLostRange lost in result.Lost)
        {
            text.WriteLine(
                $"{(isApplied ? "Given up" : "Would be given up")}: disk bytes {lost.OffsetBytes} to "
                + $"{lost.OffsetBytes + lost.LengthBytes - 1}");
        }

        foreach (string leftOut in result.LeftOut.Take(MaxShown))
        {
            text.WriteLine(Printable.Line(
                $"Left out, as it would make something worse, or is in doubt beside other damage: {leftOut}"));
        }

        WriteRemedies(text, result);
        if (result is { Before.IsSound: false, After: { IsSound: true, Leaks: > 0 } })
        {
            text.WriteLine("Space that nothing uses is given back by a second run, which finds nothing else wrong.");
        }

        if (result.JournalPath is { } journal)
        {
            text.WriteLine(Printable.Line($"To take it back: vmdkfast repair --undo {Printable.Argument(journal)}"));
        }

        text.WriteLine();
        text.WriteLine(isApplied ? "The image now:" : "The image as it is:");
        CheckText.Write(text, result.After ?? result.Before);
    }

    /// <summary>Changes as they are shown: by file and place, not in the order in which they are made.</summary>
    internal static IEnumerable<VmdkRepairChange> Sorted(IReadOnlyList<VmdkRepairChange> changes) =>
        changes.OrderBy(change => change.Path, StringComparer.Ordinal).ThenBy(change => change.OffsetBytes);

    /// <summary>Says why nothing was changed.</summary>
    internal static void WriteWhyNothing(TextWriter text, VmdkRepairResult result)
    {
        VmdkCheckResult left = result.After ?? result.Before;
        if (left is { Corruptions: 0, Leaks: 0, CheckErrors: 0 })
        {
            text.WriteLine("Nothing to repair.");
            return;
        }

        text.WriteLine(
            "Nothing was repaired; what remains: "
            + string.Join(", ", new[]
            {
                Count(left.Corruptions, "error"), Count(left.Leaks, "leaked cluster"),
                Count(left.CheckErrors, "place that could not be checked", "places that could not be checked"),
            }.OfType<string>()) + ".");
        if (left.Leaks > 0 && !left.IsSound)
        {
            text.WriteLine(
                "No space is given back while there are errors: what a lost entry points to looks unused.");
        }
    }

    /// <summary>Says which options would set right some of what remains.</summary>
    internal static void WriteRemedies(TextWriter text, VmdkRepairResult result)
    {
        foreach (VmdkRepairRemedy remedy in result.Remedies)
        {
            text.WriteLine($"vmdkfast repair {OptionOf(remedy)} would " + remedy switch
            {
                VmdkRepairRemedy.DropLost => "give up what is lost, and list it.",
                VmdkRepairRemedy.AcceptParent => "take the parent as it is; is it the right one?",
                _ => "make a new descriptor; a descriptor file from the extents that --from names.",
            });
        }

        VmdkCheckResult left = result.After ?? result.Before;
        foreach (string child in left.Findings.Where(finding => finding.Kind == VmdkFindingKind.ParentMismatch)
            .Select(finding => finding.Path).Where(path => path != left.Path).Distinct())
        {
            text.WriteLine(Printable.Line(
                $"It is {child} whose parent is another: vmdkfast repair --accept-parent {Printable.Argument(child)}"));
        }
    }

    /// <summary>The option that does what would help.</summary>
    internal static string OptionOf(VmdkRepairRemedy remedy) => remedy switch
    {
        VmdkRepairRemedy.DropLost => "--drop-lost",
        VmdkRepairRemedy.AcceptParent => "--accept-parent",
        _ => "--rebuild-descriptor",
    };

    static string? Count(long count, string one, string? many = null) =>
        count == 0 ? null : count == 1 ? $"1 {one}" : $"{count} {many ?? one + "s"}";
}
