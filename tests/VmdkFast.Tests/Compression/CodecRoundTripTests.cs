using System.IO.Compression;
using CsCheck;
using VmdkFast.Compression;
using VmdkFast.Tests.Support;
using Xunit;

namespace VmdkFast.Tests.Compression;

/// <summary>What one codec deflates, every codec inflates, at every level; and it always fits.</summary>
public sealed class CodecRoundTripTests
{
    const int GrainBytes = 1 << 16;
    const int MarkerBytes = 12;
    const byte Guard = 0xA5;
    const int GuardBytes = 64;

    static readonly VmdkCompression[] s_levels =
        [.. Enum.GetValues<VmdkCompression>().Where(level => level != VmdkCompression.None)];

    // Zeros, few symbols, long repeats and noise, in stretches: what the content of disks is made of.
    static readonly Gen<byte[]> s_stretch = Gen.OneOf(
        Gen.Int[1, 40_000].Select(length => new byte[length]),
        Gen.Byte[0, 3].Array[1, 5000],
        Gen.Select(Gen.Byte.Array[1, 300], Gen.Int[1, 100], (part, times) =>
            Enumerable.Repeat(part, times).SelectMany(bytes => bytes).ToArray()),
        Gen.Byte.Array[1, 9000]);

    static readonly Gen<byte[]> s_grain = s_stretch.Array[1, 6].Select(parts => parts.SelectMany(p => p).ToArray());

    public static TheoryData<VmdkCodec> Codecs => [.. Enum.GetValues<VmdkCodec>()];

    [Theory]
    [MemberData(nameof(Codecs))]
    public void EveryCodecInflatesWhatOneDeflated(VmdkCodec codec) =>
        Gen.Select(s_grain, Gen.Enum<VmdkCompression>()).Sample(
            (grain, level) =>
            {
                byte[] stored = Deflate(codec, grain, level);
                return Enum.GetValues<VmdkCodec>().All(other => Inflate(other, stored, grain.Length) is { } back
                    && back.AsSpan().SequenceEqual(grain)) && Framework(stored).AsSpan().SequenceEqual(grain);
            },
            iter: 150);

    [Theory]
    [MemberData(nameof(Codecs))]
    public void TheSameGrainGivesTheSameBytesOnEveryThread(VmdkCodec codec)
    {
        byte[] grain = TextAndNoise(GrainBytes);
        foreach (VmdkCompression level in s_levels)
        {
            byte[] first = Deflate(codec, grain, level);

            // What a thread deflated before must leave no trace.
            Deflate(codec, Noise(GrainBytes), level);
            Assert.Equal(first, Deflate(codec, grain, level));
            byte[]? other = null;
            var thread = new Thread(() => other = Deflate(codec, grain, level));
            thread.Start();
            thread.Join();
            Assert.Equal(first, other);
        }
    }

    [Theory]
    [MemberData(nameof(Codecs))]
    public void NoiseFitsIntoAGrainAndOneSector(VmdkCodec codec)
    {
        foreach (int grainBytes in new[] { 512, 4096, GrainBytes, 1 << 20, 4 << 20 })
        {
            byte[] noise = Noise(grainBytes);
            foreach (VmdkCompression level in s_levels.Where(l => l < VmdkCompression.Small || grainBytes < 1 << 20))
            {
                byte[] stored = Deflate(codec, noise, level);
                Assert.InRange(stored.Length + MarkerBytes, grainBytes, grainBytes + 512);
                Assert.Equal(noise, Framework(stored));
            }
        }
    }

    [Theory]
    [MemberData(nameof(Codecs))]
    public void ALevelOfMoreWorkIsNotLarger(VmdkCodec codec)
    {
        byte[] grain = TextAndNoise(GrainBytes);
        int[] sizes = [.. new[]
        {
            VmdkCompression.Fastest, VmdkCompression.Fast, VmdkCompression.Default, VmdkCompression.Small,
            VmdkCompression.Smallest,
        }.Select(level => Deflate(codec, grain, level).Length)];
        Assert.True(sizes[0] >= sizes[2] && sizes[2] >= sizes[4], string.Join(' ', sizes));
        Assert.True(sizes[0] < GrainBytes * 3 / 4, string.Join(' ', sizes));
    }

    [Theory]
    [MemberData(nameof(Codecs))]
    public void ARoomThatIsTooSmallIsToldAndRespected(VmdkCodec codec)
    {
        byte[] noise = Noise(GrainBytes);
        byte[] text = TextAndNoise(GrainBytes);
        foreach (VmdkCompression level in s_levels)
        {
            foreach (int roomBytes in new[] { 0, 1, 5, 64, 1000, 9000 })
            {
                byte[] room = Guarded(roomBytes);
                Assert.Equal(-1, GrainCodec.Of(codec).Deflate(noise, room.AsSpan(0, roomBytes), level));
                Assert.Equal(-1, GrainCodec.Of(codec).Deflate(text, room.AsSpan(0, roomBytes), level));
                GuardHolds(room, roomBytes);
            }
        }
    }

    [Fact]
    public void AStoredFormNeedsItsRoom()
    {
        byte[] room = new byte[StoredForm.LengthBytes(GrainBytes) - 1];
        Assert.Throws<ArgumentOutOfRangeException>(
            () => GrainCodec.Of(VmdkCodec.Zlib).DeflateWithin(new byte[GrainBytes], room, VmdkCompression.Default));
    }

    [Fact]
    public void TheStoredFormIsReadByTheFramework() =>
        Gen.OneOf(Gen.Int[0, 200_000], Gen.Int[65_534, 65_537], Gen.Int[131_069, 131_072]).Sample(
            length =>
            {
                byte[] data = Noise(length);
                byte[] stored = new byte[StoredForm.LengthBytes(length)];
                return StoredForm.Write(data, stored) == stored.Length
                    && Framework(stored).AsSpan().SequenceEqual(data);
            },
            iter: 60);

    [Fact]
    public void NothingIsAllocatedForAGrainOnceAThreadIsWarm()
    {
        byte[] grain = TextAndNoise(GrainBytes);
        byte[] room = new byte[StoredForm.LengthBytes(GrainBytes)];
        foreach (VmdkCodec codec in new[] { VmdkCodec.Libdeflate, VmdkCodec.Isal })
        {
            GrainCodec native = GrainCodec.Of(codec);

            long leastBytes = Allocated.LeastBytes(() =>
            {
                for (int i = 0; i < 20; i++)
                {
                    int stored = native.DeflateWithin(grain, room, VmdkCompression.Fastest);
                    native.Inflate(room.AsSpan(0, stored), grain);
                }
            });

            Assert.Equal(0, leastBytes);
        }
    }

    [Theory]
    [MemberData(nameof(Codecs))]
    public async Task QemuReadsWhatACodecWrote(VmdkCodec codec)
    {
        using var folder = new TempFolder();
        GuestContent content = GuestContent.Scattered(40L << 20, seed: 5);
        string path = folder["disk.vmdk"];
        var created = new VmdkCreateOptions
        {
            Kind = VmdkDiskKind.StreamOptimized,
            LengthBytes = content.LengthBytes,
        };
        await VmdkDisk.CreateAsync(path, created, TestContext.Current.CancellationToken);
        var options = new VmdkOpenOptions { Access = VmdkOpenAccess.ReadWrite, Codec = codec };
        using (VmdkDisk disk = VmdkDisk.Open(path, options))
        {
            for (long offset = 0; offset < content.LengthBytes; offset += GrainBytes)
            {
                disk.Write(content.Read(offset, GrainBytes), offset);
            }

            DiskAssert.Holds(content, disk);
        }

        content.WriteRaw(folder["disk.raw"]);
        Assert.True(QemuImg.Compare(path, folder["disk.raw"], "vmdk", "raw"));
    }

    internal static byte[] Noise(int length)
    {
        byte[] noise = new byte[length];
        new Random(7).NextBytes(noise);
        return noise;
    }

    internal static byte[] TextAndNoise(int length)
    {
        byte[] bytes = Noise(length);
        for (int i = 0; i < length; i++)
        {
            // Half a byte of noise between letters that repeat.
            bytes[i] = i % 4 == 0 ? bytes[i] : (byte)"the quick brown fox "[i / 7 % 20];
        }

        return bytes;
    }

    static byte[] Deflate(VmdkCodec codec, byte[] grain, VmdkCompression level)
    {
        int roomBytes = StoredForm.LengthBytes(grain.Length);
        byte[] room = Guarded(roomBytes);
        int length = GrainCodec.Of(codec).DeflateWithin(grain, room.AsSpan(0, roomBytes), level);
        GuardHolds(room, roomBytes);
        return room[..length];
    }

    static byte[]? Inflate(VmdkCodec codec, byte[] stored, int grainBytes)
    {
        byte[] room = Guarded(grainBytes);
        int length = GrainCodec.Of(codec).Inflate([.. stored, 1, 2, 3], room.AsSpan(0, grainBytes));
        GuardHolds(room, grainBytes);
        return length < 0 ? null : room[..length];
    }

    internal static byte[] Framework(byte[] stored)
    {
        using var inflater = new ZLibStream(new MemoryStream(stored), CompressionMode.Decompress);
        using var bytes = new MemoryStream();
        inflater.CopyTo(bytes);
        return bytes.ToArray();
    }

    static byte[] Guarded(int roomBytes)
    {
        byte[] room = new byte[roomBytes + GuardBytes];
        room.AsSpan().Fill(Guard);
        return room;
    }

    static void GuardHolds(byte[] room, int roomBytes) =>
        Assert.False(room.AsSpan(roomBytes).ContainsAnyExcept(Guard), "the codec wrote past its room");
}
