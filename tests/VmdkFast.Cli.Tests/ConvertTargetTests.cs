using System.Diagnostics;
using VmdkFast.Cli.Tests.Support;
using VmdkFast.Tests.Support;
using Xunit;

namespace VmdkFast.Cli.Tests;

/// <summary><c>convert</c> to images, with qemu-img as the judge.</summary>
public sealed class ConvertTargetTests : IDisposable
{
    readonly TempFolder _folder = new();

    static string Program => Path.Combine(AppContext.BaseDirectory, "VmdkFast.Cli.dll");

    public static TheoryData<string> Subformats =>
    [
        "monolithicSparse", "monolithicFlat", "twoGbMaxExtentSparse", "twoGbMaxExtentFlat", "streamOptimized", "vmfs",
        "vmfsSparse", "streamOptimized,stream_layout=local", "monolithicSparse,zeroed_grain=on,grain_size=8k",
    ];

    [Theory]
    [MemberData(nameof(Subformats))]
    public async Task ATargetOfTheSubformatIsWhatQemuImgReads(string subformat)
    {
        string image = Images.Make(_folder, "chain");
        string target = _folder["target.vmdk"];
        await Run.OrFailAsync(
            "convert", "-f", "vmdk", "-O", "vmdk", "-W", "-m", "3", "-o", $"subformat={subformat}", image, target);
        MustBeSame(image, target);
    }

    [Fact]
    public async Task CompressionAloneMakesAStreamAlsoInAPipe()
    {
        string image = Images.Make(_folder, "monolithicSparse");
        CliResult piped = await Run.OrFailAsync("convert", "-O", "vmdk", "-c", "--level", "fast", image, "-");
        await File.WriteAllBytesAsync(_folder["piped.vmdk"], piped.OutputBytes, TestContext.Current.CancellationToken);
        MustBeSame(image, _folder["piped.vmdk"]);
        Peers.Run("7zz", "t", "-tvmdk", _folder["piped.vmdk"]).MustSucceed();
        await Run.OrFailAsync("convert", "-O", "vmdk", "-c", "--level", "best", image, _folder["best.vmdk"]);
        await Run.OrFailAsync(
            "convert", "-O", "vmdk", "-c", "--level", "9", "--codec", "zlib", image, _folder["zlib.vmdk"]);
        MustBeSame(image, _folder["best.vmdk"]);
        MustBeSame(image, _folder["zlib.vmdk"]);
    }

    [Fact]
    public async Task FixedIdsMakeFixedBytes()
    {
        string image = Images.Make(_folder, "monolithicSparse");
        const string Ids = "subformat=streamOptimized,cid=1234abcd,uuid=6000c290123456789abcdef012345678,"
            + "long_content_id=0123456789abcdef0123456789abcdef";
        CliResult first = await Run.OrFailAsync("convert", "-O", "vmdk", "-m", "1", "-o", Ids, image, "-");
        CliResult second = await Run.OrFailAsync("convert", "-O", "vmdk", "-m", "5", "-o", Ids, image, "-");
        Assert.Equal(first.OutputBytes, second.OutputBytes);
    }

    [Fact]
    public async Task ABaseLeavesOnlyWhatDiffers()
    {
        string chain = Images.Make(_folder, "chain");
        await Run.OrFailAsync("convert", "-O", "vmdk", "-B", "base.vmdk", "-F", "vmdk", chain, _folder["child.vmdk"]);
        MustBeSame(chain, _folder["child.vmdk"]);
        CliResult info = await Run.OrFailAsync("info", "--output", "json", _folder["child.vmdk"]);
        Assert.Equal("base.vmdk", info.Json.GetProperty("backing-filename").GetString());
        Assert.InRange(new FileInfo(_folder["child.vmdk"]).Length, 1, 4 << 20);
    }

    [Fact]
    public async Task AnExistingImageIsWrittenInPlace()
    {
        string image = Images.Make(_folder, "monolithicSparse");
        Images.Create(_folder["old.vmdk"], "monolithicSparse", Images.LengthBytes);
        Images.Write(_folder["old.vmdk"], "write -P 9 5M 3M");
        await Run.OrFailAsync("convert", "-n", "-O", "vmdk", image, _folder["old.vmdk"]);
        MustBeSame(image, _folder["old.vmdk"]);
        Images.Create(_folder["small.vmdk"], "monolithicSparse", 1 << 20);
        Assert.Contains(
            "too small", Run.MustFail(await Run.CliAsync("convert", "-n", "-O", "vmdk", image, _folder["small.vmdk"])),
            StringComparison.Ordinal);
        Run.MustFail(await Run.CliAsync("convert", "-n", "-O", "vmdk", image, _folder["absent.vmdk"]));
    }

    public static TheoryData<string> Contradictions =>
    [
        "-O qcow2", "-c", "-B base.vmdk", "-O vmdk -c -o subformat=monolithicFlat", "-O vmdk -o subformat=nonsense",
        "-O vmdk -o size=5G", "-O vmdk -o stream_layout=sideways", "-O vmdk -B base.vmdk -F raw", "--target-is-zero",
        "-S 3000", "-O vmdk --level extreme", "-O vmdk --codec lz4",
        "-O vmdk -o subformat=monolithicFlat -B base.vmdk", "-o subformat=vmfs",
        "-O vmdk -o subformat=streamOptimized,grain_size=1G",
    ];

    [Theory]
    [MemberData(nameof(Contradictions))]
    public async Task AContradictionIsOneLineAndMakesNothing(string options)
    {
        string image = Images.Make(_folder, "chain");
        string[] before = Directory.GetFileSystemEntries(_folder.Path);
        Run.MustFail(await Run.CliAsync(["convert", .. options.Split(' '), image, _folder["target.vmdk"]]));
        Assert.Equal(before.Order(), Directory.GetFileSystemEntries(_folder.Path).Order());
    }

    [Theory]
    [InlineData("monolithicSparse")]
    [InlineData("twoGbMaxExtentFlat")]
    [InlineData("streamOptimized")]
    public async Task AKilledConversionLeavesNothingUnderTheName(string subformat)
    {
        string image = Images.Make(_folder, "monolithicSparse");
        Images.Write(image, "write -P 5 8M 8M");
        string folder = _folder.Subfolder("target");
        string target = Path.Combine(folder, "disk.vmdk");
        using Process process = Process.Start(new ProcessStartInfo(
            "dotnet",
            [Program, "convert", "-O", "vmdk", "-r", "500k", "-o", $"subformat={subformat}", image, target])
        { RedirectStandardError = true })!;
        while (Directory.GetFileSystemEntries(folder).Length == 0 && !process.HasExited)
        {
            await Task.Delay(5, TestContext.Current.CancellationToken);
        }

        Assert.False(process.HasExited);
        process.Kill();
        await process.WaitForExitAsync(TestContext.Current.CancellationToken);
        Assert.All(
            Directory.GetFileSystemEntries(folder),
            name => Assert.Matches(@"/\.[^/]*\.partial$", name));
    }

    [Fact]
    public async Task SalvageSaysWhereItHelped()
    {
        string image = Images.Make(_folder, "streamOptimized");
        byte[] bytes = await File.ReadAllBytesAsync(image, TestContext.Current.CancellationToken);

        // Inside the deflated bytes of the first grain, behind its marker and its two bytes of zlib header.
        bytes.AsSpan(65536 + 16, 24).Fill(0xff);
        await File.WriteAllBytesAsync(image, bytes, TestContext.Current.CancellationToken);
        CliResult result = await Run.CliAsync("convert", "--salvage", image, _folder["out.raw"]);
        Assert.Equal(0, result.ExitCode);
        Assert.Matches(@"^vmdkfast: unreadable, zeros instead: 65536 bytes at byte \d+\n$", result.Error);
        Assert.Equal("", (await Run.CliAsync("convert", "--salvage", "-q", image, _folder["out.raw"])).Error);
    }

    public void Dispose() => _folder.Dispose();

    static void MustBeSame(string first, string second) =>
        Peers.Run("qemu-img", "compare", "-f", "vmdk", "-F", "vmdk", first, second).MustSucceed();
}
