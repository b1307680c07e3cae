using System.Globalization;
using System.Text.Json;
using VmdkFast.Cli.Tests.Support;
using VmdkFast.Tests.Support;
using Xunit;

namespace VmdkFast.Cli.Tests;

public sealed class RepairTests : IDisposable
{
    readonly TempFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task ALostDescriptorIsMadeAnew()
    {
        string image = Images.Make(_folder, "monolithicFlat");
        File.Delete(image);
        string flat = image.Replace(".vmdk", "-flat.vmdk", StringComparison.Ordinal);
        await Run.OrFailAsync("repair", "--rebuild-descriptor", "--from", flat, image);
        Assert.False(File.Exists(image));
        await Run.OrFailAsync(
            "repair", "--apply", "--rebuild-descriptor", "--from", flat, "--subformat", "vmfs", image);
        Assert.Equal(
            "vmfs", (await Run.OrFailAsync("info", "--json", image)).Json.GetProperty("format-specific")
                .GetProperty("data").GetProperty("create-type").GetString());
    }

    [Fact]
    public async Task ASparseDiskGetsAParentOnlyWhenOneIsNamed()
    {
        string parent = Images.Make(_folder, "twoGbMaxExtentSparse");
        string child = _folder["child.vmdk"];
        await Run.OrFailAsync("create", "-o", "subformat=twoGbMaxExtentSparse", "-b", parent, "-F", "vmdk", child);
        string wanted = (await Run.OrFailAsync("hash", child)).Output;
        File.Delete(child);
        string[] repair = ["repair", "--apply", "--rebuild-descriptor", "--from", _folder["child-s001.vmdk"]];

        CliResult result = await Run.CliAsync([.. repair, child]);

        Assert.Contains("names no parent", result.Error, StringComparison.Ordinal);
        File.Delete(child);
        Assert.Empty((await Run.OrFailAsync([.. repair, "--parent", parent, child])).Error);
        Assert.Equal(wanted, (await Run.OrFailAsync("hash", child)).Output);
    }

    [Fact]
    public async Task ADamagedDescriptorIsKeptAndThatIsSaid()
    {
        string image = Images.Make(_folder, "monolithicFlat");
        string flat = image.Replace(".vmdk", "-flat.vmdk", StringComparison.Ordinal);
        await File.WriteAllTextAsync(image, "version=1\n", TestContext.Current.CancellationToken);
        CliResult plan = await Run.CliAsync("repair", image);
        Assert.Contains("Nothing was repaired; what remains: ", plan.Output, StringComparison.Ordinal);
        Assert.Contains("vmdkfast repair --rebuild-descriptor would ", plan.Output, StringComparison.Ordinal);

        CliResult made = await Run.CliAsync("repair", "--apply", "--rebuild-descriptor", "--from", flat, image);

        Assert.Equal(0, made.ExitCode);
        Assert.Equal($"vmdkfast: what {image} held is kept as {image}.damaged\n", made.Error);
        Assert.Equal(
            await File.ReadAllTextAsync(image, TestContext.Current.CancellationToken), made.Output);
        string again = Run.MustFail(
            await Run.CliAsync("repair", "--apply", "--rebuild-descriptor", "--from", flat, image));
        Assert.Contains("already exists", again, StringComparison.Ordinal);
    }

    [Fact]
    public async Task JsonTellsOfDescriptorsAndOfWhatWasPutBack()
    {
        string image = Images.Make(_folder, "monolithicFlat");
        string flat = image.Replace(".vmdk", "-flat.vmdk", StringComparison.Ordinal);
        await File.WriteAllTextAsync(image, "", TestContext.Current.CancellationToken);
        JsonElement made = (await Run.OrFailAsync(
            "repair", "--json", "--apply", "--rebuild-descriptor", "--from", flat, image)).Json;
        Assert.Equal(image, made.GetProperty("filename").GetString());
        Assert.True(made.GetProperty("applied").GetBoolean());
        Assert.Equal(image + ".damaged", made.GetProperty("kept-as").GetString());
        Assert.Equal(
            await File.ReadAllTextAsync(image, TestContext.Current.CancellationToken),
            made.GetProperty("descriptor").GetString());

        string sparse = Damaged(5, 0x7fff_ffff, 1);
        string journal = _folder["journal"];
        await Run.CliAsync("repair", "--apply", "--journal", journal, sparse);
        JsonElement undone = (await Run.OrFailAsync("repair", "--output", "json", "--undo", journal)).Json;
        Assert.Equal(journal, undone.GetProperty("journal").GetString());
        Assert.Equal(sparse, Assert.Single(undone.GetProperty("put-back").EnumerateArray()).GetString());
        undone = (await Run.OrFailAsync("repair", "--json", "--undo", journal)).Json;
        Assert.Equal(0, undone.GetProperty("put-back").GetArrayLength());
    }

    [Fact]
    public async Task WhatRemainsAndWhatWouldHelpIsSaid()
    {
        string image = Damaged(16, 0x7fff_ffff, 2);
        CliResult result = await Run.CliAsync("repair", image);
        Assert.Equal(2, result.ExitCode);
        Assert.StartsWith("Nothing was repaired; what remains: 1 error", result.Output, StringComparison.Ordinal);
        Assert.Contains("\nvmdkfast repair --drop-lost would ", result.Output, StringComparison.Ordinal);
        Assert.Equal(
            "--drop-lost",
            (await Run.CliAsync("repair", "--json", image)).Json.GetProperty("would-help")[0].GetString());
        result = await Run.CliAsync("repair", "--drop-lost", image);
        Assert.DoesNotContain("would give up what is lost", result.Output, StringComparison.Ordinal);

        // A child whose parent was changed.
        string child = Images.Make(_folder, "chain");
        string middle = _folder["middle.vmdk"];
        string text = await File.ReadAllTextAsync(
            middle, System.Text.Encoding.Latin1, TestContext.Current.CancellationToken);
        int at = text.IndexOf("\nCID=", StringComparison.Ordinal) + 5;
        Patch.WriteBytes(middle, at, text[at] == '1' ? "2"u8 : "1"u8);
        result = await Run.CliAsync("repair", child);
        Assert.Contains("\nvmdkfast repair --accept-parent would ", result.Output, StringComparison.Ordinal);

        // A child whose parent's parent was changed: it is the parent that must accept that.
        Patch.WriteBytes(middle, at, [(byte)text[at]]);
        string bottom = _folder["base.vmdk"];
        text = await File.ReadAllTextAsync(
            bottom, System.Text.Encoding.Latin1, TestContext.Current.CancellationToken);
        at = text.IndexOf("\nCID=", StringComparison.Ordinal) + 5;
        Patch.WriteBytes(bottom, at, text[at] == '1' ? "2"u8 : "1"u8);
        result = await Run.CliAsync("repair", "--accept-parent", child);
        Assert.Contains($": vmdkfast repair --accept-parent {middle}\n", result.Output, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("/a/b.vmdk", "/a/b.vmdk")]
    [InlineData("a b", "'a b'")]
    [InlineData("it's", "'it'\\''s'")]
    [InlineData("$(x)", "'$(x)'")]
    public void AnArgumentIsShownAsAShellTakesIt(string text, string shown) =>
        Assert.Equal(shown, Printable.Argument(text));

    [Theory]
    [InlineData("check", "-r", "leaks")]
    [InlineData("repair", "--apply", "--leaks")]
    public async Task WhyNoSpaceIsGivenBackIsSaid(params string[] command)
    {
        string image = Damaged(16, 0, 2);
        Damage(image, 17, 0x7fff_ffff, 1);
        CliResult result = await Run.CliAsync([.. command, image]);
        Assert.Equal(2, result.ExitCode);
        Assert.Contains("what remains: 1 error, 1 leaked cluster.\n", result.Output, StringComparison.Ordinal);
        Assert.Contains("No space is given back while there are errors", result.Output, StringComparison.Ordinal);
        Assert.Empty(Directory.GetFiles(_folder.Path, "*.undo-*"));
        result = await Run.CliAsync("repair", "--apply", image);
        Assert.Equal(3, result.ExitCode);
        Assert.Contains("is given back by a second run", result.Output, StringComparison.Ordinal);
        result = await Run.OrFailAsync("repair", "--apply", image);
        Assert.DoesNotContain("second run", result.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task ChangesAreListedByPlace()
    {
        string image = Damaged(5, 0x7fff_ffff, 1);
        foreach (int grain in new[] { 30, 2, 17 })
        {
            Damage(image, grain, 0x7fff_ffff, 1);
            Damage(image, grain + 1, 0x7fff_ffff, 2, first: 1);
        }

        CliResult result = await Run.CliAsync("repair", image);
        long[] offsets = [.. result.Output.Split('\n')
            .Where(line => line.StartsWith("  write ", StringComparison.Ordinal))
            .Select(line => long.Parse(line.Split(' ')[7], CultureInfo.InvariantCulture))];
        Assert.Equal(7, offsets.Length);
        Assert.Equal(offsets.Order(), offsets);
        Assert.Equal(
            offsets,
            (await Run.CliAsync("repair", "--json", image)).Json.GetProperty("changes").EnumerateArray()
                .Select(change => change.GetProperty("offset").GetInt64()));
    }

    // The journal is sealed before the first change, and the check of all grains that follows takes a while.
    [Fact]
    public async Task AnInterruptedRepairNamesItsJournal()
    {
        string plain = _folder["plain.vmdk"];
        Images.Create(plain, "monolithicSparse", 192L << 20);
        Images.Write(plain, "write -P 5 0 192M");
        string image = _folder["stream.vmdk"];
        Peers.Run(
            "qemu-img", "convert", "-f", "vmdk", "-O", "vmdk", "-o", "subformat=streamOptimized", plain, image)
            .MustSucceed();
        Damage(image, 7, 0x7fff_ffff, 1);
        byte[] damaged = await File.ReadAllBytesAsync(image, TestContext.Current.CancellationToken);
        string journal = _folder["journal"];
        using var cancellation = new CancellationTokenSource();
        Task<CliResult> repair = Task.Run(
            () => Run.CliAsync(
                cancellation.Token, "repair", "--apply", "--deep", "-m", "1", "--journal", journal, image),
            TestContext.Current.CancellationToken);
        while (!repair.IsCompleted && !IsSealed())
        {
            await Task.Delay(1, TestContext.Current.CancellationToken);
        }

        await cancellation.CancelAsync();
        CliResult result = await repair;

        Assert.Equal(
            $"vmdkfast: cancelled after the repair had made changes; the journal '{journal}' takes them back\n",
            result.Error);
        Assert.Equal(130, result.ExitCode);
        await Run.OrFailAsync("repair", "--undo", journal);
        Assert.Equal(damaged, await File.ReadAllBytesAsync(image, TestContext.Current.CancellationToken));

        bool IsSealed() => File.Exists(journal) && new FileInfo(journal).Length > 8192
            && Patch.ReadBytes(journal, 512, 1)[0] != 0;
    }

    // Files of at most 4 KiB can be written: the journal's head does not fit.
    [Fact]
    public async Task ARepairThatCannotWriteItsJournalLeavesNone()
    {
        string image = Damaged(5, 0x7fff_ffff, 1);
        byte[] damaged = await File.ReadAllBytesAsync(image, TestContext.Current.CancellationToken);
        string program = Path.Combine(AppContext.BaseDirectory, "VmdkFast.Cli.dll");
        PeerResult result = Peers.Run(
            "bash", "-c",
            "trap '' XFSZ; ulimit -f 4; export DOTNET_EnableWriteXorExecute=0 DOTNET_EnableDiagnostics=0; "
            + $"dotnet '{program}' repair --apply '{image}'");
        Assert.Equal(1, result.ExitCode);
        Assert.Contains(".undo-", result.Error, StringComparison.Ordinal);
        Assert.Equal([image], Directory.GetFiles(_folder.Path));
        Assert.Equal(damaged, await File.ReadAllBytesAsync(image, TestContext.Current.CancellationToken));
    }

    string Damaged(int grain, uint entry, int tables)
    {
        string image = Images.Make(_folder, "monolithicSparse");
        Damage(image, grain, entry, tables);
        return image;
    }

    static void Damage(string image, int grain, uint entry, int tables, int first = 0)
    {
        HostedHeader header = HostedHeader.Read(image);
        foreach (ulong directory in new[] { header.DirectorySector, header.RedundantDirectorySector }[first..tables])
        {
            long table = Patch.ReadUInt32(image, (long)directory * 512) * 512L;
            Patch.WriteUInt32(image, table + (grain * 4), entry);
        }
    }
}
