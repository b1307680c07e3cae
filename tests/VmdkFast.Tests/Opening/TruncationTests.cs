using VmdkFast.Tests.Support;
using Xunit;

namespace VmdkFast.Tests.Opening;

/// <summary>
/// Images cut at any length: refused, or read right. What lies in the missing end of the one grain that was cut reads
/// as zeros, because writers leave out the end of their last grain; nothing else may differ.
/// </summary>
public sealed class TruncationTests
{
    const int LengthBytes = 200 * 512;
    const int Cuts = 80;

    [Theory]
    [InlineData(ImageKind.MonolithicSparse)]
    [InlineData(ImageKind.SparseOfSmallestGrains)]
    [InlineData(ImageKind.SparseWithoutCopies)]
    [InlineData(ImageKind.SparseReversed)]
    [InlineData(ImageKind.SplitSparse)]
    [InlineData(ImageKind.MonolithicFlat)]
    [InlineData(ImageKind.StreamExport)]
    [InlineData(ImageKind.StreamLocal)]
    [InlineData(ImageKind.StreamLocalOfSmallGrains)]
    [InlineData(ImageKind.StreamLocalOfGiantGrains)]
    [InlineData(ImageKind.StreamQemuOfShortLastGrain)]
    [InlineData(ImageKind.StreamWithoutMarkers)]
    [InlineData(ImageKind.Cowd)]
    [InlineData(ImageKind.CowdBare)]
    [InlineData(ImageKind.CustomMixture)]
    public void ACutImageIsRefusedOrReadRight(ImageKind kind)
    {
        using var folder = new TempFolder();
        GuestContent content = new GuestContent(LengthBytes).Fill(0, LengthBytes, ContentPattern.Random, (int)kind);
        string path = ImageKinds.Write(kind, folder.Path, content);
        int refused = 0;
        foreach (string file in Directory.GetFiles(folder.Path))
        {
            byte[] whole = File.ReadAllBytes(file);
            bool isText = whole[0] == '#';
            foreach (int length in Lengths(whole.Length))
            {
                File.WriteAllBytes(file, whole.AsSpan(0, length));
                byte[]? read = ReadOrRefuse(path);
                refused += read is null ? 1 : 0;
                if (read is not null && !isText)
                {
                    AssertRight(content, read, mayEndInZeros: !ImageKinds.IsCompressed(kind));
                }
            }

            File.WriteAllBytes(file, whole);
        }

        Assert.True(refused > Cuts / 4, $"Only {refused} cuts were refused.");
        DiskAssert.Holds(content, path);
    }

    // Every border of a sector and its neighbours, as far as the number of cuts allows; always the first and last.
    static IEnumerable<int> Lengths(int whole)
    {
        int step = Math.Max(1, whole / Cuts);
        for (int length = 0; length < whole; length += step)
        {
            yield return length;
            yield return Math.Min(whole - 1, (length | 511) + 1);
        }

        yield return whole - 1;
    }

    static byte[]? ReadOrRefuse(string path)
    {
        try
        {
            using var disk = VmdkDisk.Open(path);
            byte[] bytes = new byte[disk.Length];
            Assert.Equal(bytes.Length, disk.Read(bytes, 0));
            return bytes;
        }
        catch (VmdkException refusal)
        {
            Assert.NotEmpty(refusal.Path);
            return null;
        }
    }

    static void AssertRight(GuestContent content, byte[] actual, bool mayEndInZeros)
    {
        byte[] expected = content.Read(0, LengthBytes);
        Assert.Equal(expected.Length, actual.Length);
        int from = actual.AsSpan().CommonPrefixLength(expected);
        if (from == expected.Length)
        {
            return;
        }

        int to = expected.Length;
        while (actual[to - 1] == expected[to - 1])
        {
            to--;
        }

        Assert.True(mayEndInZeros, $"Bytes {from} to {to} are wrong.");
        Assert.True(to - from <= 65536, $"More than a grain is wrong: bytes {from} to {to}.");
        Assert.False(actual.AsSpan(from, to - from).ContainsAnyExcept((byte)0), $"Bytes from {from} on are no zeros.");
    }
}
