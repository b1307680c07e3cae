namespace VmdkFast.Tests.Support;

/// <summary>
/// A tiny random generator. <see cref="Random"/> may change its sequence between runtimes;
/// an image made from a seed must not.
/// </summary>
public sealed class SplitMix(ulong seed)
{
    ulong _state = seed;

    /// <summary>A well mixed function of one word: the finisher of the splitmix64 generator.</summary>
    public static ulong Mix(ulong value)
    {
        value += 0x9E3779B97F4A7C15;
        value = (value ^ (value >> 30)) * 0xBF58476D1CE4E5B9;
        value = (value ^ (value >> 27)) * 0x94D049BB133111EB;
        return value ^ (value >> 31);
    }

    public ulong Next() => Mix(_state++);

    /// <summary>A number from 0 to <paramref name="below"/> - 1. The modulo's bias is of no account here.</summary>
    public long NextBelow(long below)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(below, 1);
        return (long)(Next() % (ulong)below);
    }

    public void Shuffle<T>(Span<T> items)
    {
        for (int i = items.Length - 1; i > 0; i--)
        {
            int j = (int)NextBelow(i + 1);
            (items[i], items[j]) = (items[j], items[i]);
        }
    }
}
