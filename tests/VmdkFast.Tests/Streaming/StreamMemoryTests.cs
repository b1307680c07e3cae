using System.Diagnostics;
using VmdkFast.Tests.Support;
using Xunit;
using static VmdkFast.Tests.Streaming.Converted;

namespace VmdkFast.Tests.Streaming;

[Collection(nameof(MeasuredAlone))]
public sealed class StreamMemoryTests : IDisposable
{
    const long MiB = 1L << 20;

    // Far above what it takes; what it must tell apart is minutes, and memory by the disk's length.
    static readonly TimeSpan s_enough = TimeSpan.FromSeconds(60);

    readonly TempFolder _folder = new();

    [Fact]
    public async Task TheLargestDiskBecomesAStreamInSecondsAndBoundedMemory()
    {
        var content = new GuestContent(62L << 40);
        for (int i = 0; i < 16; i++)
        {
            content.Fill((i * 4L << 40) + (i * 777 * 512), 4 * MiB, ContentPattern.Mixed, i);
        }

        string source = SparseImage.Write(
            _folder.Path, "source", content, new SparseOptions { Redundant = false });
        using VmdkDisk disk = VmdkDisk.Open(source);
        var clock = Stopwatch.StartNew();
        long before = GC.GetTotalAllocatedBytes(precise: true);
        await using (FileStream pipe = File.Create(_folder["disk.vmdk"]))
        {
            await VmdkImage.ConvertAsync(
                disk, pipe, To(VmdkDiskKind.StreamOptimized) with { Threads = 2 },
                cancellationToken: TestContext.Current.CancellationToken);
        }

        Assert.InRange(GC.GetTotalAllocatedBytes(precise: true) - before, 0, 64 * MiB);
        Assert.InRange(clock.Elapsed, TimeSpan.Zero, s_enough);
        using VmdkDisk stream = VmdkDisk.Open(_folder["disk.vmdk"]);
        DiskAssert.HoldsByMap(content, stream);
    }

    [Fact]
    public async Task LargeGrainsAreUnderWayInSmallNumbers()
    {
        var content = new GuestContent(200 * MiB);
        content.Fill(0, 512, ContentPattern.Stamp).Fill(130 * MiB, 512, ContentPattern.Stamp);
        string source = FlatImage.Write(_folder.Path, "source", content);
        VmdkConvertOptions options = To(VmdkDiskKind.StreamOptimized) with { Threads = 64 };
        using VmdkDisk disk = VmdkDisk.Open(source);
        long before = GC.GetTotalAllocatedBytes(precise: true);
        await VmdkImage.ConvertAsync(
            disk, _folder["disk.vmdk"], options with { Target = options.Target! with { GrainBytes = 64 * MiB } },
            cancellationToken: TestContext.Current.CancellationToken);
        Assert.InRange(GC.GetTotalAllocatedBytes(precise: true) - before, 0, 160 * MiB);
        DiskAssert.Holds(content, _folder["disk.vmdk"]);
    }

    public void Dispose() => _folder.Dispose();
}
