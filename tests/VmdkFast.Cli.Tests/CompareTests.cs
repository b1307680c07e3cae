using System.Text.RegularExpressions;
using VmdkFast.Cli.Tests.Support;
using VmdkFast.Tests.Support;
using Xunit;

namespace VmdkFast.Cli.Tests;

public sealed class CompareTests : IDisposable
{
    readonly TempFolder _folder = new();

    public static TheoryData<string> Kinds => [.. Images.Kinds];

    [Theory]
    [MemberData(nameof(Kinds))]
    public async Task EveryKindAndItsRawCopyAreTheSameAndOneByteIsFoundAsQemuImgFindsIt(string kind)
    {
        string image = Images.Make(_folder, kind);
        await Run.OrFailAsync("convert", image, _folder["copy.raw"]);
        await AssertAsQemuImgAsync("-f", "vmdk", "-F", "raw", image, _folder["copy.raw"]);
        Peers.Run("qemu-io", "-f", "raw", "-c", "write -P 0x77 41100001 1", _folder["copy.raw"]).MustSucceed();
        await AssertAsQemuImgAsync("-f", "vmdk", "-F", "raw", image, _folder["copy.raw"]);
        await AssertAsQemuImgAsync("-f", "raw", "-F", "vmdk", _folder["copy.raw"], image);
    }

    [Fact]
    public async Task LengthsAndAllocationCountOnlyWhenStrict()
    {
        Peers.Run("qemu-img", "create", "-q", "-f", "raw", _folder["a.raw"], "1M").MustSucceed();
        Peers.Run("qemu-img", "create", "-q", "-f", "raw", _folder["b.raw"], "3M").MustSucceed();
        string[] raw = ["-f", "raw", "-F", "raw", _folder["a.raw"], _folder["b.raw"]];
        await AssertAsQemuImgAsync(raw);
        await AssertAsQemuImgAsync(["-s", .. raw]);
        await AssertAsQemuImgAsync(["-q", .. raw]);
        await AssertAsQemuImgAsync(["-q", "-s", .. raw]);
        Peers.Run("qemu-io", "-f", "raw", "-c", "write -P 1 2500000 10", _folder["b.raw"]).MustSucceed();
        await AssertAsQemuImgAsync(raw);

        Images.Create(_folder["c.vmdk"], "monolithicSparse", 10 << 20);
        Images.Create(_folder["d.vmdk"], "monolithicSparse", 10 << 20);
        string[] images = ["-f", "vmdk", "-F", "vmdk", _folder["c.vmdk"], _folder["d.vmdk"]];
        await AssertAsQemuImgAsync(["-s", .. images]);
        Images.Write(_folder["d.vmdk"], "write -P 0 2M 64k");
        await AssertAsQemuImgAsync(images);
        await AssertAsQemuImgAsync(["-s", .. images]);
    }

    [Fact]
    public async Task JsonSaysWhatDiffersAndWhere()
    {
        string image = Images.Make(_folder, "monolithicSparse");
        await Run.OrFailAsync("convert", image, _folder["copy.raw"]);
        CliResult same = await Run.OrFailAsync("compare", "-F", "raw", "--json", image, _folder["copy.raw"]);
        Assert.True(same.Json.GetProperty("identical").GetBoolean());
        Assert.False(same.Json.TryGetProperty("offset", out _));
        Peers.Run("qemu-io", "-f", "raw", "-c", "write -P 0x77 41100001 1", _folder["copy.raw"]).MustSucceed();
        CliResult other = await Run.CliAsync("compare", "-F", "raw", "--output", "json", image, _folder["copy.raw"]);
        Assert.Equal(1, other.ExitCode);
        Assert.Equal("content", other.Json.GetProperty("difference").GetString());
        Assert.Equal(41100001, other.Json.GetProperty("offset").GetInt64());
        Assert.Equal(Images.LengthBytes, other.Json.GetProperty("lengths")[1].GetInt64());
    }

    [Fact]
    public async Task ExitCodesTellWhatCouldNotBeDone()
    {
        string image = Images.Make(_folder, "monolithicSparse");
        await MustExitAsync(2, "compare", image, _folder["absent.vmdk"]);
        await MustExitAsync(2, "compare", "-F", "qcow2", image, image);
        await MustExitAsync(2, "compare", "-m", "99", image, image);
        Assert.Equal(2, (await Run.CliAsync("compare", image)).ExitCode);
        Assert.Equal(2, (await Run.CliAsync("compare", "--nope", image, image)).ExitCode);

        // The first grain table's first used entry leads past the end of the file.
        string table = _folder["table.vmdk"];
        byte[] bytes = await File.ReadAllBytesAsync(image, TestContext.Current.CancellationToken);
        long directory = BitConverter.ToInt64(bytes, 56) * 512;
        long entry = (BitConverter.ToUInt32(bytes, (int)directory) * 512L) + (16 * 4);
        BitConverter.TryWriteBytes(bytes.AsSpan((int)entry), 0x7fff_ff00u);
        long redundant = BitConverter.ToInt64(bytes, 48) * 512;
        BitConverter.TryWriteBytes(
            bytes.AsSpan((int)((BitConverter.ToUInt32(bytes, (int)redundant) * 512L) + (16 * 4))), 0x7fff_ff00u);
        await File.WriteAllBytesAsync(table, bytes, TestContext.Current.CancellationToken);
        await MustExitAsync(3, "compare", image, table);

        string stream = Images.Make(_folder, "streamOptimized");
        bytes = await File.ReadAllBytesAsync(stream, TestContext.Current.CancellationToken);
        bytes.AsSpan(65536 + 16, 24).Fill(0xff);
        await File.WriteAllBytesAsync(_folder["bad.vmdk"], bytes, TestContext.Current.CancellationToken);
        await MustExitAsync(4, "compare", stream, _folder["bad.vmdk"]);
    }

    public void Dispose() => _folder.Dispose();

    static async Task MustExitAsync(int code, params string[] arguments)
    {
        CliResult result = await Run.CliAsync(arguments);
        Assert.Equal("", result.Output);
        Assert.Matches("^vmdkfast: [^\n]+\n$", result.Error);
        Assert.Equal(code, result.ExitCode);
    }

    // qemu-img names the sector of a difference, we the byte.
    static async Task AssertAsQemuImgAsync(params string[] arguments)
    {
        PeerResult theirs = Peers.Run("qemu-img", ["compare", .. arguments]);
        CliResult ours = await Run.CliAsync(["compare", .. arguments]);
        Assert.Equal("", ours.Error);
        Assert.Equal(theirs.ExitCode, ours.ExitCode);
        Assert.Equal(
            theirs.Output,
            Regex.Replace(
                ours.Output.ReplaceLineEndings("\n"), "(?<=mismatch at offset )[0-9]+",
                match => $"{long.Parse(match.Value, null) / 512 * 512}"));
    }
}
