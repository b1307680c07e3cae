using VmdkFast.Cli.Tests.Support;
using VmdkFast.Tests.Support;
using Xunit;

namespace VmdkFast.Cli.Tests;

public sealed class ConvertTests : IDisposable
{
    readonly TempFolder _folder = new();

    public static TheoryData<string> Kinds => [.. Images.Kinds];

    [Theory]
    [MemberData(nameof(Kinds))]
    public async Task TheTargetIsWhatQemuImgReads(string kind)
    {
        string image = Images.Make(_folder, kind);
        await Run.OrFailAsync("convert", "-f", "vmdk", "-O", "raw", "-W", "-m", "4", image, _folder["out.raw"]);
        Peers.Run("qemu-img", "compare", "-f", "vmdk", "-F", "raw", image, _folder["out.raw"]).MustSucceed();
    }

    [Fact]
    public async Task StandardOutputReceivesTheWholeDisk()
    {
        string image = Images.Make(_folder, "chain");
        CliResult result = await Run.OrFailAsync("convert", image, "-");
        await Run.OrFailAsync("convert", "--sync", image, _folder["out.raw"]);
        Assert.Equal(Images.LengthBytes, result.OutputBytes.Length);
        Assert.True(result.OutputBytes.AsSpan().SequenceEqual(File.ReadAllBytes(_folder["out.raw"])));
    }

    [Fact]
    public async Task AnExistingTargetIsWrittenInPlaceWhenAskedTo()
    {
        string image = Images.Make(_folder, "monolithicSparse");
        var content = new byte[Images.LengthBytes];
        content.AsSpan().Fill(0xee);
        await File.WriteAllBytesAsync(_folder["out.raw"], content, TestContext.Current.CancellationToken);
        await Run.OrFailAsync("convert", "-n", image, _folder["out.raw"]);
        Peers.Run("qemu-img", "compare", "-f", "vmdk", "-F", "raw", image, _folder["out.raw"]).MustSucceed();
        Run.MustFail(await Run.CliAsync("convert", "-n", image, _folder["absent.raw"]));
    }

    [Fact]
    public async Task ProgressInALogIsPercentLinesOnStandardErrorUpToTheEnd()
    {
        string image = Images.Make(_folder, "monolithicSparse");
        CliResult result = await Run.CliAsync("convert", "-p", image, _folder["out.raw"]);
        Assert.Equal(0, result.ExitCode);
        Assert.Equal("", result.Output);
        string[] lines = result.Error.TrimEnd('\n').Split('\n');
        Assert.All(lines, line => Assert.Matches(@"^    \(\d{1,3}\.\d\d/100%\)$", line));
        Assert.Equal("    (100.00/100%)", lines[^1]);
        Assert.Equal("", (await Run.CliAsync("convert", "-p", "-q", image, _folder["out.raw"])).Error);
    }

    [Fact]
    public async Task ACancelledConversionLeavesNothingBehind()
    {
        string image = Images.Make(_folder, "monolithicSparse");
        string[] before = Directory.GetFiles(_folder.Path);
        CliResult result = await Run.CliAsync(
            new CancellationToken(canceled: true), "convert", image, _folder["out.raw"]);
        Assert.Equal(130, result.ExitCode);
        Assert.Equal("vmdkfast: cancelled\n", result.Error);
        Assert.Equal(before.Order(), Directory.GetFiles(_folder.Path).Order());
    }

    [Fact]
    public async Task ADamagedSourceLeavesNothingBehind()
    {
        string image = Images.Make(_folder, "streamOptimized");
        byte[] bytes = await File.ReadAllBytesAsync(image, TestContext.Current.CancellationToken);

        // Inside the deflated bytes of the first grain, behind its marker and its two bytes of zlib header.
        bytes.AsSpan(65536 + 16, 24).Fill(0xff);
        await File.WriteAllBytesAsync(image, bytes, TestContext.Current.CancellationToken);
        string[] before = Directory.GetFiles(_folder.Path);
        Run.MustFail(await Run.CliAsync("convert", image, _folder["out.raw"]));
        Assert.Equal(before.Order(), Directory.GetFiles(_folder.Path).Order());
    }

    [Fact]
    public async Task AReaderThatGoesAwayEndsTheConversionQuietly()
    {
        string image = Images.Make(_folder, "monolithicSparse");
        using var error = new StringWriter();
        using var closing = new ClosedPipe();
        int exitCode = await CommandLine.RunAsync(
            ["convert", image, "-"], new StandardStreams(closing, error, false), TestContext.Current.CancellationToken);
        Assert.Equal(1, exitCode);
        Assert.Equal("", error.ToString());
    }

    [Fact]
    public async Task TheSourceIsNeverTheTarget()
    {
        string image = Images.Make(_folder, "chain");
        foreach (string target in new[] { image, _folder["base.vmdk"] })
        {
            byte[] before = await File.ReadAllBytesAsync(target, TestContext.Current.CancellationToken);
            Run.MustFail(await Run.CliAsync("convert", image, target));
            byte[] after = await File.ReadAllBytesAsync(target, TestContext.Current.CancellationToken);
            Assert.True(before.AsSpan().SequenceEqual(after));
        }
    }

    public void Dispose() => _folder.Dispose();

    sealed class ClosedPipe : MemoryStream
    {
        public override void Write(ReadOnlySpan<byte> buffer) => throw new BrokenPipeException();

        public override void Write(byte[] buffer, int offset, int count) => throw new BrokenPipeException();
    }
}
