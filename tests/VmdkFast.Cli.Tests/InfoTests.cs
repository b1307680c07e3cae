using System.Text.Json;
using VmdkFast.Cli.Tests.Support;
using VmdkFast.Tests.Support;
using Xunit;

namespace VmdkFast.Cli.Tests;

public sealed class InfoTests : IDisposable
{
    readonly TempFolder _folder = new();

    public static TheoryData<string> Kinds => [.. Images.Kinds];

    [Theory]
    [MemberData(nameof(Kinds))]
    public async Task EveryKeyOfQemuImgIsThereWithTheSameValue(string kind)
    {
        string image = Images.Make(_folder, kind);
        using var expected = JsonDocument.Parse(
            Peers.Run("qemu-img", "info", "-f", "vmdk", "--output=json", image).MustSucceed().Output);
        CliResult result = await Run.OrFailAsync("info", "--output", "json", image);
        AssertHolds(expected.RootElement, result.Json, "$");
    }

    [Fact]
    public async Task TheBackingChainIsAnArrayAsQemuImgPrintsIt()
    {
        string image = Images.Make(_folder, "chain");
        using var expected = JsonDocument.Parse(Peers.Run(
            "qemu-img", "info", "-f", "vmdk", "--backing-chain", "--output=json", image).MustSucceed().Output);
        CliResult result = await Run.OrFailAsync("info", "--backing-chain", "--output=json", image);
        Assert.Equal(3, result.Json.GetArrayLength());
        AssertHolds(expected.RootElement, result.Json, "$");
    }

    [Theory]
    [MemberData(nameof(Kinds))]
    public async Task TheTextHoldsTheLinesOfQemuImg(string kind)
    {
        string image = Images.Make(_folder, kind);
        string[] expected = Peers.Run("qemu-img", "info", "-f", "vmdk", image).MustSucceed().Output
            .Split('\n', StringSplitOptions.RemoveEmptyEntries);
        string[] lines = (await Run.OrFailAsync("info", image)).Output.Split('\n');
        foreach (string line in expected)
        {
            // Content IDs are followed by their digits in hexadecimal.
            Assert.Contains(lines, ours => ours == line || ours.StartsWith($"{line} (", StringComparison.Ordinal));
        }
    }

    [Fact]
    public async Task AChildWhoseParentIsLostStillTellsOfItself()
    {
        string image = Images.Make(_folder, "chain");
        File.Delete(_folder["middle.vmdk"]);
        CliResult result = await Run.OrFailAsync("info", "--json", image);
        Assert.Equal("middle.vmdk", result.Json.GetProperty("backing-filename").GetString());
        Assert.Equal(_folder["middle.vmdk"], result.Json.GetProperty("full-backing-filename").GetString());

        string error = Run.MustFail(await Run.CliAsync("info", "--backing-chain", image));
        Assert.Contains("middle.vmdk", error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task WhatQemuImgKeepsSilentAboutIsToldToo()
    {
        string image = _folder["d.vmdk"];
        File.WriteAllText(
            image,
            """
            # Disk DescriptorFile
            version=1
            CID=0000002a
            parentCID=ffffffff
            createType="custom"
            somethingNew="41"
            RW 100 ZERO
            RW 8 FLAT "flat.bin" 16
            ddb.adapterType = "lsilogic"
            ddb.geometry.cylinders = "7"
            ddb.geometry.heads = "16"
            ddb.geometry.sectors = "63"

            """);
        File.WriteAllBytes(_folder["flat.bin"], new byte[24 * 512]);
        JsonElement data = (await Run.OrFailAsync("info", "--json", image)).Json
            .GetProperty("format-specific").GetProperty("data");
        Assert.Equal("lsilogic", data.GetProperty("adapter-type").GetString());
        Assert.Equal(7, data.GetProperty("geometry").GetProperty("cylinders").GetInt32());
        Assert.Equal("somethingNew", data.GetProperty("other-entries")[0].GetProperty("key").GetString());
        Assert.Equal("ZERO", data.GetProperty("extents")[0].GetProperty("format").GetString());
        Assert.Equal(16 * 512, data.GetProperty("extents")[1].GetProperty("offset").GetInt64());

        string text = (await Run.OrFailAsync("info", image)).Output;
        Assert.Contains("    geometry: 7 cylinders, 16 heads, 63 sectors\n", text, StringComparison.Ordinal);
        Assert.Contains("    somethingNew: 41\n", text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task AnUncleanImageIsDirty()
    {
        string image = Images.Make(_folder, "monolithicSparse");
        using (FileStream file = File.OpenWrite(image))
        {
            file.Position = 72;
            file.WriteByte(1);
        }

        Assert.True((await Run.OrFailAsync("info", "--json", image)).Json.GetProperty("dirty-flag").GetBoolean());
        Assert.Contains(
            "cleanly shut down: no", (await Run.OrFailAsync("info", image)).Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task EscapeSequencesOfAnImageDoNotReachTheTerminal()
    {
        string image = _folder["d.vmdk"];
        File.WriteAllText(
            image, "version=1\nCID=1\nparentCID=ffffffff\ncreateType=\"custom\"\nevil=\"\u001b[2J\"\nRW 8 ZERO\n");
        string text = (await Run.OrFailAsync("info", image)).Output;
        Assert.DoesNotContain('\u001b', text);
        Assert.Contains(@"    evil: \x1b[2J", text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task ImageOptionsNameAFile()
    {
        string image = _folder["a,b.vmdk"];
        Images.Create(_folder["x.vmdk"], "monolithicSparse", 1 << 20);
        File.Move(_folder["x.vmdk"], image);
        string escaped = image.Replace(",", ",,", StringComparison.Ordinal);
        string options = $"driver=vmdk,file.driver=file,file.filename={escaped}";
        CliResult result = await Run.OrFailAsync("info", "--image-opts", "--json", options);
        Assert.Equal(image, result.Json.GetProperty("filename").GetString());
        Run.MustFail(await Run.CliAsync("info", "--image-opts", "driver=qcow2,file.filename=x"));
        Run.MustFail(await Run.CliAsync("info", "--image-opts", "driver=vmdk"));
    }

    public void Dispose() => _folder.Dispose();

    // Everything that qemu-img says must be said alike; we may say more.
    static void AssertHolds(JsonElement expected, JsonElement actual, string path)
    {
        Assert.True(expected.ValueKind == actual.ValueKind, $"{path} is a {actual.ValueKind}");
        switch (expected.ValueKind)
        {
            case JsonValueKind.Object:
                foreach (JsonProperty property in expected.EnumerateObject())
                {
                    Assert.True(actual.TryGetProperty(property.Name, out JsonElement value), $"{path}.{property.Name}");
                    AssertHolds(property.Value, value, $"{path}.{property.Name}");
                }

                break;
            case JsonValueKind.Array:
                Assert.Equal(expected.GetArrayLength(), actual.GetArrayLength());
                for (int i = 0; i < expected.GetArrayLength(); i++)
                {
                    AssertHolds(expected[i], actual[i], $"{path}[{i}]");
                }

                break;
            default:
                Assert.True(expected.ToString() == actual.ToString(), $"{path}: {expected} and {actual}");
                break;
        }
    }
}
