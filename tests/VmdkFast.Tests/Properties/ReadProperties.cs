using CsCheck;
using VmdkFast.Tests.Support;
using Xunit;

namespace VmdkFast.Tests.Properties;

/// <summary>
/// What must hold of any read of any image. A failure prints CsCheck's seed, which reproduces it.
/// </summary>
public sealed class ReadProperties(EveryImage images) : IClassFixture<EveryImage>
{
    const int Length = EveryImage.LengthBytes;

    static readonly Gen<ImageKind> s_kind = Gen.Enum<ImageKind>();

    // Offsets near the borders of sectors, grains and the disk are as likely as any others; some lie past the end.
    static readonly Gen<int> s_offset = Gen.OneOf(
        Gen.Int[0, Length],
        Gen.Select(Gen.Int[0, Length / 65536], Gen.Int[-600, 600], (grain, by) => Math.Max(0, (grain * 65536) + by)),
        Gen.Int[Length - 2000, Length + 2000]);

    static readonly Gen<int> s_length = Gen.OneOf(
        Gen.Int[0, 600], Gen.Int[0, 70_000], Gen.Int[1 << 20, (1 << 20) + 2], Gen.Int[4 << 20, (4 << 20) + 2]);

    [Fact]
    public void AnyReadGivesTheContent() =>
        Gen.Select(s_kind, s_offset, s_length).Sample(
            (kind, offset, length) =>
                Read(images[kind], offset, length).AsSpan().SequenceEqual(Expected(offset, length)),
            iter: 800);

    [Fact]
    public void AnySplitOfReadsIsOneRead() =>
        Gen.Select(s_kind, s_offset, Gen.Int[1, 9000].Array[1, 30]).Sample(
            (kind, offset, lengths) =>
            {
                byte[] whole = Read(images[kind], offset, lengths.Sum());
                var parts = new List<byte>();
                int at = offset;
                foreach (int length in lengths)
                {
                    parts.AddRange(Read(images[kind], at, length));
                    at += length;
                }

                return whole.AsSpan().SequenceEqual(parts.ToArray());
            },
            iter: 500);

    [Fact]
    public void AnAsynchronousReadGivesWhatASynchronousOneGives() =>
        Gen.Select(s_kind, s_offset, s_length, Gen.Bool).Sample(
            (kind, offset, length, fresh) =>
            {
                using VmdkDisk? own = fresh ? images.Open(kind, VmdkOpenOptions.Default) : null;
                byte[] buffer = new byte[length];
                int read = (own ?? images[kind])
                    .ReadAsync(buffer, offset, CancellationToken.None).AsTask().GetAwaiter().GetResult();
                return buffer.AsSpan(0, read).SequenceEqual(Expected(offset, length));
            },
            iter: 600);

    [Fact]
    public void CachesOfAnySizeChangeNothing() =>
        Gen.Select(
            s_kind, Gen.OneOf<long>(0, 1024, 70_000, 16 << 20), Gen.OneOf<long>(0, 40_000, 600_000, 64 << 20),
            Gen.Select(s_offset, Gen.Int[0, 200_000]).Array[1, 12]).Sample(
            (kind, tableBytes, grainBytes, reads) =>
            {
                using VmdkDisk disk = images.Open(
                    kind, new VmdkOpenOptions { TableCacheBytes = tableBytes, GrainCacheBytes = grainBytes });
                return reads.All(
                    read => Read(disk, read.Item1, read.Item2).AsSpan().SequenceEqual(
                        Expected(read.Item1, read.Item2)));
            },
            iter: 400);

    [Fact]
    public void ManyThreadsReadWhatOneReads() =>
        Gen.Select(s_kind, Gen.Select(s_offset, Gen.Int[0, 100_000]).Array[16, 48]).Sample(
            (kind, reads) =>
            {
                // Caches so small that the threads take each other's tables and grains away.
                using VmdkDisk disk = images.Open(
                    kind, new VmdkOpenOptions { TableCacheBytes = 1024, GrainCacheBytes = 600_000 });
                int wrong = 0;
                Parallel.ForEach(reads, new ParallelOptions { MaxDegreeOfParallelism = 8 }, read =>
                {
                    if (!Read(disk, read.Item1, read.Item2).AsSpan().SequenceEqual(Expected(read.Item1, read.Item2)))
                    {
                        Interlocked.Increment(ref wrong);
                    }
                });
                return wrong == 0;
            },
            iter: 80, threads: 1);

    [Fact]
    public void AStreamReadsWhatTheDiskReads() =>
        Gen.Select(s_kind, Gen.Select(s_offset, Gen.Int[0, 9000], Gen.Int[0, 2]).Array[1, 12]).Sample(
            (kind, steps) =>
            {
                using Stream stream = images[kind].OpenStream();
                return steps.All(step =>
                {
                    byte[]? read = ReadAsStream(stream, step.Item1, step.Item2, step.Item3);
                    return read is not null && read.AsSpan().SequenceEqual(Expected(step.Item1, step.Item2));
                });
            },
            iter: 400);

    [Fact]
    public void ACancelledReadIsCancelled() =>
        Gen.Select(s_kind, s_offset, s_length).Sample(
            (kind, offset, length) =>
            {
                using var cancelled = new CancellationTokenSource();
                cancelled.Cancel();
                return images[kind].ReadAsync(new byte[length], offset, cancelled.Token).AsTask().IsCanceled;
            },
            iter: 100);

    [Fact]
    public async Task ANegativeOffsetIsTheCallersFault()
    {
        Assert.Throws<ArgumentOutOfRangeException>(() => images[ImageKind.MonolithicSparse].Read(new byte[1], -1));
        await Assert.ThrowsAsync<ArgumentOutOfRangeException>(
            async () => await images[ImageKind.MonolithicSparse].ReadAsync(new byte[1], -1, CancellationToken.None));
        Assert.Equal(0, images[ImageKind.MonolithicSparse].Read(new byte[1], long.MaxValue));
    }

    // Null when the position is not where it was asked to be.
    static byte[]? ReadAsStream(Stream stream, int offset, int length, int origin)
    {
        long position = origin switch
        {
            0 => stream.Seek(offset, SeekOrigin.Begin),
            1 => stream.Seek(offset - stream.Position, SeekOrigin.Current),
            _ => stream.Seek(offset - stream.Length, SeekOrigin.End),
        };
        byte[] buffer = new byte[length];
        int read = stream.ReadAtLeast(buffer, length, throwOnEndOfStream: false);
        return position == offset && stream.Position == offset + read ? buffer[..read] : null;
    }

    byte[] Expected(int offset, int length)
    {
        int from = Math.Min(offset, Length);
        return images.Bytes[from..Math.Min(offset + length, Length)];
    }

    static byte[] Read(VmdkDisk disk, int offset, int length)
    {
        byte[] buffer = new byte[length];
        int read = disk.Read(buffer, offset);
        return buffer[..read];
    }
}
