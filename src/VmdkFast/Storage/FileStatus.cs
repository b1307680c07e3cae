namespace VmdkFast.Storage;

/// <summary>What a descriptor leads to.</summary>
enum FileKind
{
    /// <summary>A regular file.</summary>
    Regular,

    /// <summary>A block device: fixed length, no holes.</summary>
    BlockDevice,

    /// <summary>A directory.</summary>
    Directory,

    /// <summary>A character device.</summary>
    CharacterDevice,

    /// <summary>A pipe or FIFO.</summary>
    Pipe,

    /// <summary>A socket, or something that this list does not know.</summary>
    Other,
}

/// <summary>The state of a file at one moment; two equal ones mean that nothing has changed in between.</summary>
/// <param name="Identity">Device and inode.</param>
/// <param name="Kind">What it is.</param>
/// <param name="LengthBytes">Length in bytes; of a block device its size.</param>
/// <param name="ModifiedNanoseconds">Last change in nanoseconds since 1970, as fine as the system keeps it.</param>
/// <param name="AllocatedBytes">Bytes that the file system has allocated.</param>
/// <param name="LinkCount">Names that the file has; replacing a file with several would separate them.</param>
readonly record struct FileStatus(
    FileIdentity Identity, FileKind Kind, long LengthBytes, long ModifiedNanoseconds, long AllocatedBytes,
    long LinkCount);
