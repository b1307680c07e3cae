using VmdkFast.Format;

namespace VmdkFast.Checking;

/// <summary>Compares what a descriptor says of the whole disk with what the disk is.</summary>
static class DescriptorCheck
{
    /// <summary>Judges the geometry.</summary>
    internal static void JudgeGeometry(DescriptorText descriptor, string path, FindingLog log)
    {
        if (descriptor.Geometry is not { } geometry)
        {
            JudgeMissingGeometry(descriptor, path, log);
            return;
        }

        // Some round the last cylinder up, and every disk has one at least.
        UInt128 perCylinder = (UInt128)geometry.Heads * geometry.Sectors;
        UInt128 sectors = geometry.Cylinders * perCylinder;
        if (sectors == 0 || sectors - perCylinder >= (UInt128)descriptor.CapacitySectors)
        {
            log.Add(
                VmdkFindingKind.GeometryDisagrees, path,
                $"the geometry of {geometry.Cylinders} cylinders, {geometry.Heads} heads and {geometry.Sectors} "
                + (sectors == 0
                    ? "sectors has no sector"
                    : $"sectors has more sectors than the disk, {descriptor.CapacitySectors}"));
        }
    }

    // Deltas state none of the three and inherit all.
    static void JudgeMissingGeometry(DescriptorText descriptor, string path, FindingLog log)
    {
        string[] keys = [DescriptorKeys.Cylinders, DescriptorKeys.Heads, DescriptorKeys.Sectors];
        if (Array.Exists(keys, key => descriptor[key] is not null))
        {
            log.Add(
                VmdkFindingKind.GeometryDisagrees, path,
                "the geometry is no three numbers: " + string.Join(
                    ", ", keys.Select(key => descriptor[key] is { } value ? $"{key} = '{value}'" : $"no {key}")));
        }
    }

    /// <summary>Judges the kind of a disk whose extents are other files.</summary>
    internal static void JudgeKind(DescriptorText descriptor, string path, FindingLog log)
    {
        if (descriptor.Kind == VmdkDiskKind.Unknown)
        {
            log.Add(
                VmdkFindingKind.DescriptorInvalid, path, $"the createType '{descriptor.CreateType}' is not known");
        }
        else if (descriptor.Kind is VmdkDiskKind.MonolithicSparse or VmdkDiskKind.StreamOptimized
            && descriptor.Extents.FirstOrDefault(
                static line => line.Type is not (VmdkExtentType.Sparse or VmdkExtentType.Zero)) is { } other)
        {
            log.Add(
                VmdkFindingKind.DescriptorInvalid, path,
                $"the createType '{descriptor.CreateType}' is of one sparse file, and an extent is {other.Type}");
        }
    }

    /// <summary>Judges the kind that a sparse file states of itself: readers go by its header.</summary>
    internal static void JudgeEmbeddedKind(DescriptorText descriptor, string path, FindingLog log)
    {
        if (descriptor.Kind == VmdkDiskKind.Unknown)
        {
            log.Add(VmdkFindingKind.HeaderOdd, path, $"the createType '{descriptor.CreateType}' is not known");
        }
        else if (descriptor.Kind is VmdkDiskKind.MonolithicFlat or VmdkDiskKind.TwoGbMaxExtentFlat
            or VmdkDiskKind.FullDevice or VmdkDiskKind.PartitionedDevice)
        {
            log.Add(
                VmdkFindingKind.HeaderOdd, path,
                $"the createType '{descriptor.CreateType}' is of flat files, and this one is sparse");
        }
    }

    /// <summary>
    /// Judges whether the parent's content ID is stated, as also disks without a parent do, and whether the parent's
    /// name agrees.
    /// </summary>
    internal static void JudgeParentId(DescriptorText descriptor, string path, FindingLog log)
    {
        if (descriptor[DescriptorKeys.ParentContentId] is null)
        {
            log.Add(VmdkFindingKind.DescriptorInvalid, path, "the descriptor has no parentCID, not even ffffffff");
        }
        else if (descriptor.ParentContentId == DescriptorValue.NoParent && !descriptor.ParentFileNameHintBytes.IsEmpty)
        {
            log.Add(
                VmdkFindingKind.HeaderOdd, path,
                $"the descriptor names the parent '{descriptor.ParentFileNameHint}', and by its parentCID it has none");
        }
    }

    /// <summary>Judges whether header and descriptor agree on change tracking.</summary>
    /// <param name="descriptor">The descriptor.</param>
    /// <param name="path">Its file.</param>
    /// <param name="tracksInHeader">Whether a header says that changes are tracked; null without headers.</param>
    /// <param name="fileExists">Whether the tracking file is there.</param>
    /// <param name="log">Where findings go.</param>
    internal static void JudgeTracking(
        DescriptorText descriptor, string path, bool? tracksInHeader, Func<bool> fileExists, FindingLog log)
    {
        bool tracks = !descriptor.ChangeTrackPathBytes.IsEmpty;
        if (tracks && !fileExists())
        {
            log.Add(
                VmdkFindingKind.ChangeTrackingMissing, path,
                $"the change tracking file '{descriptor.ChangeTrackPath}' is missing");
        }

        if (tracksInHeader is { } inHeader && inHeader != tracks)
        {
            log.Add(
                VmdkFindingKind.ChangeTrackingStale, path,
                tracks
                    ? "the descriptor names a change tracking file, and no header says that changes are tracked"
                    : "the header says that changes are tracked, and the descriptor names no file for that");
        }
    }
}
