namespace VmdkFast.Checking;

/// <summary>The severity of each kind of finding.</summary>
static class FindingSeverities
{
    internal static VmdkFindingSeverity Of(VmdkFindingKind kind) => kind switch
    {
        VmdkFindingKind.HeaderOdd or VmdkFindingKind.ExtentTooLong or VmdkFindingKind.GeometryDisagrees
            or VmdkFindingKind.Unclean or VmdkFindingKind.ChangeTrackingMissing
            or VmdkFindingKind.ChangeTrackingStale or VmdkFindingKind.GrainMisaligned
            or VmdkFindingKind.GrainUnmapped => VmdkFindingSeverity.Warning,
        VmdkFindingKind.LeakedSpace => VmdkFindingSeverity.Leak,
        VmdkFindingKind.NotChecked => VmdkFindingSeverity.Unchecked,
        _ => VmdkFindingSeverity.Corruption,
    };
}
