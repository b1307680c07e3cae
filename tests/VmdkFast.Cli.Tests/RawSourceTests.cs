using System.Text.Json;
using VmdkFast.Cli.Tests.Support;
using VmdkFast.Tests.Support;
using Xunit;

namespace VmdkFast.Cli.Tests;

public sealed class RawSourceTests : IDisposable
{
    readonly TempFolder _folder = new();

    [Fact]
    public async Task InfoAndMapOfARawFileAreThoseOfQemuImg()
    {
        string raw = Make(1 << 20);
        JsonElement theirs = Json("info", raw);
        JsonElement ours = (await Run.OrFailAsync("info", "-f", "raw", "--output", "json", raw)).Json;
        foreach (JsonProperty property in theirs.EnumerateObject())
        {
            Assert.Equal(property.Value.ToString(), ours.GetProperty(property.Name).ToString());
        }

        string map = Peers.Run("qemu-img", "map", "-f", "raw", "--output=json", raw).MustSucceed().Output;
        string ourMap = (await Run.OrFailAsync("map", "-f", "raw", "--output", "json", raw)).Output;
        Assert.Equal(map, ourMap.Replace("\"compressed\": false, ", "", StringComparison.Ordinal));
        Assert.Contains(
            "file format: raw\n", (await Run.OrFailAsync("info", "-f", "raw", raw)).Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task ARawFileIsConvertedWithItsLastSectorFilled()
    {
        string raw = Make(100_001);
        await Run.OrFailAsync("convert", "-f", "raw", raw, _folder["copy.raw"]);
        byte[] copy = await File.ReadAllBytesAsync(_folder["copy.raw"], TestContext.Current.CancellationToken);
        byte[] source = await File.ReadAllBytesAsync(raw, TestContext.Current.CancellationToken);
        Assert.Equal(100_352, copy.Length);
        Assert.True(source.AsSpan().SequenceEqual(copy.AsSpan(0, source.Length)));
        Assert.False(copy.AsSpan(source.Length).ContainsAnyExcept((byte)0));
    }

    [Fact]
    public async Task AFileThatIsNoImageIsNeverTakenForRawUnlessAskedTo()
    {
        string raw = _folder["disk.bin"];
        File.Move(Make(1 << 20), raw);
        string refusal = Run.MustFail(await Run.CliAsync("convert", raw, _folder["copy.raw"]));
        Assert.Contains("-f raw", refusal, StringComparison.Ordinal);
        Assert.DoesNotContain(
            "-f raw", Run.MustFail(await Run.CliAsync("info", "-f", "vmdk", raw)), StringComparison.Ordinal);
        Assert.DoesNotContain(
            "-f raw", Run.MustFail(await Run.CliAsync("info", _folder.Path)), StringComparison.Ordinal);
        Run.MustFail(await Run.CliAsync("info", "-f", "qcow2", raw));
    }

    [Fact]
    public async Task ANameThatEndsInRawIsRawWhateverTheGuestWroteThere()
    {
        string image = Images.Make(_folder, "monolithicSparse");
        string raw = _folder["disk.RAW"];
        File.Move(image, raw);
        await Run.OrFailAsync("convert", raw, _folder["copy"]);
        Assert.Equal(
            await File.ReadAllBytesAsync(raw, TestContext.Current.CancellationToken),
            await File.ReadAllBytesAsync(_folder["copy"], TestContext.Current.CancellationToken));
        await Run.OrFailAsync("convert", "-f", "vmdk", raw, _folder["content"]);
        Assert.NotEqual(new FileInfo(raw).Length, new FileInfo(_folder["content"]).Length);
    }

    public void Dispose() => _folder.Dispose();

    string Make(int lengthBytes)
    {
        byte[] bytes = new byte[lengthBytes];
        new Random(1).NextBytes(bytes);
        File.WriteAllBytes(_folder["disk.raw"], bytes);
        return _folder["disk.raw"];
    }

    static JsonElement Json(string command, string path)
    {
        PeerResult result = Peers.Run("qemu-img", command, "-f", "raw", "--output=json", path).MustSucceed();
        using var document = JsonDocument.Parse(result.Output);
        return document.RootElement.Clone();
    }
}
