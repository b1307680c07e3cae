namespace VmdkFast.Tests.Durability;

/// <summary>The calls of a file that can fail.</summary>
enum StorageCall
{
    Read,
    Write,
    Grow,
    Truncate,
    Punch,
    Barrier,
}
