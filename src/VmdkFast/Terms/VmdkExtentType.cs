namespace VmdkFast;

/// <summary>The type word of an extent line: how the descriptor says that the extent is stored.</summary>
public enum VmdkExtentType
{
    /// <summary>Raw sectors in a file or device, from an offset on (<c>FLAT</c>).</summary>
    Flat,

    /// <summary>A hosted sparse file with a KDMV header (<c>SPARSE</c>).</summary>
    Sparse,

    /// <summary>No file: all sectors are zero (<c>ZERO</c>).</summary>
    Zero,

    /// <summary>Raw sectors in a file on VMFS (<c>VMFS</c>).</summary>
    Vmfs,

    /// <summary>An ESX sparse file with a COWD header (<c>VMFSSPARSE</c>).</summary>
    VmfsSparse,

    /// <summary>A raw device map on VMFS (<c>VMFSRDM</c>).</summary>
    VmfsRdm,

    /// <summary>A raw device seen from ESX (<c>VMFSRAW</c>).</summary>
    VmfsRaw,

    /// <summary>A space-efficient sparse file (<c>SESPARSE</c>).</summary>
    SeSparse,

    /// <summary>A delta on vSAN (<c>VSANSPARSE</c>).</summary>
    VsanSparse,
}
