using System.Text.Json;
using VmdkFast.Cli.Tests.Support;
using VmdkFast.Tests.Support;
using Xunit;

namespace VmdkFast.Cli.Tests;

public sealed class CheckTests : IDisposable
{
    readonly TempFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task AnImageInOrderEndsInQemusWords()
    {
        string image = Images.Make(_folder, "monolithicSparse");
        string text = (await Run.OrFailAsync("check", "-f", "vmdk", image)).Output;
        Assert.Equal(
            "No errors were found on the image.\n"
            + "19/1280 = 1.48% allocated, 0.00% fragmented, 0.00% compressed clusters\n"
            + $"Image end offset: {new FileInfo(image).Length}\n", text);
        Assert.Equal("", (await Run.OrFailAsync("check", "-q", image)).Output);
    }

    [Theory]
    [InlineData(0x7fff_ffffu, 2, "1 errors were found on the image.\nData may be corrupted, or further writes")]
    [InlineData(0u, 3, "1 leaked clusters were found on the image.\nThis means waste of disk space, but no harm")]
    public async Task TheExitCodeSaysWhatWasFound(uint entry, int exitCode, string expected)
    {
        string image = Damaged(entry);
        CliResult result = await Run.CliAsync("check", image);
        Assert.Equal(exitCode, result.ExitCode);
        Assert.Equal("", result.Error);
        Assert.Contains(expected, result.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task JsonHasQemusKeysAndTheFindings()
    {
        string image = Damaged(0x7fff_ffff);
        JsonElement json = (await Run.CliAsync("check", "--output", "json", image)).Json;
        Assert.Equal(1, json.GetProperty("corruptions").GetInt32());
        Assert.Equal(0, json.GetProperty("check-errors").GetInt32());
        Assert.Equal(1280, json.GetProperty("total-clusters").GetInt32());
        Assert.Equal("vmdk", json.GetProperty("format").GetString());
        Assert.Equal(image, json.GetProperty("filename").GetString());
        JsonElement finding = json.GetProperty("findings")[0];
        Assert.Equal("TableEntryInvalid", finding.GetProperty("kind").GetString());
        Assert.Equal(1 << 20, finding.GetProperty("guest-offset").GetInt32());
        Assert.Equal(65536, finding.GetProperty("guest-length").GetInt32());
    }

    [Fact]
    public async Task EveryKeyOfQemusIsThere()
    {
        string image = Images.Make(_folder, "streamOptimized");
        JsonElement ours = (await Run.OrFailAsync("check", "--output", "json", image)).Json;
        using var theirs = JsonDocument.Parse(
            Peers.Run("qemu-img", "check", "-f", "vmdk", "--output=json", image).MustSucceed().Output);
        Assert.All(
            theirs.RootElement.EnumerateObject(),
            key => Assert.Equal(key.Value.ToString(), $"{ours.GetProperty(key.Name)}"));
    }

    [Fact]
    public async Task WhatCannotBeCheckedEndsIn63AndWhatCouldNotBeReadIn1()
    {
        var bytes = new byte[4096];
        BitConverter.GetBytes(0xCAFE_BABEul).CopyTo(bytes, 0);
        BitConverter.GetBytes(0x3_0000_0001ul).CopyTo(bytes, 8);
        await File.WriteAllBytesAsync(_folder["se.vmdk"], bytes, TestContext.Current.CancellationToken);
        foreach (string verb in new[] { "check", "repair" })
        {
            CliResult refused = await Run.CliAsync(verb, _folder["se.vmdk"]);
            Assert.Equal(63, refused.ExitCode);
            Assert.Contains("Version", refused.Error, StringComparison.Ordinal);
        }

        await File.WriteAllBytesAsync(_folder["no.vmdk"], new byte[100], TestContext.Current.CancellationToken);
        string foreign = Run.MustFail(await Run.CliAsync("check", _folder["no.vmdk"]));
        Assert.Contains("not a VMDK", foreign, StringComparison.Ordinal);
        string flat = Images.Make(_folder, "monolithicFlat");
        CliResult result = await Run.CliAsync("check", "--references", "deny", flat);
        Assert.Equal(1, result.ExitCode);
        Assert.Contains("1 internal errors have occurred during the check.", result.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task ProgressIsShownWhenAskedFor()
    {
        string image = Images.Make(_folder, "streamOptimized");
        CliResult result = await Run.CliAsync("check", "--deep", "-m", "2", "-p", image);
        Assert.Equal(0, result.ExitCode);
        Assert.Contains("(100.00/100%)", result.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task LeaksAreRepairedInPlaceAndCanBeTakenBack()
    {
        string image = Damaged(0);
        byte[] damaged = await File.ReadAllBytesAsync(image, TestContext.Current.CancellationToken);
        CliResult result = await Run.OrFailAsync("check", "-r", "leaks", image);
        Assert.Contains("found and repaired:\n\n    1 leaked clusters\n", result.Output, StringComparison.Ordinal);
        Assert.Contains("No errors were found", result.Output, StringComparison.Ordinal);
        string journal = Assert.Single(Directory.GetFiles(_folder.Path, "*.undo-*"));
        await Run.OrFailAsync("repair", "--undo", journal);
        Assert.Equal(damaged, await File.ReadAllBytesAsync(image, TestContext.Current.CancellationToken));
    }

    [Fact]
    public async Task APlanIsShownAndThenCarriedOut()
    {
        string image = Images.Make(_folder, "monolithicSparse");
        byte[] good = await File.ReadAllBytesAsync(image, TestContext.Current.CancellationToken);
        long table = Patch.ReadUInt32(image, (long)HostedHeader.Read(image).DirectorySector * 512) * 512L;
        Patch.WriteUInt32(image, table + 64, 0x7fff_ffff);
        CliResult plan = await Run.CliAsync("repair", image);
        Assert.Equal(2, plan.ExitCode);
        Assert.Contains(
            $"write 4 bytes at byte {table + 64} of {image}: grainTable[0][16]: from its copy", plan.Output,
            StringComparison.Ordinal);
        Assert.Equal(0x7fff_ffffu, Patch.ReadUInt32(image, table + 64));

        string journal = _folder["journal"];
        JsonElement json = (await Run.OrFailAsync(
            "repair", "--apply", "--json", "--journal", journal, image)).Json;

        Assert.True(json.GetProperty("applied").GetBoolean());
        Assert.Equal(journal, json.GetProperty("journal").GetString());
        Assert.Equal(0, json.GetProperty("after").GetProperty("corruptions").GetInt32());
        Assert.Equal(good, await File.ReadAllBytesAsync(image, TestContext.Current.CancellationToken));
    }

    [Fact]
    public async Task ALostEmbeddedDescriptorIsMadeAnew()
    {
        string image = Images.Make(_folder, "monolithicSparse");
        Patch.WriteBytes(image, 512, new byte[20 * 512]);
        Assert.Equal(2, (await Run.CliAsync("check", image)).ExitCode);
        Assert.Contains(
            "vmdkfast repair --rebuild-descriptor",
            (await Run.CliAsync("repair", "--apply", image)).Output, StringComparison.Ordinal);
        Assert.Contains(
            "whether the image had one is not known",
            (await Run.CliAsync("repair", "--rebuild-descriptor", image)).Output, StringComparison.Ordinal);
        await Run.OrFailAsync("repair", "--apply", "--rebuild-descriptor", image);
        await Run.OrFailAsync("check", image);
    }

    [Theory]
    [InlineData("-r some", "check", "-r", "some", "a.vmdk")]
    [InlineData("-r does not go with -U", "check", "-r", "all", "-U", "a.vmdk")]
    [InlineData("--apply does not go with -U", "repair", "--apply", "-U", "a.vmdk")]
    [InlineData("FILE to repair is missing", "repair", "--apply")]
    [InlineData("needs --from", "repair", "--rebuild-descriptor", "a.vmdk")]
    [InlineData("goes with --rebuild-descriptor", "repair", "--from", "b-flat.vmdk", "a.vmdk")]
    [InlineData("goes with --from", "repair", "--rebuild-descriptor", "--parent", "b.vmdk", "a.vmdk")]
    [InlineData("no such kind", "repair", "--rebuild-descriptor", "--from", "b", "--subformat", "x", "a.vmdk")]
    [InlineData("beside the descriptor", "repair", "--rebuild-descriptor", "--from", "/b/c-flat.vmdk", "a.vmdk")]
    [InlineData("takes the journal alone", "repair", "--undo", "j", "a.vmdk")]
    [InlineData("nothere", "repair", "nothere.vmdk")]
    public async Task AWrongWishIsOneClearLine(string expected, params string[] arguments) =>
        Assert.Contains(expected, Run.MustFail(await Run.CliAsync(arguments)), StringComparison.Ordinal);

    // The 17th grain, 1 MiB into the disk, in both tables.
    string Damaged(uint entry)
    {
        string image = Images.Make(_folder, "monolithicSparse");
        HostedHeader header = HostedHeader.Read(image);
        foreach (ulong directory in new[] { header.DirectorySector, header.RedundantDirectorySector })
        {
            long table = Patch.ReadUInt32(image, (long)directory * 512) * 512L;
            Patch.WriteUInt32(image, table + 64, entry);
        }

        return image;
    }
}
