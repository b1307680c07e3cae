using System.Security.Cryptography;
using System.Text.Json;
using VmdkFast.Cli.Tests.Support;
using VmdkFast.Tests.Support;
using Xunit;

namespace VmdkFast.Cli.Tests;

public sealed class HashAndMeasureTests : IDisposable
{
    readonly TempFolder _folder = new();

    [Theory]
    [InlineData("monolithicSparse")]
    [InlineData("streamOptimized")]
    [InlineData("chain")]
    public async Task TheDigestIsThatOfTheRawDiskOfQemuImg(string kind)
    {
        string image = Images.Make(_folder, kind);
        Peers.Run("qemu-img", "convert", "-f", "vmdk", "-O", "raw", image, _folder["disk.raw"]).MustSucceed();
        await using FileStream raw = File.OpenRead(_folder["disk.raw"]);
        string expected = Convert.ToHexStringLower(
            await SHA256.HashDataAsync(raw, TestContext.Current.CancellationToken));
        string ours = (await Run.OrFailAsync("hash", "--algorithm", "sha256", image)).Output;
        Assert.Equal($"{expected}  {Images.LengthBytes}  {image}\n", ours.ReplaceLineEndings("\n"));

        JsonElement json = (await Run.OrFailAsync("hash", "--output", "json", image)).Json;
        Assert.Equal("xxh128", json.GetProperty("algorithm").GetString());
        Assert.Equal(
            (await Run.OrFailAsync("hash", "-f", "raw", _folder["disk.raw"])).Output.Split(' ')[0],
            json.GetProperty("digest").GetString());
        Assert.Contains(
            "sha1", Run.MustFail(await Run.CliAsync("hash", "--algorithm", "sha1", image)), StringComparison.Ordinal);
    }

    [Fact]
    public async Task ConvertPrintsTheDigestAndVerifies()
    {
        string image = Images.Make(_folder, "monolithicSparse");
        string digest = (await Run.OrFailAsync("hash", image)).Output.Split(' ')[0];
        string printed = (await Run.OrFailAsync(
            "convert", "--digest", "--verify", "-O", "vmdk", image, _folder["out.vmdk"])).Output;
        Assert.Equal(
            $"{digest}  {Images.LengthBytes}  {_folder["out.vmdk"]}\n", printed.ReplaceLineEndings("\n"));
        Assert.Equal("", (await Run.OrFailAsync("convert", "--verify", image, _folder["out.raw"])).Output);

        CliResult piped = await Run.CliAsync("convert", "--digest=sha256", image, "-");
        Assert.Equal(0, piped.ExitCode);
        Assert.Equal(Images.LengthBytes, piped.OutputBytes.Length);
        Assert.Equal(
            $"{Convert.ToHexStringLower(SHA256.HashData(piped.OutputBytes))}  {Images.LengthBytes}  -\n",
            piped.Error.ReplaceLineEndings("\n"));
        Assert.Contains(
            "--verify", Run.MustFail(await Run.CliAsync("convert", "--verify", image, "-")), StringComparison.Ordinal);
        Run.MustFail(await Run.CliAsync("convert", "--digest=md5", image, _folder["out.raw"]));
    }

    [Fact]
    public async Task ARawTargetIsMeasuredAsQemuImgMeasuresIt()
    {
        string image = Images.Make(_folder, "monolithicSparse");
        Peers.Run("qemu-img", "convert", "-f", "vmdk", "-O", "raw", image, _folder["disk.raw"]).MustSucceed();
        foreach (string[] arguments in new string[][]
            {
                ["-O", "raw", "-f", "raw", _folder["disk.raw"]], ["-O", "raw", "--size", "1000"], ["--size", "5G"],
            })
        {
            PeerResult theirs = Peers.Run("qemu-img", ["measure", .. arguments]).MustSucceed();
            Assert.Equal(
                theirs.Output, (await Run.OrFailAsync(["measure", .. arguments])).Output.ReplaceLineEndings("\n"));
        }

        JsonElement json = (await Run.OrFailAsync("measure", "--output", "json", image)).Json;
        Assert.Equal(Images.LengthBytes, json.GetProperty("required").GetInt64());
        Assert.Equal(Images.LengthBytes, json.GetProperty("fully-allocated").GetInt64());
    }

    [Fact]
    public async Task ASparseTargetIsMeasuredToTheByteAndAStreamWithinBounds()
    {
        string image = Images.Make(_folder, "chain");
        await Run.OrFailAsync("convert", "-O", "vmdk", "-o", "grain_size=8k", image, _folder["out.vmdk"]);
        JsonElement sparse = (await Run.OrFailAsync(
            "measure", "--json", "-O", "vmdk", "-o", "grain_size=8k", image)).Json;
        Assert.Equal(new FileInfo(_folder["out.vmdk"]).Length, sparse.GetProperty("required").GetInt64());

        string[] stream = ["-O", "vmdk", "-o", "subformat=streamOptimized,stream_layout=local"];
        await Run.OrFailAsync(["convert", .. stream, image, _folder["stream.vmdk"]]);
        JsonElement bounds = (await Run.OrFailAsync(["measure", "--json", .. stream, image])).Json;
        Assert.InRange(
            new FileInfo(_folder["stream.vmdk"]).Length, bounds.GetProperty("minimum").GetInt64(),
            bounds.GetProperty("required").GetInt64());
        Assert.Contains("minimum size: ", (await Run.OrFailAsync(["measure", .. stream, image])).Output,
            StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("either SRC or --size", "measure")]
    [InlineData("either SRC or --size", "measure", "--size", "1G", "a.vmdk")]
    [InlineData("raw target has no options", "measure", "-o", "subformat=vmfs", "--size", "1G")]
    [InlineData("Invalid parameter 'nope'", "measure", "-O", "vmdk", "-o", "nope=1", "--size", "1G")]
    [InlineData("-O qcow2", "measure", "-O", "qcow2", "--size", "1G")]
    [InlineData("grain of 5 bytes", "measure", "-O", "vmdk", "-o", "grain_size=5", "--size", "1G")]
    public async Task WhatCannotBeMeasuredIsOneClearLine(string expected, params string[] arguments) =>
        Assert.Contains(expected, Run.MustFail(await Run.CliAsync(arguments)), StringComparison.Ordinal);

    public void Dispose() => _folder.Dispose();
}
