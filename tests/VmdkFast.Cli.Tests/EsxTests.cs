using System.Buffers.Binary;
using System.Text.Json;
using VmdkFast.Cli.Tests.Support;
using VmdkFast.Tests.Support;
using Xunit;

namespace VmdkFast.Cli.Tests;

/// <summary>What ESX leaves behind, at the shell: seSparse, deltas, raw device maps, change tracking.</summary>
public sealed class EsxTests : IDisposable
{
    const int Sectors = 64;

    readonly TempFolder _folder = new();

    [Fact]
    public async Task InspectShowsHeadersDirectoryAndTablesOfSeSparse()
    {
        MakeSeSparse(dirty: false);
        JsonElement json = (await Run.OrFailAsync("inspect", "--json", _folder["x-sesparse.vmdk"])).Json;
        Assert.Equal(
            ["header", "volatile header", "grain directory", "grain tables"],
            json.GetProperty("structures").EnumerateArray().Select(s => s.GetProperty("name").GetString()));
        Assert.Equal("0x00000000cafebabe", Field(json, 0, "Magic"));
        Assert.Equal($"{Sectors}", Field(json, 0, "CapacitySectors"));
        Assert.Equal("0", Field(json, 1, "ReplayJournal"));
        Assert.Equal("1", Field(json, 2, "EntriesInUse"));
        Assert.Equal("2", Field(json, 3, "GrainsAllocated"));
        Assert.Equal("1", Field(json, 3, "GrainsZero"));
        Assert.Equal("1", Field(json, 3, "GrainsUnmapped"));
        Assert.Equal("0", Field(json, 3, "GrainsUnknown"));
    }

    [Fact]
    public async Task ADirtyOneIsReadWhenToldTo()
    {
        string image = MakeSeSparse(dirty: true);
        string refusal = Run.MustFail(await Run.CliAsync("info", image));
        Assert.Contains("ReplayJournal", refusal, StringComparison.Ordinal);

        string text = (await Run.OrFailAsync("info", "--read-dirty", image)).Output;
        Assert.Contains("cleanly shut down: no\nwarning: ", text, StringComparison.Ordinal);
        Assert.Contains("may be stale", text, StringComparison.Ordinal);
        JsonElement json = (await Run.OrFailAsync("info", "--json", "--read-dirty", image)).Json;
        Assert.Contains(
            "may be stale",
            json.GetProperty("format-specific").GetProperty("data").GetProperty("warnings")[0].GetString(),
            StringComparison.Ordinal);
    }

    [Fact]
    public async Task UnmappedGrainsShowTheParentWhenToldTo()
    {
        byte[] below = new byte[Sectors * 512];
        below.AsSpan().Fill(0x11);
        await File.WriteAllBytesAsync(_folder["base-flat.vmdk"], below, TestContext.Current.CancellationToken);
        WriteDescriptor("base.vmdk", "vmfs", $"RW {Sectors} VMFS \"base-flat.vmdk\"", "CID=00000001");
        string image = MakeSeSparse(dirty: false, "parentCID=00000001", "parentFileNameHint=\"base.vmdk\"");

        await Run.OrFailAsync("convert", image, _folder["zero.raw"]);
        await Run.OrFailAsync("convert", "--unmapped", "parent", image, _folder["parent.raw"]);
        byte[] zero = await File.ReadAllBytesAsync(_folder["zero.raw"], TestContext.Current.CancellationToken);
        byte[] parent = await File.ReadAllBytesAsync(_folder["parent.raw"], TestContext.Current.CancellationToken);
        Assert.Equal([0x41, 0x42, 0, 0, 0x11], Enumerable.Range(0, 5).Select(grain => zero[grain * 4096]));
        Assert.Equal([0x41, 0x42, 0, 0x11, 0x11], Enumerable.Range(0, 5).Select(grain => parent[grain * 4096]));

        CliResult result = await Run.CliAsync("info", "--unmapped", "both", image);
        Assert.Contains("--unmapped both", result.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task ARawDeviceMapIsReadFromItsTarget()
    {
        byte[] data = new byte[Sectors * 512];
        new Random(1).NextBytes(data);
        await File.WriteAllBytesAsync(_folder["device"], data, TestContext.Current.CancellationToken);
        string image = WriteDescriptor("x.vmdk", "vmfsRDM", $"RW {Sectors} VMFSRDM \"x-rdm.vmdk\"");

        string refusal = Run.MustFail(await Run.CliAsync("info", image));
        Assert.Contains("mapping file 'x-rdm.vmdk'", refusal, StringComparison.Ordinal);

        await Run.OrFailAsync("convert", "--map-device", $"x-rdm.vmdk={_folder["device"]}", image, _folder["x.raw"]);
        Assert.Equal(
            data, await File.ReadAllBytesAsync(_folder["x.raw"], TestContext.Current.CancellationToken));
        foreach (string wrong in (string[])["x-rdm.vmdk", "=a", "a="])
        {
            CliResult result = await Run.CliAsync("info", "--map-device", wrong, image);
            Assert.Contains("wanted NAME=PATH", result.Error, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task InfoShowsWhatADeltaInherits()
    {
        await File.WriteAllBytesAsync(
            _folder["base-flat.vmdk"], new byte[Sectors * 512], TestContext.Current.CancellationToken);
        WriteDescriptor(
            "base.vmdk", "vmfs", $"RW {Sectors} VMFS \"base-flat.vmdk\"", "CID=00000001",
            "ddb.adapterType = \"lsilogic\"");
        string image = MakeSeSparse(dirty: false, "parentCID=00000001", "parentFileNameHint=\"base.vmdk\"");

        string text = (await Run.OrFailAsync("info", image)).Output;
        Assert.Contains(
            $"    ddb.adapterType: lsilogic (inherited from {_folder["base.vmdk"]})\n", text, StringComparison.Ordinal);
        JsonElement entry = (await Run.OrFailAsync("info", "--json", image)).Json
            .GetProperty("format-specific").GetProperty("data").GetProperty("inherited-entries")[0];
        Assert.Equal("ddb.adapterType", entry.GetProperty("key").GetString());
        Assert.Equal("lsilogic", entry.GetProperty("value").GetString());

        // Without its parent the image still says what it knows.
        File.Delete(_folder["base.vmdk"]);
        Assert.DoesNotContain("inherited", (await Run.OrFailAsync("info", image)).Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task InfoAndInspectShowTheChangeTrackingFile()
    {
        byte[] tracking = new byte[1024];
        BinaryPrimitives.WriteUInt32BigEndian(tracking, 0xA27219F6);
        tracking.AsSpan(44, 16).Fill(0xAB);
        await File.WriteAllBytesAsync(_folder["x-ctk.vmdk"], tracking, TestContext.Current.CancellationToken);
        await File.WriteAllBytesAsync(
            _folder["x-flat.vmdk"], new byte[Sectors * 512], TestContext.Current.CancellationToken);
        string image = WriteDescriptor(
            "x.vmdk", "vmfs", $"RW {Sectors} VMFS \"x-flat.vmdk\"", "changeTrackPath=\"x-ctk.vmdk\"");
        string identifier = string.Concat(Enumerable.Repeat("ab", 16));

        string text = (await Run.OrFailAsync("info", image)).Output;
        Assert.Contains(
            $"    change track file: 1024 bytes, identifier {identifier}\n", text, StringComparison.Ordinal);
        JsonElement shown = (await Run.OrFailAsync("info", "--json", image)).Json
            .GetProperty("format-specific").GetProperty("data").GetProperty("change-tracking");
        Assert.True(shown.GetProperty("exists").GetBoolean());
        Assert.Equal(identifier, shown.GetProperty("identifier").GetString());

        JsonElement json = (await Run.OrFailAsync("inspect", "--json", _folder["x-ctk.vmdk"])).Json;
        Assert.Equal(identifier, Field(json, 0, "Identifier"));
        string refusal = Run.MustFail(await Run.CliAsync("info", _folder["x-ctk.vmdk"]));
        Assert.Contains("change tracking file", refusal, StringComparison.Ordinal);
    }

    [Fact]
    public async Task AnEncodingCanBeChosenForANewDisk()
    {
        string image = _folder["磁盘.vmdk"];
        await Run.OrFailAsync("create", "-q", "-o", "subformat=monolithicFlat,encoding=GBK", image, "1M");
        byte[] bytes = await File.ReadAllBytesAsync(image, TestContext.Current.CancellationToken);
        Assert.True(bytes.AsSpan().IndexOf((ReadOnlySpan<byte>)[0xB4, 0xC5, 0xC5, 0xCC]) > 0);
        Assert.Contains(
            "descriptor version: 1, GBK\n", (await Run.OrFailAsync("info", image)).Output, StringComparison.Ordinal);

        CliResult refused = await Run.CliAsync("create", "-q", "-o", "encoding=windows-1252", _folder["盘.vmdk"], "1M");
        Assert.Contains("windows-1252", refused.Error, StringComparison.Ordinal);
        Assert.False(File.Exists(_folder["盘.vmdk"]));
    }

    public void Dispose() => _folder.Dispose();

    // Grains 0 and 1 stored in turned order, 2 zeros, 3 unmapped, the others absent.
    string MakeSeSparse(bool dirty, params string[] lines)
    {
        byte[] bytes = new byte[(128 + 16) * 512];
        void Put(int offset, ulong value) => BinaryPrimitives.WriteUInt64LittleEndian(bytes.AsSpan(offset), value);
        ulong[] header = [0xCAFEBABE, 0x200000001, Sectors, 8, 64, 0, 0, 0, 0, 0, 1, 1, 2, 1, 3, 1, 4, 1, 64, 64,
            5, 1, 6, 1, 128, 16];
        for (int i = 0; i < header.Length; i++)
        {
            Put(i * 8, header[i]);
        }

        Put(512, 0xCAFECAFE);
        Put(512 + 24, dirty ? 1UL : 0);
        Put(4 * 512, 0x1000_0000_0000_0000);
        Put(64 * 512, 0x3001_0000_0000_0000);
        Put((64 * 512) + 8, 0x3000_0000_0000_0000);
        Put((64 * 512) + 16, 0x2000_0000_0000_0000);
        Put((64 * 512) + 24, 0x1000_0000_0000_0000);
        bytes.AsSpan(128 * 512, 4096).Fill(0x42);
        bytes.AsSpan(136 * 512, 4096).Fill(0x41);
        File.WriteAllBytes(_folder["x-sesparse.vmdk"], bytes);
        return WriteDescriptor("x.vmdk", "seSparse", $"RW {Sectors} SESPARSE \"x-sesparse.vmdk\"", lines);
    }

    string WriteDescriptor(string name, string createType, string extent, params string[] lines)
    {
        string[] fixedLines = [.. ((string[])["CID=0000abcd", "parentCID=ffffffff"])
            .Where(line => !lines.Any(given => given.StartsWith(line[..line.IndexOf('=', StringComparison.Ordinal)],
                StringComparison.Ordinal)))];
        File.WriteAllLines(
            _folder[name],
            [
                "# Disk DescriptorFile", "version=1", .. fixedLines, $"createType=\"{createType}\"",
                .. lines.Where(line => !line.StartsWith("ddb.", StringComparison.Ordinal)), extent,
                .. lines.Where(line => line.StartsWith("ddb.", StringComparison.Ordinal)),
            ]);
        return _folder[name];
    }

    static string? Field(JsonElement json, int structure, string field) =>
        json.GetProperty("structures")[structure].GetProperty("fields").EnumerateArray()
            .First(f => f.GetProperty("name").GetString() == field).GetProperty("value").GetString();
}
