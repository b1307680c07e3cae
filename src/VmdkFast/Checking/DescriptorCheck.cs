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
