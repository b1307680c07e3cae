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
            text.WriteLine("Nothing to repair.");
        }
        else
        {
            text.WriteLine(isApplied ? "Changes made:" : "Changes that --apply would make first:");
            foreach (VmdkRepairChange change in result.Changes.Take(MaxShown))
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
            text.WriteLine(Printable.Line($"Left out, as it would make something worse: {leftOut}"));
        }

        if (result.JournalPath is { } journal)
        {
            text.WriteLine(Printable.Line($"To take it back: vmdkfast repair --undo {journal}"));
        }

        text.WriteLine();
        text.WriteLine(isApplied ? "The image now:" : "The image as it is:");
        CheckText.Write(text, result.After ?? result.Before);
    }
}
