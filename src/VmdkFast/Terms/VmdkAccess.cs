namespace VmdkFast;

/// <summary>What an extent line allows to be done with its sectors.</summary>
public enum VmdkAccess
{
    /// <summary>Reading and writing (<c>RW</c>).</summary>
    ReadWrite,

    /// <summary>Reading only (<c>RDONLY</c>).</summary>
    ReadOnly,

    /// <summary>Neither (<c>NOACCESS</c>); the sectors count towards the capacity all the same.</summary>
    None,
}
