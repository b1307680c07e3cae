namespace VmdkFast;

/// <summary>A stretch of a disk.</summary>
/// <param name="OffsetBytes">Where it begins.</param>
/// <param name="LengthBytes">How long it is, at least 1.</param>
public readonly record struct VmdkRange(long OffsetBytes, long LengthBytes);
