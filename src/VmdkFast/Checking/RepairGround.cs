namespace VmdkFast.Checking;

/// <summary>What the checks of a repair say of the image as a whole, and what that entitles it to.</summary>
/// <param name="IsSound">Whether nothing is wrong now: the extents may be called clean.</param>
/// <param name="MayFree">
/// Whether space that nothing uses may be given back: nothing was wrong before the first round either. What a lost
/// entry pointed to looks unused, also after a repair that has set the entry to another grain, and so does everything
/// behind a wrong number of the header.
/// </param>
sealed record RepairGround(bool IsSound, bool MayFree)
{
    /// <summary>What two checks say.</summary>
    /// <param name="first">What was found before the first round.</param>
    /// <param name="now">What is found now.</param>
    internal static RepairGround Of(VmdkCheckResult first, VmdkCheckResult now) => new(
        now.IsSound,
        first.IsSound && now.IsSound
            && first.Warnings == first.Findings.Count(static finding => IsHarmless(finding.Kind)));

    /// <summary>Whether there are warnings of what may be one wrong bit in what leads to grains.</summary>
    /// <remarks>
    /// Not of the length of tables: where it is wrong the tables themselves are, and where they are right it is the
    /// writer that is no usual one. Only for space that nothing uses that is not enough.
    /// </remarks>
    internal static bool IsOdd(VmdkCheckResult result) => result.Warnings != result.Findings.Count(
        static finding => IsHarmless(finding.Kind) || IsTableLength(finding));

    static bool IsTableLength(VmdkFinding finding) => finding.Kind == VmdkFindingKind.HeaderOdd
        && finding.OffsetBytes == HostedHeaderCheck.OffsetOf(nameof(HostedFields.GrainTableEntries));

    static bool IsHarmless(VmdkFindingKind kind) => kind is VmdkFindingKind.Unclean
        or VmdkFindingKind.GeometryDisagrees or VmdkFindingKind.ChangeTrackingMissing
        or VmdkFindingKind.ChangeTrackingStale;
}
