namespace VmdkFast;

/// <summary>How far a whole-image operation has come.</summary>
/// <param name="DoneBytes">Bytes of the disk that are done; holes count as soon as they are passed.</param>
/// <param name="TotalBytes">Length of the disk.</param>
/// <param name="ReadBytes">Of the done bytes, those that had to be read.</param>
public readonly record struct VmdkProgress(long DoneBytes, long TotalBytes, long ReadBytes);
