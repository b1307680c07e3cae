namespace VmdkFast;

/// <summary>The kind of disk that a descriptor's <c>createType</c> states, or that there is no descriptor.</summary>
/// <remarks>
/// What was stated when the disk was made, not how its extents are stored: files in the wild contradict it, so
/// every extent is judged by its own header.
/// </remarks>
public enum VmdkDiskKind
{
    /// <summary>A <c>createType</c> that is not in this list.</summary>
    Unknown,

    /// <summary><c>custom</c>: extents of any mixture.</summary>
    Custom,

    /// <summary><c>monolithicSparse</c>: one growing file that holds its own descriptor.</summary>
    MonolithicSparse,

    /// <summary><c>monolithicFlat</c>: one raw file beside the descriptor.</summary>
    MonolithicFlat,

    /// <summary><c>twoGbMaxExtentSparse</c> or <c>2GbMaxExtentSparse</c>: growing files of limited size.</summary>
    TwoGbMaxExtentSparse,

    /// <summary><c>twoGbMaxExtentFlat</c> or <c>2GbMaxExtentFlat</c>: raw files of limited size.</summary>
    TwoGbMaxExtentFlat,

    /// <summary><c>fullDevice</c>: a whole physical disk.</summary>
    FullDevice,

    /// <summary><c>partitionedDevice</c>: some partitions of a physical disk.</summary>
    PartitionedDevice,

    /// <summary><c>streamOptimized</c>: one file of compressed grains.</summary>
    StreamOptimized,

    /// <summary><c>vmfs</c>: a raw file on VMFS.</summary>
    Vmfs,

    /// <summary><c>vmfsPreallocated</c>: a raw file on VMFS, allocated when made.</summary>
    VmfsPreallocated,

    /// <summary><c>vmfsEagerZeroedThick</c>: a raw file on VMFS, zeroed when made.</summary>
    VmfsEagerZeroedThick,

    /// <summary><c>vmfsThick</c>: a raw file on VMFS; no longer written.</summary>
    VmfsThick,

    /// <summary><c>vmfsThin</c>: a raw file on VMFS with holes.</summary>
    VmfsThin,

    /// <summary><c>vmfsSparse</c>: an ESX delta with a COWD header.</summary>
    VmfsSparse,

    /// <summary><c>vmfsSeSparse</c> or <c>seSparse</c>: a space-efficient ESX delta.</summary>
    SeSparse,

    /// <summary><c>vmfsRDM</c> or <c>vmfsRawDeviceMap</c>: a raw device in virtual compatibility mode.</summary>
    VmfsRawDeviceMap,

    /// <summary>
    /// <c>vmfsRDMP</c> or <c>vmfsPassthroughRawDeviceMap</c>: a raw device in physical compatibility mode.
    /// </summary>
    VmfsPassthroughRawDeviceMap,

    /// <summary><c>vmfsRaw</c>: a raw device seen from ESX.</summary>
    VmfsRaw,

    /// <summary><c>vsanSparse</c>: a delta on vSAN.</summary>
    VsanSparse,

    /// <summary>
    /// No VMDK at all: a file or device opened by <see cref="VmdkDisk.OpenRaw"/>. No <c>createType</c>.
    /// </summary>
    Raw,
}
