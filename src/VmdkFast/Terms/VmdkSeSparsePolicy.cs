namespace VmdkFast;

/// <summary>Whether a space-efficient sparse extent is read whose journal has not been replayed.</summary>
/// <remarks>The form of the journal's records is not publicly known, so nobody outside ESX can replay it.</remarks>
public enum VmdkDirtySeSparse
{
    /// <summary>It is refused: attach the disk to a machine on ESX once, and the journal is replayed.</summary>
    Refuse,

    /// <summary>
    /// It is read as its directory and tables stand, which may lack the guest's last writes;
    /// <see cref="VmdkLayerInfo.Warnings"/> says so.
    /// </summary>
    Read,
}

/// <summary>What a grain of a space-efficient sparse extent reads as that the guest has unmapped by SCSI.</summary>
/// <remarks>
/// Without a parent both are zeros. With one readers disagree: QEMU gives zeros, dissect asks the parent.
/// </remarks>
public enum VmdkUnmappedGrains
{
    /// <summary>Zeros, which is what a guest expects of what it has unmapped.</summary>
    Zero,

    /// <summary>The parent's content.</summary>
    Parent,
}
