namespace VmdkFast.Storage;

/// <summary>A file by device and inode: the only comparison of files that links and renames cannot fool.</summary>
readonly record struct FileIdentity(ulong Device, ulong Inode);
