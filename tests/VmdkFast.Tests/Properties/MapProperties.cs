using CsCheck;
using VmdkFast.Tests.Support;
using Xunit;

namespace VmdkFast.Tests.Properties;

/// <summary>What must hold of the map of any image: it covers, it does not overlap, and it tells the truth.</summary>
public sealed class MapProperties(EveryImage images) : IClassFixture<EveryImage>
{
    const int Length = EveryImage.LengthBytes;

    static readonly Gen<ImageKind> s_kind = Gen.Enum<ImageKind>();

    [Theory]
    [MemberData(nameof(ImageKinds.All), MemberType = typeof(ImageKinds))]
    public void TheMapTellsTheTruth(ImageKind kind)
    {
        VmdkDisk disk = images[kind];
        VmdkRun[] runs = [.. disk.Map(TestContext.Current.CancellationToken)];

        AssertCovers(runs, 0, Length);
        foreach (VmdkRun run in runs)
        {
            ReadOnlySpan<byte> expected = images.Bytes.AsSpan((int)run.OffsetBytes, (int)run.LengthBytes);
            switch (run.Kind)
            {
                case VmdkRunKind.Data:
                    Assert.True(expected.SequenceEqual(Stored(run)), $"{run}");
                    break;
                case VmdkRunKind.Compressed:
                    Assert.NotNull(run.Path);
                    Assert.NotNull(run.FileOffsetBytes);
                    break;
                default:
                    Assert.False(expected.ContainsAnyExcept((byte)0), $"{run}");
                    Assert.Null(run.Path);
                    Assert.Null(run.FileOffsetBytes);
                    break;
            }
        }
    }

    [Fact]
    public void AMapOfAPartIsAPartOfTheMap() =>
        Gen.Select(s_kind, Gen.Int[0, Length], Gen.Int[0, Length + 1000]).Sample(
            (kind, offset, length) =>
            {
                VmdkDisk disk = images[kind];
                int end = Math.Min(Length, offset + length);
                VmdkRun[] part = [.. disk.Map(offset, length, TestContext.Current.CancellationToken)];
                VmdkRun[] whole = [.. disk.Map(TestContext.Current.CancellationToken).Where(run =>
                    run.OffsetBytes < end && run.OffsetBytes + run.LengthBytes > offset)];
                AssertCovers(part, offset, end);
                return offset >= end
                    ? part.Length == 0
                    : part.Select(run => (run.Kind, run.Depth, run.Path))
                        .SequenceEqual(whole.Select(run => (run.Kind, run.Depth, run.Path)));
            },
            iter: 400);

    [Fact]
    public void TheMapIsTheSameBeforeAndAfterReading() =>
        Gen.Select(s_kind, Gen.Int[0, Length].Array[0, 8]).Sample(
            (kind, offsets) =>
            {
                using VmdkDisk disk = images.Open(kind, new VmdkOpenOptions { TableCacheBytes = 0 });
                VmdkRun[] before = [.. disk.Map(TestContext.Current.CancellationToken)];
                byte[] buffer = new byte[70_000];
                foreach (int offset in offsets)
                {
                    disk.Read(buffer, offset);
                }

                return before.SequenceEqual(disk.Map(TestContext.Current.CancellationToken));
            },
            iter: 150);

    [Fact]
    public void AMapOfWhatIsNotThereIsTheCallersFault()
    {
        VmdkDisk disk = images[ImageKind.MonolithicSparse];

        Assert.Throws<ArgumentOutOfRangeException>(() => disk.Map(-1, 1, TestContext.Current.CancellationToken));
        Assert.Throws<ArgumentOutOfRangeException>(() => disk.Map(0, -1, TestContext.Current.CancellationToken));
        Assert.Throws<ArgumentOutOfRangeException>(
            () => disk.Map(Length + 1, 1, TestContext.Current.CancellationToken));
        Assert.Empty(disk.Map(Length, long.MaxValue, TestContext.Current.CancellationToken));
    }

    [Fact]
    public void AWalkEndsWhenItIsCancelled()
    {
        using var cancellation = new CancellationTokenSource();
        using IEnumerator<VmdkRun> walk = images[ImageKind.MonolithicSparse].Map(cancellation.Token).GetEnumerator();
        Assert.True(walk.MoveNext());
        cancellation.Cancel();

        Assert.Throws<OperationCanceledException>(() => walk.MoveNext());
    }

    static void AssertCovers(VmdkRun[] runs, long startBytes, long endBytes)
    {
        long at = startBytes;
        foreach (VmdkRun run in runs)
        {
            Assert.Equal(at, run.OffsetBytes);
            Assert.True(run.LengthBytes > 0);
            at += run.LengthBytes;
        }

        Assert.Equal(Math.Max(startBytes, endBytes), at);
    }

    static byte[] Stored(VmdkRun run)
    {
        byte[] bytes = new byte[run.LengthBytes];
        using FileStream file = File.OpenRead(run.Path!);
        file.Position = run.FileOffsetBytes!.Value;
        file.ReadAtLeast(bytes, bytes.Length, throwOnEndOfStream: false);
        return bytes;
    }
}
