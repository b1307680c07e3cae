namespace VmdkFast.Format;

/// <summary>The geometry that VMware gives a disk of some capacity.</summary>
static class Geometry
{
    const uint MaxIdeCylinders = 16_383;
    const uint MaxScsiCylinders = 65_535;
    const long OneGibSectors = (1L << 30) / Sector.Bytes;

    /// <summary>Computes the geometry to state for a new disk.</summary>
    /// <param name="capacitySectors">The disk's capacity, in sectors; not negative.</param>
    /// <param name="adapterType">
    /// The <c>ddb.adapterType</c>; <c>ide</c> in any case means the IDE rule, anything else or null the SCSI rule.
    /// </param>
    /// <remarks>
    /// Cylinders are rounded down as VMware does (2,088 for 16 GiB); open-vmdk rounds up and so claims sectors that
    /// are not there. Never 0 cylinders, which QEMU writes for tiny disks and guests take for no disk.
    /// </remarks>
    internal static VmdkGeometry For(long capacitySectors, string? adapterType)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(capacitySectors);
        bool isIde = "ide".Equals(adapterType, StringComparison.OrdinalIgnoreCase);
        (uint heads, uint sectors) = capacitySectors switch
        {
            _ when isIde => (16u, 63u),
            < OneGibSectors => (64u, 32u),
            < 2 * OneGibSectors => (128u, 32u),
            _ => (255u, 63u),
        };
        uint maxCylinders = isIde ? MaxIdeCylinders : MaxScsiCylinders;
        long cylinders = Math.Clamp(capacitySectors / (heads * sectors), 1, maxCylinders);
        return new VmdkGeometry((uint)cylinders, heads, sectors);
    }
}
