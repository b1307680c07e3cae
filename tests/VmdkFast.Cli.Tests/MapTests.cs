using System.Text.Json;
using System.Text.RegularExpressions;
using VmdkFast.Cli.Tests.Support;
using VmdkFast.Tests.Support;
using Xunit;

namespace VmdkFast.Cli.Tests;

public sealed partial class MapTests : IDisposable
{
    readonly TempFolder _folder = new();

    public static TheoryData<string> Kinds => [.. Images.Kinds];

    public static TheoryData<string> UncompressedKinds => [.. Images.Kinds.Where(kind => kind != "streamOptimized")];

    // The complete text is compared and not only its values: the layout, one run a line, is what scripts read.
    [Theory]
    [MemberData(nameof(Kinds))]
    public async Task TheJsonIsThatOfQemuImgButForTheKeyThatItLearntLater(string kind)
    {
        string image = Images.Make(_folder, kind);
        string expected = Peers.Run("qemu-img", "map", "-f", "vmdk", "--output=json", image).MustSucceed().Output;
        string output = (await Run.OrFailAsync("map", "--output", "json", image)).Output;
        Assert.Equal(CompressedKey().Replace(expected, ""), CompressedKey().Replace(output, ""));
        Assert.Equal(kind == "streamOptimized", output.Contains("\"compressed\": true", StringComparison.Ordinal));
    }

    // Not streamOptimized: qemu-img refuses the table of a compressed image.
    [Theory]
    [MemberData(nameof(UncompressedKinds))]
    public async Task TheTableIsThatOfQemuImg(string kind)
    {
        string image = Images.Make(_folder, kind);
        string expected = Peers.Run("qemu-img", "map", "-f", "vmdk", image).MustSucceed().Output;
        Assert.Equal(expected, (await Run.OrFailAsync("map", image)).Output);
    }

    [Fact]
    public async Task TheTableNamesCompressedRuns()
    {
        string image = Images.Make(_folder, "streamOptimized");
        string[] lines = (await Run.OrFailAsync("map", image)).Output.Split('\n');
        Assert.Equal($"0x100000        0x100000        compressed      {image}", lines[1]);
    }

    [Theory]
    [InlineData("1050k", "77777")]
    [InlineData("1M", "1")]
    [InlineData("0x110000", "512k")]
    [InlineData("79.5M", "1G")]
    public async Task AWindowIsCutAsQemuImgCutsIt(string start, string length)
    {
        string image = Images.Make(_folder, "chain");
        string expected = Peers.Run(
            "qemu-img", "map", "-f", "vmdk", "--output=json", $"--start-offset={start}", $"--max-length={length}",
            image).MustSucceed().Output;
        string output = (await Run.OrFailAsync(
            "map", "--json", $"--start-offset={start}", "--max-length", length, image)).Output;
        Assert.Equal(CompressedKey().Replace(expected, ""), CompressedKey().Replace(output, ""));
    }

    [Fact]
    public async Task BeyondTheEndThereIsNothing()
    {
        string image = Images.Make(_folder, "monolithicSparse");
        JsonElement json = (await Run.OrFailAsync("map", "--json", "--start-offset", "1T", image)).Json;
        Assert.Equal(0, json.GetArrayLength());
    }

    [Fact]
    public async Task ZerosOfDifferentExtentsAreToldApart()
    {
        File.WriteAllText(
            _folder["d.vmdk"],
            """
            version=1
            CID=1
            parentCID=ffffffff
            createType="custom"
            RW 8 ZERO
            RW 64 FLAT "flat.bin" 128
            RW 8 ZERO

            """);
        using (FileStream flat = File.Create(_folder["flat.bin"]))
        {
            flat.SetLength(192 * 512);
        }

        JsonElement json = (await Run.OrFailAsync("map", "--json", _folder["d.vmdk"])).Json;
        Assert.Equal(3, json.GetArrayLength());
        Assert.False(json[0].GetProperty("data").GetBoolean());
        Assert.True(json[1].GetProperty("data").GetBoolean());
        Assert.True(json[1].GetProperty("zero").GetBoolean());
        Assert.Equal(128 * 512, json[1].GetProperty("offset").GetInt64());
        Assert.Equal(8 * 512, json[1].GetProperty("start").GetInt64());
        Assert.Equal(64 * 512, json[1].GetProperty("length").GetInt64());
    }

    public void Dispose() => _folder.Dispose();

    [GeneratedRegex(", \"compressed\": (true|false)")]
    private static partial Regex CompressedKey();
}
