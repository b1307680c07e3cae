using CsCheck;
using VmdkFast.Compression;
using Xunit;

namespace VmdkFast.Tests.Compression;

/// <summary>Whatever a codec is given to inflate, it stays within its room and says that it is damaged.</summary>
public sealed class HostileDataTests
{
    const int GrainBytes = 1 << 16;
    const int GuardBytes = 4096;
    const byte Guard = 0xA5;

    static readonly byte[] s_flags = [0x01, 0x9C, 0xDA];

    public static TheoryData<VmdkCodec> Codecs => [.. Enum.GetValues<VmdkCodec>()];

    [Theory]
    [MemberData(nameof(Codecs))]
    public void GarbageIsRefused(VmdkCodec codec) =>
        Gen.Byte.Array[0, 3000].Sample(bytes => Inflate(codec, bytes) < 0, iter: 3000);

    [Theory]
    [MemberData(nameof(Codecs))]
    public void GarbageBehindAGoodHeaderIsRefused(VmdkCodec codec) =>
        Gen.Select(Gen.Int[0, 2], Gen.Byte.Array[0, 3000]).Sample(
            (flags, bytes) => Inflate(codec, [0x78, s_flags[flags], .. bytes]) < 0, iter: 5000);

    [Theory]
    [MemberData(nameof(Codecs))]
    public void AFlippedBitIsRefusedOrReadAsTheFrameworkReadsIt(VmdkCodec codec)
    {
        byte[] stored = Stored(CodecRoundTripTests.TextAndNoise(GrainBytes));
        Gen.Int[0, (stored.Length * 8) - 1].Sample(
            bit =>
            {
                byte[] damaged = [.. stored];
                damaged[bit / 8] ^= (byte)(1 << (bit % 8));
                byte[] room = new byte[GrainBytes + GuardBytes];
                int length = Inflate(codec, damaged, room);

                // Some single bits change the content and not its Adler-32: then nobody can know.
                return length < 0 || room.AsSpan(0, length).SequenceEqual(CodecRoundTripTests.Framework(damaged));
            },
            iter: 2000);
    }

    [Theory]
    [MemberData(nameof(Codecs))]
    public void DataThatEndsEarlyIsRefused(VmdkCodec codec)
    {
        byte[] stored = Stored(CodecRoundTripTests.TextAndNoise(GrainBytes));
        for (int length = 0; length < stored.Length; length += length < 64 || length > stored.Length - 64 ? 1 : 97)
        {
            Assert.Equal(-1, Inflate(codec, stored[..length]));
        }
    }

    [Theory]
    [MemberData(nameof(Codecs))]
    public void DataOfMoreThanAGrainIsRefused(VmdkCodec codec)
    {
        Assert.Equal(-1, Inflate(codec, Stored(new byte[GrainBytes + 1])));
        Assert.Equal(-1, Inflate(codec, Stored(CodecRoundTripTests.TextAndNoise(GrainBytes * 4))));
        Assert.Equal(GrainBytes, Inflate(codec, Stored(new byte[GrainBytes])));
    }

    [Theory]
    [InlineData("zlib", "zlib")]
    [InlineData("libdeflate", "libdeflate")]
    [InlineData("isal", "isal")]
    [InlineData("", "libdeflate")]
    [InlineData(null, "libdeflate")]
    public void ACodecIsChosenByItsName(string? name, string chosen) =>
        Assert.Equal(chosen, GrainCodec.Choose(name).Name);

    [Fact]
    public void AnUnknownNameIsRefusedByName()
    {
        var refusal = Assert.Throws<PlatformNotSupportedException>(() => GrainCodec.Choose("zip"));
        Assert.Contains("VMDKFAST_CODEC names the unknown codec 'zip'", refusal.Message, StringComparison.Ordinal);
        Assert.Throws<ArgumentOutOfRangeException>(
            () => VmdkDisk.Open("absent.vmdk", new VmdkOpenOptions { Codec = (VmdkCodec)9 }));
    }

    static byte[] Stored(byte[] grain)
    {
        byte[] room = new byte[StoredForm.LengthBytes(grain.Length)];
        return room[..GrainCodec.Of(VmdkCodec.Zlib).DeflateWithin(grain, room, VmdkCompression.Default)];
    }

    static int Inflate(VmdkCodec codec, byte[] bytes) => Inflate(codec, bytes, new byte[GrainBytes + GuardBytes]);

    static int Inflate(VmdkCodec codec, byte[] bytes, byte[] room)
    {
        room.AsSpan().Fill(Guard);
        int length = GrainCodec.Of(codec).Inflate(bytes, room.AsSpan(0, GrainBytes));
        Assert.InRange(length, -1, GrainBytes);
        Assert.False(room.AsSpan(GrainBytes).ContainsAnyExcept(Guard), "the codec wrote past its room");
        return length;
    }
}
