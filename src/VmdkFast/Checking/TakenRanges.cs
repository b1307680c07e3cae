using VmdkFast.Storage;

namespace VmdkFast.Checking;

/// <summary>Which ranges of which files the extents of an image use. Not thread-safe.</summary>
sealed class TakenRanges
{
    readonly Dictionary<FileIdentity, List<ByteRange>> _ranges = [];

    /// <summary>Takes a range for an extent.</summary>
    /// <returns>Whether it was free.</returns>
    internal bool Take(LocalFile file, ByteRange range)
    {
        if (!_ranges.TryGetValue(file.Identity, out List<ByteRange>? ranges))
        {
            _ranges.Add(file.Identity, ranges = []);
        }

        bool isFree = !ranges.Exists(
            other => range.StartBytes < other.EndBytes && other.StartBytes < range.EndBytes);
        ranges.Add(range);
        return isFree;
    }
}
