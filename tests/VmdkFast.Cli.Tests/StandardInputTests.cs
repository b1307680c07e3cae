using VmdkFast.Cli.Tests.Support;
using VmdkFast.Tests.Support;
using Xunit;

namespace VmdkFast.Cli.Tests;

/// <summary>An image on standard input, and one that was cut short.</summary>
public sealed class StandardInputTests : IDisposable
{
    readonly TempFolder _folder = new();

    static string Program => Path.Combine(AppContext.BaseDirectory, "VmdkFast.Cli.dll");

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void APipeOfTwoCommandsGivesTheSameBytes()
    {
        string raw = Raw();
        Shell(
            $"dotnet '{Program}' convert -f raw -O vmdk -o subformat=streamOptimized '{raw}' - "
            + $"| dotnet '{Program}' convert - - | cmp - '{raw}'");
    }

    [Fact]
    public void AFileAsStandardInputWorksTheSameWay()
    {
        string raw = Raw();
        string stream = _folder["disk.vmdk"];
        Peers.Run(
            "qemu-img", ["convert", "-f", "raw", "-O", "vmdk", "-o", "subformat=streamOptimized", raw, stream])
            .MustSucceed();
        Shell($"dotnet '{Program}' convert -p - '{_folder["out.raw"]}' < '{stream}' 2> /dev/null "
            + $"&& cmp '{_folder["out.raw"]}' '{raw}'");
    }

    [Fact]
    public void ARawDiskComesByPipeWhenItsLengthIsStated()
    {
        string raw = Raw();
        long length = new FileInfo(raw).Length;
        string image = _folder["disk.vmdk"];
        Shell($"cat '{raw}' | dotnet '{Program}' convert -f raw --size {length} -O vmdk -c - - > '{image}'");
        Shell($"dotnet '{Program}' compare '{raw}' '{image}'");
        Shell($"cat '{raw}' | dotnet '{Program}' convert -f raw --size {length} -O vmdk - '{_folder["sparse.vmdk"]}'");
        Shell($"dotnet '{Program}' compare '{raw}' '{_folder["sparse.vmdk"]}'");
        foreach (long wrong in new[] { length - 512, length + 512 })
        {
            Shell($"! cat '{raw}' | dotnet '{Program}' convert -f raw --size {wrong} - '{_folder["no"]}' 2> /dev/null");
            Assert.False(File.Exists(_folder["no"]));
        }
    }

    [Fact]
    public async Task WhatIsNoStreamIsRefusedInOneLine()
    {
        Run.MustFail(await Run.CliAsync("convert", "-", _folder["out.raw"]));
        Run.MustFail(await Run.CliAsync("convert", "-f", "raw", "-", _folder["out.raw"]));
        Run.MustFail(await Run.CliAsync("convert", "--size", "1M", "-", _folder["out.raw"]));
        Run.MustFail(await Run.CliAsync("convert", "--recover-stream", "-", _folder["out.raw"]));
        Assert.Empty(Directory.GetFiles(_folder.Path));
    }

    [Fact]
    public async Task ACutStreamIsRecoveredAndInfoSaysWhatIsMissing()
    {
        string raw = Raw();
        string stream = _folder["disk.vmdk"];
        await Run.OrFailAsync("convert", "-f", "raw", "-O", "vmdk", "-o", "subformat=streamOptimized", raw, stream);
        using (FileStream file = new(stream, FileMode.Open))
        {
            file.SetLength(file.Length * 2 / 3 & ~511L);
        }

        string refusal = Run.MustFail(await Run.CliAsync("convert", stream, _folder["out.raw"]));
        Assert.Contains("incomplete stream", refusal, StringComparison.Ordinal);
        CliResult info = await Run.OrFailAsync("info", "--recover-stream", stream);
        Assert.Contains("missing: the file ends inside a compressed grain", info.Output, StringComparison.Ordinal);
        CliResult json = await Run.OrFailAsync("info", "--recover-stream", "--output", "json", stream);
        Assert.Contains("\"recovery\": {", json.Output, StringComparison.Ordinal);
        CliResult converted = await Run.CliAsync("convert", "--recover-stream", stream, _folder["out.raw"]);
        Assert.Equal(0, converted.ExitCode);
        Assert.Matches("ends inside a compressed grain: [0-9]+ grains are there, .* are ignored\n$", converted.Error);
        byte[] found = await File.ReadAllBytesAsync(_folder["out.raw"], TestContext.Current.CancellationToken);
        byte[] wanted = await File.ReadAllBytesAsync(raw, TestContext.Current.CancellationToken);
        int same = found.AsSpan().CommonPrefixLength(wanted);
        Assert.InRange(same, wanted.Length / 2, wanted.Length - 1);
        Assert.False(found.AsSpan(same).ContainsAnyExcept((byte)0));
    }

    string Raw()
    {
        string path = _folder["disk.raw"];
        byte[] bytes = new byte[3 << 20];
        new Random(1).NextBytes(bytes);
        File.WriteAllBytes(path, bytes);
        return path;
    }

    static void Shell(string command) =>
        Peers.Run("bash", ["-c", $"set -e -o pipefail; {command}"]).MustSucceed();
}
