using System.Diagnostics;
using VmdkFast.Tests.Opening;
using VmdkFast.Tests.Support;
using Xunit;

namespace VmdkFast.Tests.Reading;

/// <summary>Space-efficient sparse extents: every state of an entry, every layout, in chains, and as QEMU reads them.
/// </summary>
public sealed class SeSparseTests
{
    const int GrainBytes = 4096;
    const long Mebi = 1 << 20;

    // Three tables of 16 MiB, the last one not full; 40 MiB + 512 bytes end in the middle of a grain.
    const long LengthBytes = (40 * Mebi) + 512;

    public static TheoryData<GrainOrder, bool> Layouts =>
        new MatrixTheoryData<GrainOrder, bool>(Enum.GetValues<GrainOrder>(), [false, true]);

    [Theory]
    [MemberData(nameof(Layouts))]
    public void ADiskReadsAsItWasWritten(GrainOrder order, bool oddAreas)
    {
        using var folder = new TempFolder();
        GuestContent content = GuestContent.Scattered(LengthBytes, seed: 5, rangeCount: 60);
        GuestRange zeros = Clear(content, 3 * Mebi);
        GuestRange unmapped = Clear(content, 19 * Mebi);
        string path = SeSparseImage.Write(folder.Path, "disk", content, new SeSparseOptions
        {
            Order = order,
            OddAreas = oddAreas,
            ZeroRanges = [zeros],
            UnmappedRanges = [unmapped],
            FirstGrain = 4090,
        });

        DiskAssert.Holds(content, path);
        using var disk = VmdkDisk.Open(path);
        DiskAssert.HoldsByMap(content, disk);
        Assert.Equal(VmdkDiskKind.SeSparse, disk.Layers[0].Kind);
        Assert.Equal(VmdkExtentFormat.SeSparse, disk.Layers[0].Extents[0].Format);
        Assert.Equal(GrainBytes, disk.Layers[0].GrainBytes);
        Assert.Empty(disk.Layers[0].Warnings);
        Assert.Equal(VmdkRunKind.Zero, KindAt(disk, zeros.OffsetBytes));
        Assert.Equal(VmdkRunKind.Zero, KindAt(disk, unmapped.OffsetBytes));

        string raw = folder["qemu.raw"];
        QemuImg.Convert(path, raw);
        Assert.True(content.FirstDifference(0, File.ReadAllBytes(raw)) < 0);
    }

    [Theory]
    [InlineData("monolithicFlat")]
    [InlineData("vmfs")]
    public void AChildOverAFlatParentShowsWhatItLacks(string parentType)
    {
        using var folder = new TempFolder();
        GuestContent below = GuestContent.Scattered(LengthBytes, seed: 7, rangeCount: 60)
            .Fill(17 * Mebi, Mebi, ContentPattern.Stamp, 2).Fill(30 * Mebi, Mebi, ContentPattern.Stamp, 3);
        string parent = FlatImage.Write(folder.Path, "base", below, parentType);
        GuestContent content = below.Clone();
        content.Fill(5 * Mebi, 3 * Mebi, ContentPattern.Mixed, 9);
        content.Fill(35 * Mebi, 700, ContentPattern.Stamp, 10);
        GuestRange zeros = Clear(content, 17 * Mebi);
        GuestRange unmapped = Clear(content, 30 * Mebi);
        string child = SeSparseImage.Write(folder.Path, "base-000001", content, new SeSparseOptions
        {
            Order = GrainOrder.Shuffled,
            ZeroRanges = [zeros],
            UnmappedRanges = [unmapped],
            Parent = ParentLink.To(parent, below, folder.Path),
        });

        DiskAssert.Holds(content, child);
        Assert.True(content.FirstDifference(0, ReadByQemu(child, folder)) < 0);

        // The other reading of an unmapped grain: the parent shows through, and only there.
        using var disk = VmdkDisk.Open(
            child, VmdkOpenOptions.Default with { UnmappedGrains = VmdkUnmappedGrains.Parent });
        GuestContent seen = content.Clone();
        seen.Write(unmapped.OffsetBytes, below.Read(unmapped.OffsetBytes, (int)unmapped.LengthBytes));
        DiskAssert.Holds(seen, disk);
        Assert.NotEqual(content.Hash(), seen.Hash());
    }

    [Fact]
    public void AChildOverAChildReadsThroughBoth()
    {
        using var folder = new TempFolder();
        GuestContent content = GuestContent.Scattered(LengthBytes, seed: 11, rangeCount: 40);
        string path = FlatImage.Write(folder.Path, "base", content, "vmfs");
        for (int level = 1; level <= 3; level++)
        {
            GuestContent below = content;
            content = below.Clone();
            content.Fill(level * 9 * Mebi, 300_000, ContentPattern.Mixed, level);
            path = SeSparseImage.Write(
                folder.Path, $"base-00000{level}", content,
                new SeSparseOptions { OddAreas = level == 2, Parent = ParentLink.To(path, below, folder.Path) },
                level == 3 ? "vmfsSeSparse" : "seSparse");
        }

        DiskAssert.Holds(content, path);
    }

    [Fact]
    public async Task AConversionGivesTheSameBytesAsAReading()
    {
        using var folder = new TempFolder();
        GuestContent content = GuestContent.Scattered(LengthBytes, seed: 12, rangeCount: 50);
        string path = SeSparseImage.Write(
            folder.Path, "disk", content, new SeSparseOptions { Order = GrainOrder.Shuffled });
        using (var disk = VmdkDisk.Open(path))
        {
            await VmdkImage.ConvertAsync(
                disk, folder["disk.raw"], cancellationToken: TestContext.Current.CancellationToken);
        }

        Assert.True(QemuImg.Compare(path, folder["disk.raw"], secondFormat: "raw"));
        Assert.True(content.FirstDifference(0, File.ReadAllBytes(folder["disk.raw"])) < 0);
    }

    [Fact]
    public void ABareExtentIsFoundByItsSignature()
    {
        using var folder = new TempFolder();
        GuestContent content = GuestContent.Scattered(LengthBytes, seed: 13);
        string path = SeSparseImage.WriteBare(folder.Path, "disk", content);

        using var disk = VmdkDisk.Open(path);
        DiskAssert.Holds(content, disk);
        Assert.Equal(VmdkDiskKind.SeSparse, disk.Layers[0].Kind);
        Assert.Equal(VmdkAccess.ReadOnly, disk.Layers[0].Extents[0].Access);
    }

    [Fact]
    public void AnEmptyDiskIsZeros()
    {
        using var folder = new TempFolder();
        var content = new GuestContent(LengthBytes);
        string path = SeSparseImage.Write(folder.Path, "disk", content);

        DiskAssert.Holds(content, path);
        using var disk = VmdkDisk.Open(path);
        VmdkRun run = Assert.Single(disk.Map(TestContext.Current.CancellationToken));
        Assert.Equal(VmdkRunKind.Unallocated, run.Kind);
    }

    [Fact]
    public void ATableThatIsAHoleIsNotRead()
    {
        using var folder = new TempFolder();
        string path = SeSparseImage.WriteBare(folder.Path, "disk", new GuestContent(64L << 40));
        long directory = (long)Patch.ReadUInt64(path, 128) * 512;
        byte[] entries = new byte[8 << 10];
        for (uint i = 0; i < entries.Length / 8; i++)
        {
            BitConverter.TryWriteBytes(entries.AsSpan((int)i * 8), 0x1000_0000_0000_0000UL | i);
        }

        Patch.WriteBytes(path, directory, entries);
        using var disk = VmdkDisk.Open(path);
        VmdkRun run = Assert.Single(disk.Map(TestContext.Current.CancellationToken));
        Assert.Equal(64L << 40, run.LengthBytes);
    }

    // A file of 17 TiB, of which 12 KiB exist: its grains' numbers do not fit 32 bits. ext4 ends below it.
    [Fact]
    public void GrainsBehindSixteenTebibytesAreFound()
    {
        string shared = Directory.CreateTempSubdirectory("vmdkfast-").FullName;
        shared = Directory.Exists("/dev/shm") ? Directory.CreateDirectory(
            $"/dev/shm/{System.IO.Path.GetFileName(shared)}").FullName : shared;
        try
        {
            GuestContent content = GuestContent.Scattered(Mebi, seed: 15);
            string path = SeSparseImage.WriteBare(
                shared, "disk", content, new SeSparseOptions { FirstGrain = (1L << 32) - 20 });
            using var disk = VmdkDisk.Open(path);
            DiskAssert.Holds(content, disk);
            DiskAssert.HoldsByMap(content, disk);
        }
        finally
        {
            Directory.Delete(shared, recursive: true);
        }
    }

    [Fact]
    public void ADirtyExtentIsRefusedUnlessItIsAskedFor()
    {
        using var folder = new TempFolder();
        GuestContent content = GuestContent.Scattered(LengthBytes, seed: 14);
        string path = SeSparseImage.Write(folder.Path, "disk", content, new SeSparseOptions { Dirty = true });
        string extent = folder["disk-sesparse.vmdk"];

        Refusal.OfOpening(path).Says(
            VmdkErrorCode.Unsupported, extent, 512 + 24, "ReplayJournal", "1", "option to read it");

        using var disk = VmdkDisk.Open(
            path, VmdkOpenOptions.Default with { DirtySeSparse = VmdkDirtySeSparse.Read });
        DiskAssert.Holds(content, disk);
        string warning = Assert.Single(disk.Layers[0].Warnings);
        Assert.StartsWith(extent, warning, StringComparison.Ordinal);
        Assert.Contains("grain directory, grain tables", warning, StringComparison.Ordinal);
        Assert.True(disk.Layers[0].UncleanShutdown);
    }

    [Fact]
    public void NobodyWritesToOne()
    {
        using var folder = new TempFolder();
        GuestContent content = GuestContent.Scattered(LengthBytes, seed: 16);
        string bare = SeSparseImage.WriteBare(folder.Path, "bare", content);
        string path = SeSparseImage.Write(folder.Path, "disk", content);
        VmdkOpenOptions writing = VmdkOpenOptions.Default with { Access = VmdkOpenAccess.ReadWrite };

        Refusal.OfOpening(bare, writing).Says(VmdkErrorCode.Unsupported, bare, 0, "Magic", "seSparse");
        Refusal.OfOpening(path, writing).Says(
            VmdkErrorCode.Unsupported, folder["disk-sesparse.vmdk"], 0, "Magic", "seSparse");
    }

    [Theory]
    [InlineData(VmdkDiskKind.MonolithicSparse)]
    [InlineData(VmdkDiskKind.VmfsSparse)]
    public async Task AWritableChildOverOneCopiesWhatItChanges(VmdkDiskKind kind)
    {
        using var folder = new TempFolder();
        GuestContent content = GuestContent.Scattered(LengthBytes, seed: 17, rangeCount: 60);
        string parent = SeSparseImage.Write(
            folder.Path, "base", content, new SeSparseOptions { Order = GrainOrder.Shuffled });
        byte[] before = File.ReadAllBytes(folder["base-sesparse.vmdk"]);
        string child = folder["child.vmdk"];
        await VmdkDisk.CreateAsync(
            child, new VmdkCreateOptions { Kind = kind, ParentPath = parent },
            TestContext.Current.CancellationToken);

        using (var disk = VmdkDisk.Open(child, VmdkOpenOptions.Default with { Access = VmdkOpenAccess.ReadWrite }))
        {
            foreach (long offset in (long[])[1000 * 512, 17 * Mebi, LengthBytes - 512])
            {
                content.Fill(offset, 512, ContentPattern.Stamp, 99);
                disk.Write(content.Read(offset, 512), offset);
            }

            DiskAssert.Holds(content, disk);
        }

        DiskAssert.Holds(content, child);
        Assert.True(content.FirstDifference(0, ReadByQemu(child, folder)) < 0);
        Assert.Equal(before, File.ReadAllBytes(folder["base-sesparse.vmdk"]));
    }

    [Fact]
    public void ADirtyOneIsNotedForWhoeverWatches()
    {
        using var folder = new TempFolder();
        string path = SeSparseImage.WriteBare(
            folder.Path, "disk", new GuestContent(Mebi), new SeSparseOptions { Dirty = true });
        var noted = new List<string>();
        using var listener = new ActivityListener
        {
            ShouldListenTo = source => source.Name == "VmdkFast",
            Sample = (ref ActivityCreationOptions<ActivityContext> _) => ActivitySamplingResult.AllData,
            ActivityStopped = activity =>
            {
                if (Equals(activity.GetTagItem("vmdkfast.path"), path))
                {
                    noted.AddRange(activity.Events.Select(happening => happening.Name));
                }
            },
        };
        ActivitySource.AddActivityListener(listener);
        VmdkDisk.Open(path, VmdkOpenOptions.Default with { DirtySeSparse = VmdkDirtySeSparse.Read }).Dispose();

        Assert.Contains("dirty seSparse extent read, its tables may be stale", noted);
    }

    static GuestRange Clear(GuestContent content, long offsetBytes)
    {
        var range = new GuestRange(offsetBytes, 40 * GrainBytes);
        content.Fill(range.OffsetBytes, range.LengthBytes, ContentPattern.Zeros);
        return range;
    }

    static VmdkRunKind KindAt(VmdkDisk disk, long offsetBytes) => disk.Map(offsetBytes, 512).First().Kind;

    static byte[] ReadByQemu(string path, TempFolder folder)
    {
        QemuImg.Convert(path, folder["qemu.raw"]);
        return File.ReadAllBytes(folder["qemu.raw"]);
    }
}
