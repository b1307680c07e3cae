using System.Buffers.Binary;
using System.Text.Json;
using VmdkFast.Cli.Tests.Support;
using VmdkFast.Tests.Support;
using Xunit;

namespace VmdkFast.Cli.Tests;

public sealed class InspectTests : IDisposable
{
    readonly TempFolder _folder = new();

    [Fact]
    public async Task ASparseFileShowsHeaderDescriptorDirectoriesAndTables()
    {
        string image = Images.Make(_folder, "monolithicSparse");
        JsonElement json = (await Run.OrFailAsync("inspect", "--output", "json", image)).Json;
        Assert.Equal(
            [
                "header", "embedded descriptor", "grain directory", "grain tables", "redundant grain directory",
                "redundant grain tables",
            ],
            json.GetProperty("structures").EnumerateArray().Select(s => s.GetProperty("name").GetString()));
        Assert.Equal($"{Images.LengthBytes / 512}", Field(json, "header", "CapacitySectors"));
        Assert.Equal("0x564d444b", Field(json, "header", "Magic"));
        Assert.Equal("monolithicSparse", Field(json, "embedded descriptor", "createType"));

        // 1 MiB, 100 KiB and 64 KiB were written: 16, 2 and 1 grains. Three tables of 32 MiB cover 80 MiB.
        Assert.Equal("3", Field(json, "grain directory", "EntriesInUse"));
        Assert.Equal("19", Field(json, "grain tables", "GrainsAllocated"));
        Assert.Equal("19", Field(json, "redundant grain tables", "GrainsAllocated"));
        Assert.Equal("0", Field(json, "grain tables", "GrainsBeyondFile"));
        Assert.Empty(json.GetProperty("problems").EnumerateArray());
    }

    [Fact]
    public async Task TheTextShowsOffsetValueAndMeaningOfEveryField()
    {
        string image = Images.Make(_folder, "monolithicSparse");
        string text = (await Run.OrFailAsync("inspect", image)).Output;
        Assert.Matches(@"\n +12  CapacitySectors +163840 \(83886080 bytes\) +Capacity of this extent\.\n", text);
        Assert.Contains("  | createType=\"monolithicSparse\"\n", text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task AZeroedGrainIsCountedAsSuch()
    {
        string image = Images.Make(_folder, "zeroedGrain");
        JsonElement json = (await Run.OrFailAsync("inspect", "--json", image)).Json;
        Assert.NotEqual("0", Field(json, "grain tables", "GrainsZero"));
    }

    [Fact]
    public async Task AStreamShowsItsMarkersAndItsFooter()
    {
        string image = Repo.PathOf("tests", "VmdkFast.Tests", "Samples", "vmdk-rs", "streamOptimizedWithMarkers.vmdk");
        JsonElement json = (await Run.OrFailAsync("inspect", "--json", image)).Json;
        Assert.Equal("16", Field(json, "markers", "Grain"));
        Assert.Equal("1", Field(json, "markers", "GrainTable"));
        Assert.Equal("1", Field(json, "markers", "EndOfStream"));
        Assert.Equal("3", Field(json, "footer marker", "Type"));
        Assert.Equal("2198", Field(json, "footer", "DirectoryOffsetSectors"));
    }

    [Fact]
    public async Task ACowdFileShowsItsHeaderAndTables()
    {
        // Capacity 8 sectors, grains of 1 sector, directory in sector 4, one table in sector 5, grain 3 in sector 37.
        var bytes = new byte[38 * 512];
        "COWD"u8.CopyTo(bytes);
        Put(bytes, 4, 1);
        Put(bytes, 8, 3);
        Put(bytes, 12, 8);
        Put(bytes, 16, 1);
        Put(bytes, 20, 4);
        Put(bytes, 24, 1);
        Put(bytes, 28, 38);
        Put(bytes, 4 * 512, 5);
        Put(bytes, (5 * 512) + (3 * 4), 37);
        await File.WriteAllBytesAsync(_folder["cow.vmdk"], bytes, TestContext.Current.CancellationToken);
        JsonElement json = (await Run.OrFailAsync("inspect", "--json", _folder["cow.vmdk"])).Json;
        Assert.Equal("38", Field(json, "header", "FreeSector"));
        Assert.Equal("1", Field(json, "grain tables", "GrainsAllocated"));
        Assert.Equal("37", Field(json, "grain tables", "grain 3"));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(4)]
    [InlineData(200)]
    [InlineData(511)]
    [InlineData(512)]
    [InlineData(600)]
    [InlineData(20_000)]
    [InlineData(70_000)]
    public async Task ACutFileShowsWhatIsThere(int lengthBytes)
    {
        string image = Images.Make(_folder, "monolithicSparse");
        using (FileStream file = File.OpenWrite(image))
        {
            file.SetLength(lengthBytes);
        }

        CliResult result = await Run.CliAsync("inspect", "--json", image);
        if (lengthBytes < 4)
        {
            Run.MustFail(result);
            return;
        }

        Assert.Equal("", result.Error);
        Assert.Equal("header", result.Json.GetProperty("structures")[0].GetProperty("name").GetString());

        // Up to 64 KiB the metadata itself is cut; from there on only grains are missing.
        bool cutMetadata = lengthBytes < 65536;
        Assert.Equal(cutMetadata ? 1 : 0, result.ExitCode);
        Assert.Equal(cutMetadata, result.Json.GetProperty("problems").GetArrayLength() > 0);
        if (!cutMetadata)
        {
            Assert.NotEqual("0", Field(result.Json, "grain tables", "GrainsBeyondFile"));
        }
    }

    [Fact]
    public async Task AHeaderThatIsRefusedIsShownAllTheSame()
    {
        string image = Images.Make(_folder, "monolithicSparse");
        byte[] bytes = await File.ReadAllBytesAsync(image, TestContext.Current.CancellationToken);
        bytes[4] = 9;
        await File.WriteAllBytesAsync(image, bytes, TestContext.Current.CancellationToken);
        CliResult result = await Run.CliAsync("inspect", "--json", image);
        Assert.Equal(1, result.ExitCode);
        Assert.Equal("9", Field(result.Json, "header", "Version"));
        Assert.Equal("19", Field(result.Json, "grain tables", "GrainsAllocated"));
        Assert.Contains("field Version", result.Json.GetProperty("problems")[0].GetString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task NoByteOfAHeaderCanKeepItFromBeingShown()
    {
        string image = Images.Make(_folder, "streamOptimized");
        byte[] bytes = await File.ReadAllBytesAsync(image, TestContext.Current.CancellationToken);
        for (int at = 4; at < 79; at++)
        {
            foreach (byte value in new byte[] { 0, 1, 0x7f, 0xff })
            {
                byte before = bytes[at];
                bytes[at] = value;
                await File.WriteAllBytesAsync(image, bytes, TestContext.Current.CancellationToken);
                bytes[at] = before;
                CliResult result = await Run.CliAsync("inspect", "--json", image);
                Assert.Equal("", result.Error);
                Assert.Equal("0x564d444b", Field(result.Json, "header", "Magic"));
            }
        }
    }

    [Fact]
    public void AHeaderThatPromisesMoreThanTheFileHoldsCostsNothing()
    {
        string image = Images.Make(_folder, "monolithicSparse");
        byte[] bytes = File.ReadAllBytes(image);
        BinaryPrimitives.WriteUInt64LittleEndian(bytes.AsSpan(12), ulong.MaxValue);
        BinaryPrimitives.WriteUInt64LittleEndian(bytes.AsSpan(36), ulong.MaxValue >> 10);
        File.WriteAllBytes(image, bytes);

        // By the library's synchronous call, because only one thread's allocations are free of other tests' ones.
        long before = GC.GetAllocatedBytesForCurrentThread();
        VmdkInspection inspection = VmdkImage.Inspect(image, null, TestContext.Current.CancellationToken);
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 1, 4 << 20);
        Assert.Equal($"{ulong.MaxValue}", inspection.Structures[0].Fields[3].Value);
        Assert.NotEmpty(inspection.Problems);
    }

    [Fact]
    public async Task AFileWithoutItsFirstBytesIsRecognised()
    {
        string image = Images.Make(_folder, "monolithicSparse");
        byte[] bytes = await File.ReadAllBytesAsync(image, TestContext.Current.CancellationToken);
        bytes.AsSpan(0, 16).Clear();
        await File.WriteAllBytesAsync(image, bytes, TestContext.Current.CancellationToken);
        CliResult result = await Run.CliAsync("inspect", "--json", image);
        Assert.Equal(1, result.ExitCode);
        Assert.Equal("monolithicSparse", Field(result.Json, "embedded descriptor", "createType"));
    }

    [Fact]
    public async Task ADescriptorThatCannotBeParsedIsShownAsText()
    {
        File.WriteAllText(_folder["d.vmdk"], "version=1\nthis is nonsense\n");
        CliResult result = await Run.CliAsync("inspect", _folder["d.vmdk"]);
        Assert.Equal(1, result.ExitCode);
        Assert.Contains("  | this is nonsense\n", result.Output, StringComparison.Ordinal);
        Assert.Contains("problems:\n", result.Output, StringComparison.Ordinal);
    }

    public void Dispose() => _folder.Dispose();

    static string? Field(JsonElement json, string structure, string field) =>
        json.GetProperty("structures").EnumerateArray()
            .First(s => s.GetProperty("name").GetString() == structure)
            .GetProperty("fields").EnumerateArray()
            .First(f => f.GetProperty("name").GetString() == field).GetProperty("value").GetString();

    static void Put(byte[] bytes, int offset, uint value) =>
        BinaryPrimitives.WriteUInt32LittleEndian(bytes.AsSpan(offset), value);
}
