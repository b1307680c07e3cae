namespace VmdkFast.Tests.Durability;

/// <summary>What goes wrong.</summary>
enum FaultKind
{
    /// <summary>EIO once; the call did nothing.</summary>
    ErrorOnce,

    /// <summary>EIO from that call on.</summary>
    ErrorForever,

    /// <summary>ENOSPC from that call on, until room is made; a write first gets some bytes in.</summary>
    NoSpace,
}
