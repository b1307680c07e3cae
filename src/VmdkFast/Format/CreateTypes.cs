namespace VmdkFast.Format;

/// <summary>The spellings of <c>createType</c>.</summary>
static class CreateTypes
{
    // The first spelling of a kind is the one written; the 2Gb forms come from VMware's technical note, while every
    // product writes twoGb.
    static readonly (string Name, VmdkDiskKind Kind)[] s_spellings =
    [
        ("custom", VmdkDiskKind.Custom),
        ("monolithicSparse", VmdkDiskKind.MonolithicSparse),
        ("monolithicFlat", VmdkDiskKind.MonolithicFlat),
        ("twoGbMaxExtentSparse", VmdkDiskKind.TwoGbMaxExtentSparse),
        ("2GbMaxExtentSparse", VmdkDiskKind.TwoGbMaxExtentSparse),
        ("twoGbMaxExtentFlat", VmdkDiskKind.TwoGbMaxExtentFlat),
        ("2GbMaxExtentFlat", VmdkDiskKind.TwoGbMaxExtentFlat),
        ("fullDevice", VmdkDiskKind.FullDevice),
        ("partitionedDevice", VmdkDiskKind.PartitionedDevice),
        ("streamOptimized", VmdkDiskKind.StreamOptimized),
        ("vmfs", VmdkDiskKind.Vmfs),
        ("vmfsPreallocated", VmdkDiskKind.VmfsPreallocated),
        ("vmfsEagerZeroedThick", VmdkDiskKind.VmfsEagerZeroedThick),
        ("vmfsThick", VmdkDiskKind.VmfsThick),
        ("vmfsThin", VmdkDiskKind.VmfsThin),
        ("vmfsSparse", VmdkDiskKind.VmfsSparse),
        ("seSparse", VmdkDiskKind.SeSparse),
        ("vmfsSeSparse", VmdkDiskKind.SeSparse),
        ("vmfsRawDeviceMap", VmdkDiskKind.VmfsRawDeviceMap),
        ("vmfsRDM", VmdkDiskKind.VmfsRawDeviceMap),
        ("vmfsPassthroughRawDeviceMap", VmdkDiskKind.VmfsPassthroughRawDeviceMap),
        ("vmfsRDMP", VmdkDiskKind.VmfsPassthroughRawDeviceMap),
        ("vmfsRaw", VmdkDiskKind.VmfsRaw),
        ("vsanSparse", VmdkDiskKind.VsanSparse),
    ];

    /// <summary>The kind that a <c>createType</c> names, whatever its case; Unknown for any other text.</summary>
    internal static VmdkDiskKind KindOf(string createType) =>
        Array.Find(s_spellings, s => s.Name.Equals(createType, StringComparison.OrdinalIgnoreCase)).Kind;

    /// <summary>The <c>createType</c> to write for a kind.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The kind is Unknown or undefined.</exception>
    internal static string NameOf(VmdkDiskKind kind) =>
        kind != VmdkDiskKind.Unknown && Array.Find(s_spellings, s => s.Kind == kind).Name is { } name
            ? name
            : throw new ArgumentOutOfRangeException(nameof(kind), kind, "This kind has no createType.");
}
