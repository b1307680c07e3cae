using VmdkFast.Tests.Support;

namespace VmdkFast.Tests.Durability;

/// <summary>
/// What a power cut may leave of pending parts: for each the number of versions that reached the disk, 0 for none.
/// </summary>
static class Survivals
{
    /// <summary>So many combinations are tried completely: twelve parts of one version each.</summary>
    internal const int MaxComplete = 1 << 12;

    const int RandomCombinations = 64;

    /// <summary>
    /// All combinations when there are few; else nothing, everything, each part alone, each alone missing, and random
    /// ones. The array is the same object each time.
    /// </summary>
    internal static IEnumerable<int[]> Of(IReadOnlyList<PendingPart> parts, ulong seed)
    {
        long combinations = 1;
        foreach (PendingPart part in parts)
        {
            combinations = Math.Min(combinations * (part.Versions + 1), MaxComplete + 1);
        }

        return combinations <= MaxComplete ? All(parts) : Some(parts, new SplitMix(seed));
    }

    /// <summary>
    /// As <see cref="Of"/>, thinned to a quota: nothing and everything always, of the others an even, random share.
    /// </summary>
    internal static IEnumerable<int[]> Sample(IReadOnlyList<PendingPart> parts, int quota, ulong seed)
    {
        long combinations = 1;
        foreach (PendingPart part in parts)
        {
            combinations = Math.Min(combinations * (part.Versions + 1), int.MaxValue);
        }

        return combinations <= quota ? All(parts) : Thinned(parts, Math.Max(quota, 2), new SplitMix(seed));
    }

    static IEnumerable<int[]> All(IReadOnlyList<PendingPart> parts)
    {
        int[] chosen = new int[parts.Count];
        while (true)
        {
            yield return chosen;
            int place = 0;
            while (place < parts.Count && chosen[place] == parts[place].Versions)
            {
                chosen[place++] = 0;
            }

            if (place == parts.Count)
            {
                yield break;
            }

            chosen[place]++;
        }
    }

    static IEnumerable<int[]> Some(IReadOnlyList<PendingPart> parts, SplitMix random)
    {
        int[] chosen = new int[parts.Count];
        yield return chosen;
        Fill(parts, chosen);
        yield return chosen;
        for (int i = 0; i < parts.Count; i++)
        {
            Array.Clear(chosen);
            chosen[i] = parts[i].Versions;
            yield return chosen;
            Fill(parts, chosen);
            chosen[i] = 0;
            yield return chosen;
        }

        for (int i = 0; i < RandomCombinations; i++)
        {
            Choose(parts, chosen, random);
            yield return chosen;
        }
    }

    static IEnumerable<int[]> Thinned(IReadOnlyList<PendingPart> parts, int quota, SplitMix random)
    {
        int[] chosen = new int[parts.Count];
        yield return chosen;
        Fill(parts, chosen);
        yield return chosen;
        for (int i = 2; i < quota; i++)
        {
            int single = (int)random.NextBelow(parts.Count);
            switch (i % 3)
            {
                case 0:
                    Array.Clear(chosen);
                    chosen[single] = 1 + (int)random.NextBelow(parts[single].Versions);
                    break;
                case 1:
                    Fill(parts, chosen);
                    chosen[single] = (int)random.NextBelow(parts[single].Versions);
                    break;
                default:
                    Choose(parts, chosen, random);
                    break;
            }

            yield return chosen;
        }
    }

    static void Fill(IReadOnlyList<PendingPart> parts, int[] chosen)
    {
        for (int i = 0; i < chosen.Length; i++)
        {
            chosen[i] = parts[i].Versions;
        }
    }

    static void Choose(IReadOnlyList<PendingPart> parts, int[] chosen, SplitMix random)
    {
        for (int i = 0; i < chosen.Length; i++)
        {
            chosen[i] = (int)random.NextBelow(parts[i].Versions + 1);
        }
    }
}
