using System.Globalization;
using VmdkFast.Generators.Model;

namespace VmdkFast.Generators.Parsing;

/// <summary>Checks that the claims cover a structure exactly: inside it, no overlap, no gap.</summary>
static class Coverage
{
    /// <summary>Adds what is wrong to <paramref name="found"/>.</summary>
    /// <remarks>
    /// Gaps are left unsaid while anything else is wrong: the claim that is out of place, or the field that could not
    /// be read, is most often the one that is missing.
    /// </remarks>
    public static void Check(
        string structure, LocationInfo location, int sizeBytes, List<ByteClaim> claims, List<DiagnosticInfo> found)
    {
        var inside = new List<ByteClaim>();
        foreach (ByteClaim claim in claims)
        {
            if (claim.OffsetBytes >= 0 && claim.EndBytes <= sizeBytes)
            {
                inside.Add(claim);
                continue;
            }

            found.Add(DiagnosticInfo.Create(
                Diagnostics.OutsideStructure, claim.Location, claim.Name, Text(claim.OffsetBytes),
                Text(claim.EndBytes - 1), structure, Text(sizeBytes - 1)));
        }

        ByteClaim[] byOffset = [.. inside.OrderBy(c => c.OffsetBytes).ThenBy(c => c.Name, StringComparer.Ordinal)];
        CheckOverlaps(byOffset, found);
        if (found.Count == 0)
        {
            CheckGaps(structure, location, sizeBytes, byOffset, found);
        }
    }

    static void CheckOverlaps(ByteClaim[] byOffset, List<DiagnosticInfo> found)
    {
        for (int i = 1, farthest = 0; i < byOffset.Length; i++)
        {
            ByteClaim claim = byOffset[i], before = byOffset[farthest];
            if (claim.OffsetBytes < before.EndBytes)
            {
                found.Add(DiagnosticInfo.Create(
                    Diagnostics.Overlap, claim.Location, claim.Name, Text(claim.OffsetBytes), before.Name,
                    Text(before.EndBytes - 1)));
            }

            farthest = claim.EndBytes > before.EndBytes ? i : farthest;
        }
    }

    static void CheckGaps(
        string structure, LocationInfo location, int sizeBytes, ByteClaim[] byOffset, List<DiagnosticInfo> found)
    {
        long covered = 0;
        void Expect(long offsetBytes)
        {
            if (offsetBytes > covered)
            {
                found.Add(DiagnosticInfo.Create(
                    Diagnostics.Gap, location, Text(covered), Text(offsetBytes - 1), structure,
                    Text(offsetBytes - covered)));
            }
        }

        foreach (ByteClaim claim in byOffset)
        {
            Expect(claim.OffsetBytes);
            covered = claim.EndBytes;
        }

        Expect(sizeBytes);
    }

    static string Text(long number) => number.ToString(CultureInfo.InvariantCulture);
}
