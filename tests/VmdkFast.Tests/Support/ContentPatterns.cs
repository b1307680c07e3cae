using System.Buffers.Binary;

namespace VmdkFast.Tests.Support;

/// <summary>Computes pattern bytes. They depend on seed and absolute offset, never on how a range was cut.</summary>
static class ContentPatterns
{
    const int MixedBlockBytes = 4096;

    static readonly string[] s_words =
    [
        "the     ", "extent  ", "sector  ", "grain   ", "table   ", "parent  ", "child   ", "marker  ",
        "footer  ", "delta   ", "zero    ", "run     ", "offset  ", "length  ", "disk    ", "text\n   ",
    ];

    public static void Fill(ContentPattern pattern, int seed, long offsetBytes, Span<byte> destination)
    {
        while (destination.Length > 0)
        {
            long block = offsetBytes / MixedBlockBytes;
            int length = (int)Math.Min(destination.Length, ((block + 1) * MixedBlockBytes) - offsetBytes);
            ContentPattern actual = pattern == ContentPattern.Mixed
                ? (ContentPattern)(SplitMix.Mix(((ulong)(uint)seed << 40) ^ (ulong)block) % 4)
                : pattern;
            FillWords(actual, seed, offsetBytes, destination[..length]);
            destination = destination[length..];
            offsetBytes += length;
        }
    }

    static void FillWords(ContentPattern pattern, int seed, long offsetBytes, Span<byte> destination)
    {
        Span<byte> word = stackalloc byte[8];
        while (destination.Length > 0)
        {
            long index = offsetBytes / 8;
            int skip = (int)(offsetBytes % 8);
            BinaryPrimitives.WriteUInt64LittleEndian(word, WordAt(pattern, seed, index));
            int length = Math.Min(8 - skip, destination.Length);
            word.Slice(skip, length).CopyTo(destination);
            destination = destination[length..];
            offsetBytes += length;
        }
    }

    static ulong WordAt(ContentPattern pattern, int seed, long index) => pattern switch
    {
        ContentPattern.Random => SplitMix.Mix(((ulong)(uint)seed << 44) + (ulong)index),
        ContentPattern.Text => DictionaryWord(SplitMix.Mix(((ulong)(uint)seed << 44) ^ (ulong)index)),
        ContentPattern.Stamp => index % 2 == 0 ? (ulong)(index / 64) + 1 : (uint)seed,
        ContentPattern.Zeros => 0,
        _ => throw new ArgumentOutOfRangeException(nameof(pattern)),
    };

    static ulong DictionaryWord(ulong random)
    {
        ulong word = 0;
        string text = s_words[random % 16];
        for (int i = 7; i >= 0; i--)
        {
            word = (word << 8) | text[i];
        }

        return word;
    }
}
