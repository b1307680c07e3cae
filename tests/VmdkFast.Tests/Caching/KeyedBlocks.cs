using System.Runtime.InteropServices;
using VmdkFast.Caching;
using VmdkFast.Tests.Support;

namespace VmdkFast.Tests.Caching;

/// <summary>
/// Fills blocks whose every word is a function of key and place, so that a byte of another block cannot pass unseen.
/// Its fills are the points at which a test schedules threads.
/// </summary>
sealed class KeyedBlocks : IBlockFiller<long>
{
    internal const int WordBytes = sizeof(ulong);

    int _fills;

    /// <summary>Called with key and number of the fill, when half of the block is filled.</summary>
    internal Action<long, int>? HalfFilled { get; set; }

    internal int Fills => Volatile.Read(ref _fills);

    public void Fill(in long context, Span<byte> block)
    {
        int fill = Interlocked.Increment(ref _fills);
        Span<ulong> words = MemoryMarshal.Cast<byte, ulong>(block);
        for (int i = 0; i < words.Length / 2; i++)
        {
            words[i] = WordOf(context, i);
        }

        HalfFilled?.Invoke(context, fill);
        for (int i = words.Length / 2; i < words.Length; i++)
        {
            words[i] = WordOf(context, i);
        }
    }

    /// <summary>Whether these are the bytes of a block from an offset on, which is a multiple of a word.</summary>
    internal static bool IsRight(long key, int offsetBytes, ReadOnlySpan<byte> bytes)
    {
        ReadOnlySpan<ulong> words = MemoryMarshal.Cast<byte, ulong>(bytes);
        for (int i = 0; i < words.Length; i++)
        {
            if (words[i] != WordOf(key, (offsetBytes / WordBytes) + i))
            {
                return false;
            }
        }

        return true;
    }

    static ulong WordOf(long key, int index) => SplitMix.Mix(((ulong)key << 20) + (ulong)index);
}
