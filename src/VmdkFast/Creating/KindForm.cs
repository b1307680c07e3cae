namespace VmdkFast.Creating;

/// <summary>How the data of a new disk is stored.</summary>
enum Storing
{
    /// <summary>Raw files.</summary>
    Flat,

    /// <summary>Hosted sparse (KDMV).</summary>
    HostedSparse,

    /// <summary>Hosted sparse with compressed grains and markers, directory in front.</summary>
    Stream,

    /// <summary>The sparse form of ESX (COWD).</summary>
    Cowd,
}

/// <summary>What the kind of a new disk says of its files.</summary>
/// <param name="Kind">The kind.</param>
/// <param name="Storing">How data is stored.</param>
/// <param name="ExtentType">The word of the extent lines.</param>
/// <param name="ExtentSuffix">
/// What stands behind the name's stem in an extent's name; null when the descriptor lies in the extent.
/// </param>
/// <param name="IsSplit">Whether extents end at 2 GiB, and are numbered.</param>
sealed record KindForm(
    VmdkDiskKind Kind, Storing Storing, VmdkExtentType ExtentType, string? ExtentSuffix, bool IsSplit = false)
{
    static readonly KindForm[] s_forms =
    [
        new(VmdkDiskKind.MonolithicSparse, Storing.HostedSparse, VmdkExtentType.Sparse, null),
        new(VmdkDiskKind.TwoGbMaxExtentSparse, Storing.HostedSparse, VmdkExtentType.Sparse, "-s", IsSplit: true),
        new(VmdkDiskKind.StreamOptimized, Storing.Stream, VmdkExtentType.Sparse, null),
        new(VmdkDiskKind.MonolithicFlat, Storing.Flat, VmdkExtentType.Flat, "-flat"),
        new(VmdkDiskKind.TwoGbMaxExtentFlat, Storing.Flat, VmdkExtentType.Flat, "-f", IsSplit: true),
        new(VmdkDiskKind.Vmfs, Storing.Flat, VmdkExtentType.Vmfs, "-flat"),
        new(VmdkDiskKind.VmfsThin, Storing.Flat, VmdkExtentType.Vmfs, "-flat"),
        new(VmdkDiskKind.VmfsSparse, Storing.Cowd, VmdkExtentType.VmfsSparse, "-delta"),
    ];

    /// <summary>Whether the descriptor lies in the only extent.</summary>
    internal bool EmbedsDescriptor => ExtentSuffix is null;

    /// <summary>The form of a kind.</summary>
    /// <exception cref="ArgumentException">Disks of that kind cannot be made.</exception>
    internal static KindForm Of(VmdkDiskKind kind) =>
        Array.Find(s_forms, form => form.Kind == kind)
        ?? throw new ArgumentException($"A disk of the kind {kind} cannot be created.");
}
