using System.Buffers.Binary;
using System.Diagnostics;
using System.Text;
using VmdkFast.Tests.Support;
using Xunit;
using static VmdkFast.Tests.Creating.Created;

namespace VmdkFast.Tests.Creating;

public sealed class CreatedLayoutTests : IDisposable
{
    readonly TempFolder _folder = new();

    [Fact]
    public async Task TenMebibytesLieAsVMwaresOwnLie()
    {
        // The sectors of a 10 MiB disk that VMware's library made: docs/format.md, 2.1.
        string path = await MakeAsync(_folder["disk.vmdk"], Fixed(VmdkDiskKind.MonolithicSparse, 10 * MiB));
        var expected = new HostedHeader
        {
            Version = 1,
            Flags = 3,
            CapacitySectors = 20480,
            GrainSectors = 128,
            DescriptorSector = 1,
            DescriptorSectors = 20,
            TableEntries = 512,
            RedundantDirectorySector = 21,
            DirectorySector = 26,
            OverheadSectors = 128,
        };
        Assert.Equal(expected, HostedHeader.Read(path));
        Assert.Equal(128 * 512, new FileInfo(path).Length);
        Assert.Equal([22u], Entries(path, 21, 1));
        Assert.Equal([27u], Entries(path, 26, 1));
        Assert.Equal(-1, Patch.ReadBytes(path, 27 * 512, 101 * 512).AsSpan().IndexOfAnyExcept((byte)0));
    }

    [Fact]
    public async Task ASplitExtentHasNoRoomForADescriptorAndItsDirectoriesFollowAtOnce()
    {
        string path = await MakeAsync(_folder["disk.vmdk"], VmdkDiskKind.TwoGbMaxExtentSparse, 2 * GiB + 512);
        HostedHeader first = HostedHeader.Read(_folder["disk-s001.vmdk"]);
        Assert.Equal((0ul, 0ul), (first.DescriptorSector, first.DescriptorSectors));
        Assert.Equal((1ul, 258ul, 640ul),
            (first.RedundantDirectorySector, first.DirectorySector, first.OverheadSectors));
        Assert.Equal(
            Enumerable.Range(0, 64).Select(i => (uint)(2 + (4 * i))), Entries(_folder["disk-s001.vmdk"], 1, 64));
        Assert.Equal(
            Enumerable.Range(0, 64).Select(i => (uint)(259 + (4 * i))), Entries(_folder["disk-s001.vmdk"], 258, 64));
        Assert.Equal(1ul, HostedHeader.Read(_folder["disk-s002.vmdk"]).CapacitySectors);
        Assert.Contains("RW 1 SPARSE \"disk-s002.vmdk\"", File.ReadAllText(path), StringComparison.Ordinal);
    }

    [Fact]
    public async Task ZeroGrainsAreAFlagAndVersionTwo()
    {
        string path = await MakeAsync(
            _folder["disk.vmdk"], Fixed(VmdkDiskKind.MonolithicSparse, MiB) with { ZeroGrains = true });
        HostedHeader header = HostedHeader.Read(path);
        Assert.Equal((2u, 7u), (header.Version, header.Flags));
    }

    [Fact]
    public async Task AStreamIsDirectoryThenTablesThenItsEnd()
    {
        string path = await MakeAsync(_folder["disk.vmdk"], Fixed(VmdkDiskKind.StreamOptimized, 5 * GiB));
        var expected = new HostedHeader
        {
            Version = 3,
            Flags = 0x30001,
            CapacitySectors = 10485760,
            GrainSectors = 128,
            DescriptorSector = 1,
            DescriptorSectors = 20,
            TableEntries = 512,
            RedundantDirectorySector = 0,
            DirectorySector = 21,
            OverheadSectors = 768,
            CompressAlgorithm = 1,
        };
        Assert.Equal(expected, HostedHeader.Read(path));
        Assert.Equal(Enumerable.Range(0, 160).Select(i => (uint)(23 + (4 * i))), Entries(path, 21, 160));
        Assert.Equal(769 * 512, new FileInfo(path).Length);
        Assert.Equal(-1, Patch.ReadBytes(path, 768 * 512, 512).AsSpan().IndexOfAnyExcept((byte)0));
    }

    [Theory]
    [InlineData(4 << 10)]
    [InlineData(1 << 20)]
    [InlineData(1 << 30)]
    public async Task TheFirstGrainIsAligned(int grainBytes)
    {
        string path = await MakeAsync(
            _folder["disk.vmdk"], Fixed(VmdkDiskKind.MonolithicSparse, 3 * GiB) with { GrainBytes = grainBytes });
        HostedHeader header = HostedHeader.Read(path);
        Assert.Equal((ulong)grainBytes / 512, header.GrainSectors);
        Assert.Equal(0ul, header.OverheadSectors % header.GrainSectors);
        Assert.Equal((long)header.OverheadSectors * 512, new FileInfo(path).Length);
        ReadsAsZeros(path, 3 * GiB);
        Peers.Run("qemu-io", "-f", "vmdk", "-c", "write -P 9 2G 4k", "-c", "read -P 9 2G 4k", path).MustSucceed();
        Assert.Equal(0, QemuImg.Check(path).ExitCode);
    }

    [Fact]
    public async Task SixtyTwoTebibytesCostOnlyTheirDirectories()
    {
        var watch = Stopwatch.StartNew();
        string path = await MakeAsync(_folder["disk.vmdk"], VmdkDiskKind.MonolithicSparse, 62 * TiB);
        Assert.True(watch.Elapsed < TimeSpan.FromSeconds(10), $"took {watch.Elapsed}");
        HostedHeader header = HostedHeader.Read(path);
        const int Directory = 62 * 1024 * 1024 / 32;
        uint[] entries = Entries(path, header.DirectorySector, Directory);
        Assert.Equal(header.DirectorySector + (Directory / 128), entries[0]);
        Assert.Equal(entries[0] + (4u * (Directory - 1)), entries[^1]);
        Assert.Equal(header.DirectorySector, Entries(path, header.RedundantDirectorySector, Directory)[^1] + 4ul);
        using VmdkDisk disk = VmdkDisk.Open(path);
        Assert.InRange(disk.Layers[0].AllocatedBytes, 2 * Directory * 4, (2 * Directory * 4) + MiB);
        Assert.Equal(VmdkRunKind.Unallocated, Assert.Single(disk.Map(TestContext.Current.CancellationToken)).Kind);
    }

    [Fact]
    public async Task ACowdRootStatesItsGeometryAndAFreeSectorWithinTheFile()
    {
        string path = await MakeAsync(_folder["disk.vmdk"], Fixed(VmdkDiskKind.VmfsSparse, 5 * GiB) with
        {
            Adapter = VmdkAdapter.LsiLogic,
        });
        string delta = _folder["disk-delta.vmdk"];
        byte[] bytes = Patch.ReadBytes(delta, 0, 2048);
        Assert.Equal("COWD", Encoding.ASCII.GetString(bytes, 0, 4));
        uint[] fields = Numbers(bytes.AsSpan(4, 40));
        Assert.Equal([1u, 3u, 10485760u, 1u, 4u, 2560u, 24u, 652u, 255u, 63u], fields);
        Assert.Equal(25 * 512, new FileInfo(delta).Length);
        Assert.Contains(
            "RW 10485760 VMFSSPARSE \"disk-delta.vmdk\"\n", File.ReadAllText(path), StringComparison.Ordinal);
    }

    [Fact]
    public async Task TheDescriptorIsVMwares()
    {
        string path = await MakeAsync(_folder["disk.vmdk"], Fixed(VmdkDiskKind.VmfsThin, GiB) with
        {
            Adapter = VmdkAdapter.LegacyEsx,
            HardwareVersion = 13,
            ToolsVersion = 10272,
        });
        const string Expected = """
            # Disk DescriptorFile
            version=1
            encoding="UTF-8"
            CID=12345678
            parentCID=ffffffff
            createType="vmfsThin"

            # Extent description
            RW 2097152 VMFS "disk-flat.vmdk"

            # The Disk Data Base
            #DDB

            ddb.adapterType = "legacyESX"
            ddb.geometry.cylinders = "512"
            ddb.geometry.heads = "128"
            ddb.geometry.sectors = "32"
            ddb.longContentID = "aaaaaaaaaaaaaaaaaaaaaaaa12345678"
            ddb.toolsVersion = "10272"
            ddb.uuid = "60 00 c2 90 12 34 56 78-9a bc de f0 12 34 56 78"
            ddb.virtualHWVersion = "13"
            ddb.thinProvisioned = "1"

            """;
        Assert.Equal(Expected.ReplaceLineEndings("\n"), File.ReadAllText(path));
    }

    [Theory]
    [InlineData(VmdkDiskKind.MonolithicSparse)]
    [InlineData(VmdkDiskKind.TwoGbMaxExtentSparse)]
    [InlineData(VmdkDiskKind.StreamOptimized)]
    [InlineData(VmdkDiskKind.MonolithicFlat)]
    [InlineData(VmdkDiskKind.VmfsSparse)]
    public async Task WithFixedIdsTheSameBytesAreMadeAgain(VmdkDiskKind kind)
    {
        foreach (string folder in new[] { "first", "second" })
        {
            await MakeAsync(Path.Combine(_folder.Subfolder(folder), "disk.vmdk"), Fixed(kind, 70 * MiB));
        }

        Assert.Equal(Names(_folder["first"]), Names(_folder["second"]));
        Assert.All(Names(_folder["first"]), name => Assert.Equal(
            File.ReadAllBytes(Path.Combine(_folder["first"], name)),
            File.ReadAllBytes(Path.Combine(_folder["second"], name))));
    }

    [Fact]
    public async Task RandomIdsAgreeWithEachOtherAndDifferFromDiskToDisk()
    {
        var seen = new HashSet<uint>();
        for (int i = 0; i < 8; i++)
        {
            string path = await MakeAsync(_folder[$"disk{i}.vmdk"], VmdkDiskKind.MonolithicSparse, MiB);
            using VmdkDisk disk = VmdkDisk.Open(path);
            VmdkDescriptor descriptor = disk.Layers[0].Descriptor!;
            Assert.True(seen.Add(descriptor.ContentId));
            Assert.EndsWith(
                $"{descriptor.ContentId:x8}", Value(descriptor, "ddb.longContentID"), StringComparison.Ordinal);
            Assert.StartsWith("60 00 c2 9", Value(descriptor, "ddb.uuid"), StringComparison.Ordinal);
        }
    }

    public void Dispose() => _folder.Dispose();

    static string Value(VmdkDescriptor descriptor, string key) =>
        Assert.Single(descriptor.Entries, entry => entry.Key == key).Value;

    static uint[] Entries(string path, ulong sector, int count) =>
        Numbers(Patch.ReadBytes(path, (long)sector * 512, count * 4));

    static uint[] Numbers(ReadOnlySpan<byte> bytes)
    {
        var numbers = new uint[bytes.Length / 4];
        for (int i = 0; i < numbers.Length; i++)
        {
            numbers[i] = BinaryPrimitives.ReadUInt32LittleEndian(bytes[(4 * i)..]);
        }

        return numbers;
    }
}
