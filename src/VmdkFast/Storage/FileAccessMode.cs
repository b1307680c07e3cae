namespace VmdkFast.Storage;

/// <summary>What a file is opened for.</summary>
enum FileAccessMode
{
    /// <summary>Reading only.</summary>
    Read,

    /// <summary>Reading and writing.</summary>
    ReadWrite,
}
