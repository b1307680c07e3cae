namespace VmdkFast;

/// <summary>Where a streamOptimized image keeps the structures that say where its grains are.</summary>
public enum VmdkStreamLayout
{
    /// <summary>
    /// Behind the grains, as VMware's products export: it can be written into a pipe, and read from one.
    /// </summary>
    Export,

    /// <summary>In front of the grains, as VMware's products keep such disks locally; only for regular files.</summary>
    Local,
}
