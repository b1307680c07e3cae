namespace VmdkFast.Cli;

/// <summary>A stretch of a disk in the terms of <c>qemu-img map</c>.</summary>
/// <param name="StartBytes">Where it begins on the disk.</param>
/// <param name="LengthBytes">Its length.</param>
/// <param name="Depth">The image of the chain that decides.</param>
/// <param name="IsPresent">Whether an image of the chain allocates it.</param>
/// <param name="IsZero">Whether it is known to read as zeros.</param>
/// <param name="IsData">Whether a file has room for it: true also for the holes of a flat file.</param>
/// <param name="IsCompressed">Whether it is stored compressed.</param>
/// <param name="OffsetBytes">Where in the file it is; null when it is not stored byte for byte.</param>
/// <param name="Path">The file; null when nothing is stored.</param>
readonly record struct MapEntry(
    long StartBytes, long LengthBytes, int Depth, bool IsPresent, bool IsZero, bool IsData, bool IsCompressed,
    long? OffsetBytes, string? Path);

/// <summary>Turns the runs of a disk into the entries that <c>qemu-img map</c> has for them.</summary>
static class MapEntries
{
    /// <summary>A lazy walk; nothing is collected.</summary>
    internal static IEnumerable<MapEntry> Of(
        VmdkDisk disk, long offsetBytes, long lengthBytes, CancellationToken cancellationToken)
    {
        FlatRanges[] flat = [.. disk.Layers.Select(layer => new FlatRanges(layer))];
        MapEntry? pending = null;
        foreach (VmdkRun run in disk.Map(offsetBytes, lengthBytes, cancellationToken))
        {
            foreach (MapEntry entry in Split(run, flat[run.Depth]))
            {
                if (pending is { } before && Continues(before, entry))
                {
                    pending = before with { LengthBytes = before.LengthBytes + entry.LengthBytes };
                    continue;
                }

                if (pending is { } ended)
                {
                    yield return ended;
                }

                pending = entry;
            }
        }

        if (pending is { } last)
        {
            yield return last;
        }
    }

    // Only zeros have more than one entry: a run of them passes from extent to extent, and a hole of a flat file has
    // a place in it, which a grain of zeros has not.
    static IEnumerable<MapEntry> Split(VmdkRun run, FlatRanges flat)
    {
        if (run.Kind != VmdkRunKind.Zero)
        {
            bool stored = run.Kind != VmdkRunKind.Unallocated;
            bool compressed = run.Kind == VmdkRunKind.Compressed;
            yield return new MapEntry(
                run.OffsetBytes, run.LengthBytes, run.Depth, IsPresent: stored, IsZero: !stored, IsData: stored,
                compressed, compressed ? null : run.FileOffsetBytes, run.Path);
            yield break;
        }

        long endBytes = run.OffsetBytes + run.LengthBytes;
        for (long at = run.OffsetBytes; at < endBytes;)
        {
            (long extentEndBytes, string? path, long? fileOffsetBytes) = flat.Find(at);
            long lengthBytes = Math.Min(endBytes, extentEndBytes) - at;
            yield return new MapEntry(
                at, lengthBytes, run.Depth, IsPresent: true, IsZero: true, IsData: path is not null,
                IsCompressed: false, fileOffsetBytes, path);
            at += lengthBytes;
        }
    }

    // Entries without an offset have none after them either, so null equals null here.
    static bool Continues(in MapEntry before, in MapEntry next) =>
        before.Depth == next.Depth && before.IsPresent == next.IsPresent && before.IsZero == next.IsZero
        && before.IsData == next.IsData && before.IsCompressed == next.IsCompressed && before.Path == next.Path
        && next.OffsetBytes == before.OffsetBytes + before.LengthBytes;
}
