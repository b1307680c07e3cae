using CsCheck;
using VmdkFast.Tests.Support;
using Xunit;

namespace VmdkFast.Tests.Properties;

/// <summary>Whatever is written over an image, it is refused or read as something; nothing else happens.</summary>
public sealed class DamageProperties
{
    const int LengthBytes = (1 << 20) + 512;
    const long MaxAllocatedBytes = 24 << 20;

    // What turns numbers of a header around: nothing, one, all, the sign, and the sector behind the end.
    static readonly Gen<byte> s_byte = Gen.OneOf(Gen.OneOf<byte>(0, 1, 2, 0x7f, 0x80, 0xff), Gen.Byte);

    static readonly Gen<(double Place, byte Value)[]> s_damage = Gen.Select(
        Gen.OneOf(Gen.Double[0, 0.02], Gen.Double[0, 1]), s_byte).Array[1, 12];

    [Theory]
    [InlineData(ImageKind.MonolithicSparse)]
    [InlineData(ImageKind.SparseOfSmallTables)]
    [InlineData(ImageKind.StreamExport)]
    [InlineData(ImageKind.StreamLocal)]
    [InlineData(ImageKind.StreamLocalOfGiantGrains)]
    [InlineData(ImageKind.StreamWithoutMarkers)]
    [InlineData(ImageKind.CowdBare)]
    [InlineData(ImageKind.MonolithicFlat)]
    [InlineData(ImageKind.CustomMixture)]
    public void ADamagedImageIsRefusedOrRead(ImageKind kind)
    {
        using var folder = new TempFolder();
        string path = ImageKinds.Write(kind, folder.Path, GuestContent.Scattered(LengthBytes, seed: 9));
        byte[] whole = File.ReadAllBytes(path);
        int header = Math.Min(512, whole.Length);

        Gen.Select(s_damage, Gen.Bool).Sample(
            (damage, onlyHeader) =>
            {
                byte[] bytes = [.. whole];
                foreach ((double place, byte value) in damage)
                {
                    bytes[(int)(place * ((onlyHeader ? header : bytes.Length) - 1))] = value;
                }

                File.WriteAllBytes(path, bytes);
                return SurvivesReading(path);
            },
            iter: 150, threads: 1);
    }

    [Fact]
    public void ArbitraryTextAfterAVersionIsRefusedOrRead()
    {
        using var folder = new TempFolder();
        string[] pieces =
        [
            "CID=", "parentCID=", "ffffffff", "createType=", "\"monolithicFlat\"", "RW ", "RDONLY ", "NOACCESS ",
            "512 ", "18446744073709551615 ", "FLAT ", "SPARSE ", "ZERO", "\"disk.vmdk\"", "\"/dev/zero\"",
            "\"..\"", " 0", " -1", "\n", "\r\n", "\t", "#", "=", "\"", "\0", "parentFileNameHint=",
            "encoding=\"GBK\"", "\u00ff", "ddb.x = ",
        ];
        Gen.OneOf(pieces).Array[0, 40].Sample(
            words =>
            {
                File.WriteAllText(
                    folder["disk.vmdk"],
                    "version=1\nCID=1\nparentCID=ffffffff\ncreateType=\"x\"\n" + string.Concat(words));
                return SurvivesReading(folder["disk.vmdk"]);
            },
            iter: 500, threads: 1);
    }

    // False, or any exception but the library's own, makes the sample fail.
    static bool SurvivesReading(string path)
    {
        long before = GC.GetAllocatedBytesForCurrentThread();
        try
        {
            using var disk = VmdkDisk.Open(path);
            byte[] buffer = new byte[300_000];
            long[] places = [0, LengthBytes / 2, LengthBytes - 512, disk.Length - 1000, disk.Length / 3];
            foreach (long place in places.Where(place => place >= 0))
            {
                Try(() => disk.Read(buffer, place));
            }

            Try(() => Assert.All(disk.Map().Take(2000), run => Assert.True(run.LengthBytes > 0)));
        }
        catch (VmdkException refusal)
        {
            Assert.False(string.IsNullOrEmpty(refusal.Path));
        }

        long allocated = GC.GetAllocatedBytesForCurrentThread() - before;
        Assert.True(allocated < MaxAllocatedBytes, $"{allocated} bytes were allocated.");
        return true;
    }

    static void Try(Action action)
    {
        try
        {
            action();
        }
        catch (VmdkException refusal)
        {
            Assert.DoesNotContain('\n', refusal.Message);
        }
    }
}
