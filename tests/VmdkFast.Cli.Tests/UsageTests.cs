using VmdkFast.Cli.Tests.Support;
using VmdkFast.Tests.Support;
using Xunit;

namespace VmdkFast.Cli.Tests;

public sealed class UsageTests : IDisposable
{
    readonly TempFolder _folder = new();

    [Theory]
    [InlineData("a verb is missing")]
    [InlineData("'nope' is neither", "nope")]
    [InlineData("'--nope' is neither", "--nope")]
    [InlineData("'FILE' missing", "info")]
    [InlineData("unknown option '-x'", "map", "-x")]
    [InlineData("unknown option '-T'", "convert", "-T", "none", "a.vmdk", "a.raw")]
    [InlineData("'4x' is not a size", "map", "--start-offset", "4x", "a.vmdk")]
    [InlineData("an argument is empty", "info", "")]
    [InlineData("an argument is empty", "create", "", "1M")]
    [InlineData("an argument is empty", "repair", "--journal", "", "a.vmdk")]
    [InlineData("'-1' is not a size", "map", "--max-length", "-1", "a.vmdk")]
    public async Task AWrongCommandLineIsOneClearLineAndAHint(string expected, params string[] arguments)
    {
        string error = Run.MustFail(await Run.CliAsync(arguments), lines: 2);
        Assert.Contains(expected, error, StringComparison.Ordinal);
        Assert.Contains("--help' for more information", error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("-f qcow2", "info", "-f", "qcow2", "a.vmdk")]
    [InlineData("--output xml", "info", "--output", "xml", "a.vmdk")]
    [InlineData("--references below", "map", "--references", "below", "a.vmdk")]
    [InlineData("--allow-folder", "map", "--references", "deny", "--allow-folder", "/tmp", "a.vmdk")]
    [InlineData("-O qcow2", "convert", "-O", "qcow2", "a.vmdk", "a.qcow2")]
    [InlineData("-m 65", "convert", "-m", "65", "a.vmdk", "a.raw")]
    [InlineData("-m 0", "convert", "-m", "0", "a.vmdk", "a.raw")]
    [InlineData("standard output", "convert", "-n", "a.vmdk", "-")]
    [InlineData("nothere.vmdk", "info", "nothere.vmdk")]
    [InlineData("nothere.vmdk", "map", "nothere.vmdk")]
    [InlineData("nothere.vmdk", "inspect", "nothere.vmdk")]
    [InlineData("nothere.vmdk", "convert", "nothere.vmdk", "a.raw")]
    public async Task AWrongWishIsOneClearLine(string expected, params string[] arguments)
    {
        string error = Run.MustFail(await Run.CliAsync(arguments));
        Assert.Contains(expected, error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("create", "NEW", "1M")]
    [InlineData("convert", "-O", "vmdk", "SOURCE", "NEW")]
    [InlineData("measure", "-O", "vmdk", "SOURCE")]
    public async Task OptionsThatAreListedAreOptions(params string[] arguments)
    {
        CliResult result = await Run.OrFailAsync(arguments[0], "-o", "help");

        string[] lines = result.Output.Split('\n', StringSplitOptions.RemoveEmptyEntries);
        Assert.Equal("Supported options:", lines[0]);
        string[] keys = [.. lines.Where(line => line.StartsWith("  ", StringComparison.Ordinal) && line[2] != ' ')
            .Select(line => line.Trim().Split('=')[0])];
        Assert.Contains("subformat", keys);
        string source = Images.Make(_folder, "monolithicSparse");
        string[] command = Array.ConvertAll(
            arguments, word => word == "SOURCE" ? source : word == "NEW" ? _folder["new.vmdk"] : word);
        foreach (string key in keys.Append("nope"))
        {
            // No option has such a value, and one that is not known is refused by its name.
            CliResult refused = await Run.CliAsync([.. command, "-o", $"{key}=\u0001"]);
            bool isUnknown = refused.Error.Contains($"Invalid parameter '{key}'", StringComparison.Ordinal);
            Assert.Equal(key == "nope", isUnknown);
        }
    }

    [Theory]
    [InlineData("--help")]
    [InlineData("info", "--help")]
    [InlineData("map", "-h")]
    [InlineData("inspect", "--help")]
    [InlineData("convert", "--help")]
    [InlineData("create", "--help")]
    [InlineData("compare", "--help")]
    [InlineData("hash", "--help")]
    [InlineData("measure", "--help")]
    [InlineData("check", "--help")]
    [InlineData("repair", "--help")]
    public async Task HelpGivesExamples(params string[] arguments)
    {
        CliResult result = await Run.OrFailAsync(arguments);
        Assert.Contains("Examples:\n  vmdkfast ", result.Output.ReplaceLineEndings("\n"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task TheVersionIsOneLine() =>
        Assert.Matches(@"^vmdkfast \d+\.\d+\.\d+\s*$", (await Run.OrFailAsync("--version")).Output);

    [Fact]
    public async Task AFileBehindTwoDashesMayBeginWithADashOrAnAt()
    {
        foreach (string name in new[] { "-x.vmdk", "@x.vmdk" })
        {
            string error = Run.MustFail(await Run.CliAsync("info", "--", name));
            Assert.StartsWith($"vmdkfast: {name}", error, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task ReferencesGoOnlyWhereThePolicyAllows()
    {
        Directory.CreateDirectory(_folder["images"]);
        Directory.CreateDirectory(_folder["other"]);
        string image = _folder["images/d.vmdk"];
        File.WriteAllText(
            image,
            "version=1\nCID=1\nparentCID=ffffffff\ncreateType=\"custom\"\nRW 8 FLAT \"../other/flat.bin\" 0\n");
        File.WriteAllBytes(_folder["other/flat.bin"], new byte[4096]);
        Run.MustFail(await Run.CliAsync("map", image));
        Run.MustFail(await Run.CliAsync("map", "--references", "deny", image));
        Run.MustFail(await Run.CliAsync("map", "--allow-folder", _folder["images"], image));
        await Run.OrFailAsync("map", "--references", "anywhere", image);
        await Run.OrFailAsync(
            "map", "--allow-folder", _folder["images"], "--allow-folder", _folder["other"], image);
    }

    [Fact]
    public async Task AParentThatHasChangedIsRefusedUnlessToldOtherwise()
    {
        string image = Images.Make(_folder, "chain");
        Images.Write(_folder["base.vmdk"], "write -P 1 0 64k");
        string error = Run.MustFail(await Run.CliAsync("map", image));
        Assert.Contains("parentCID", error, StringComparison.Ordinal);
        await Run.OrFailAsync("map", "--allow-parent-mismatch", image);
    }

    [Fact]
    public async Task CachesOfAnySizeWork()
    {
        string image = Images.Make(_folder, "streamOptimized");
        await Run.OrFailAsync(
            "convert", "--table-cache", "0", "--grain-cache", "64k", image, _folder["small.raw"]);
        await Run.OrFailAsync(
            "convert", "--table-cache", "1.5M", "--grain-cache", "1G", image, _folder["large.raw"]);
        Assert.Equal(File.ReadAllBytes(_folder["small.raw"]), File.ReadAllBytes(_folder["large.raw"]));
    }

    public void Dispose() => _folder.Dispose();
}
