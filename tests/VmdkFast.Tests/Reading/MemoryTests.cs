using System.Diagnostics;
using VmdkFast.Tests.Support;
using Xunit;

namespace VmdkFast.Tests.Reading;

/// <summary>Disks of 62 TiB, the largest that VMware makes, in bounded memory.</summary>
[Collection(nameof(MeasuredAlone))]
public sealed class MemoryTests
{
    const long LengthBytes = 62L << 40;
    const long CacheBytes = 4 << 20;
    const long SpareBytes = 64 << 20;

    // Far above what it takes (milliseconds); what it must tell apart is minutes.
    static readonly TimeSpan s_enough = TimeSpan.FromSeconds(20);

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void TheLargestDiskIsOpenedMappedAndReadInBoundedMemory(bool sparse)
    {
        using var folder = new TempFolder();
        GuestContent content = GuestContent.Scattered(LengthBytes, seed: 62, rangeCount: 200);
        string path = sparse
            ? SparseImage.Write(folder.Path, "disk", content, new SparseOptions { Redundant = false })
            : StreamImage.Write(folder.Path, "disk", content, new StreamOptions { Layout = StreamLayout.Local });
        long before = GC.GetTotalMemory(forceFullCollection: true);
        var clock = Stopwatch.StartNew();

        using var disk = VmdkDisk.Open(
            path, new VmdkOpenOptions { TableCacheBytes = CacheBytes, GrainCacheBytes = CacheBytes });
        Assert.True(GC.GetTotalMemory(forceFullCollection: true) - before < 1 << 20);
        int stored = disk.Map(TestContext.Current.CancellationToken)
            .Count(run => run.Kind is VmdkRunKind.Data or VmdkRunKind.Compressed);

        Assert.InRange(clock.Elapsed, TimeSpan.Zero, s_enough);
        Assert.InRange(stored, 150, 4000);
        ReadAnywhere(disk, content, 20_000);
        long used = GC.GetTotalMemory(forceFullCollection: true) - before;
        Assert.True(used < (2 * CacheBytes) + SpareBytes, $"{used} bytes stay in use.");
    }

    [Fact]
    public void ManyTablesStayWithinTheCachesBudget()
    {
        using var folder = new TempFolder();
        // Of 262,144 tables, 2 KiB each, about 50,000 are visited: 100 MiB, if all of them stayed.
        var content = GuestContent.Scattered(1L << 40, seed: 63, rangeCount: 1000, maxRangeBytes: 4096);
        string path = SparseImage.Write(
            folder.Path, "disk", content, new SparseOptions { Redundant = false, GrainSectors = 16 });
        using var disk = VmdkDisk.Open(path, new VmdkOpenOptions { TableCacheBytes = CacheBytes });
        long before = GC.GetTotalMemory(forceFullCollection: true);

        DiskAssert.HoldsByMap(content, disk);
        ReadAnywhere(disk, content, 60_000);

        long used = GC.GetTotalMemory(forceFullCollection: true) - before;
        Assert.True(used < CacheBytes + SpareBytes, $"{used} bytes stay in use.");
    }

    static void ReadAnywhere(VmdkDisk disk, GuestContent content, int times)
    {
        var random = new SplitMix(64);
        byte[] buffer = new byte[4096];
        foreach (GuestRange range in content.WrittenRanges)
        {
            long offset = Math.Max(0, range.OffsetBytes - 512);
            int read = disk.Read(buffer, offset);
            DiskAssert.SameBytes(content, offset, buffer.AsSpan(0, read));
        }

        for (int i = 0; i < times; i++)
        {
            long offset = random.NextBelow(disk.Length - buffer.Length);
            Assert.Equal(buffer.Length, disk.Read(buffer, offset));
            DiskAssert.SameBytes(content, offset, buffer);
        }
    }
}
