namespace VmdkFast.Extents;

/// <summary>A place inside a compressed grain.</summary>
/// <param name="Grains">The grains that this one belongs to.</param>
/// <param name="GrainIndex">Index of the grain in its extent.</param>
/// <param name="OffsetBytes">Where in the inflated grain.</param>
/// <param name="StoredBytesHint">
/// Bytes from the marker to the next grain that the table names; 0 when the table gives no hint. With it marker and
/// data come in one read.
/// </param>
readonly record struct GrainLocation(
    CompressedGrains? Grains, long GrainIndex, long OffsetBytes, int StoredBytesHint);
