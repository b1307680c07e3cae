namespace VmdkFast.Tests.Support;

/// <summary>Writes children over a parent of any kind.</summary>
public static class Chain
{
    /// <summary>
    /// Writes a child with the grains that differ from the parent, its parentCID and a relative hint; returns its
    /// path. The child may be longer than the parent. Grain size 0 takes the kind's own.
    /// </summary>
    public static string WriteChild(
        ChildKind kind,
        string folder,
        string name,
        GuestContent content,
        string parentPath,
        GuestContent parentContent,
        int grainSectors = 0)
    {
        var parent = ParentLink.To(parentPath, parentContent, folder);
        var sparse = new SparseOptions { Parent = parent, GrainSectors = grainSectors > 0 ? grainSectors : 128 };
        var cowd = new CowdOptions { Parent = parent, GrainSectors = grainSectors > 0 ? grainSectors : 1 };

        // About a third, in whole grains: three extents, the last one shorter.
        long splitSectors = SparseTables.RoundUp(Math.Max(1, content.LengthSectors / 3), sparse.GrainSectors);
        return kind switch
        {
            ChildKind.MonolithicSparse => SparseImage.Write(folder, name, content, sparse),
            ChildKind.SplitSparse => SplitSparseImage.Write(folder, name, content, splitSectors, sparse),
            ChildKind.VmfsSparse => CowdImage.Write(folder, name, content, cowd),
            _ => throw new ArgumentOutOfRangeException(nameof(kind)),
        };
    }

    /// <summary>
    /// Writes children above a finished base, one per kind given, each with changes of its own; returns the path
    /// and the content of every level, the base first.
    /// </summary>
    public static IReadOnlyList<(string Path, GuestContent Content)> Write(
        string folder, string basePath, GuestContent baseContent, int seed, params ReadOnlySpan<ChildKind> kinds)
    {
        List<(string Path, GuestContent Content)> levels = [(basePath, baseContent)];
        var random = new SplitMix((ulong)seed);
        string name = Path.GetFileNameWithoutExtension(basePath);
        foreach (ChildKind kind in kinds)
        {
            (string parentPath, GuestContent parentContent) = levels[^1];
            GuestContent content = parentContent.Clone();
            for (int i = 0; i < 8; i++)
            {
                long first = random.NextBelow(content.LengthSectors);
                long count = Math.Min(1 + random.NextBelow(300), content.LengthSectors - first);
                var pattern = (ContentPattern)random.NextBelow(5);
                content.Fill(first * 512, count * 512, pattern, seed + (levels.Count * 16) + i);
            }

            string childName = $"{name}-{levels.Count:000000}";
            levels.Add((WriteChild(kind, folder, childName, content, parentPath, parentContent), content));
        }

        return levels;
    }
}
