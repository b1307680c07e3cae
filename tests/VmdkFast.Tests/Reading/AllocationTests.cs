using VmdkFast.Tests.Support;
using Xunit;

namespace VmdkFast.Tests.Reading;

/// <summary>A read whose metadata is in memory allocates nothing; counted exactly, on the reading thread.</summary>
[Collection(nameof(MeasuredAlone))]
public sealed class AllocationTests
{
    const int Reads = 10_000;

    // All hit: the tables of 4 MiB are few, and its inflated grains take a sixteenth of the cache.
    const long LengthBytes = 4 << 20;

    public static TheoryData<ImageKind> Kinds =>
    [
        ImageKind.MonolithicSparse, ImageKind.SplitSparse, ImageKind.MonolithicFlat, ImageKind.SplitFlat,
        ImageKind.StreamLocal, ImageKind.StreamExport, ImageKind.StreamLocalOfSmallGrains, ImageKind.Cowd,
        ImageKind.SeSparseShuffled, ImageKind.CustomMixture,
    ];

    [Theory]
    [MemberData(nameof(Kinds))]
    public void AReadOfWhatIsInMemoryAllocatesNothing(ImageKind kind)
    {
        using var folder = new TempFolder();
        using VmdkDisk disk = OpenWarm(kind, folder);
        byte[] buffer = new byte[4096];
        ReadAll(disk, buffer);

        Assert.Equal(0, Allocated.LeastBytes(() => ReadAll(disk, buffer)));
    }

    [Theory]
    [MemberData(nameof(Kinds))]
    public async Task AnAsynchronousReadThatNeedNotWaitAllocatesNothing(ImageKind kind)
    {
        using var folder = new TempFolder();
        using VmdkDisk disk = OpenWarm(kind, folder);
        byte[] buffer = new byte[4096];
        int waited = CountWaits(disk, buffer, out _);
        Assert.True(waited < Reads / 2, $"{waited} of {Reads} reads had to wait, although all was in memory.");

        // The file system may make a read wait at any time; what is asked here is what those cost that did not.
        long leastBytes = long.MaxValue;
        for (int attempt = 0; attempt < 20 && leastBytes != 0; attempt++)
        {
            waited = CountWaits(disk, buffer, out long allocatedBytes);
            if (waited == 0)
            {
                leastBytes = Math.Min(leastBytes, allocatedBytes);
            }

            await Task.Delay(10, TestContext.Current.CancellationToken);
        }

        Assert.True(leastBytes == 0, $"{leastBytes} bytes, or (with long.MaxValue) reads that wait in all 20 rounds.");
    }

    [Fact]
    public void AWalkOverUnallocatedGrainsAllocatesNothing()
    {
        using var folder = new TempFolder();
        string path = SparseImage.Write(folder.Path, "disk", new GuestContent(1 << 30));
        using var disk = VmdkDisk.Open(path);
        byte[] buffer = new byte[65536];
        ReadFar(disk, buffer);
        ReadFar(disk, buffer);

        Assert.Equal(0, Allocated.LeastBytes(() => ReadFar(disk, buffer)));
    }

    static VmdkDisk OpenWarm(ImageKind kind, TempFolder folder)
    {
        GuestContent content = new GuestContent(LengthBytes).Fill(0, LengthBytes, ContentPattern.Mixed, 1);
        var disk = VmdkDisk.Open(ImageKinds.Write(kind, folder.Path, content));
        DiskAssert.Holds(content, disk);
        byte[] buffer = new byte[4096];

        // Long enough for the tiered compiler to have replaced every method on the way.
        for (int i = 0; i < 8; i++)
        {
            ReadAll(disk, buffer);
            Thread.Sleep(20);
        }

        return disk;
    }

    static void ReadAll(VmdkDisk disk, byte[] buffer)
    {
        for (int i = 0; i < Reads; i++)
        {
            disk.Read(buffer, OffsetOf(i));
        }
    }

    static void ReadFar(VmdkDisk disk, byte[] buffer)
    {
        for (long offset = 0; offset < disk.Length; offset += 1 << 20)
        {
            disk.Read(buffer, offset);
        }
    }

    static int CountWaits(VmdkDisk disk, byte[] buffer, out long allocatedBytes)
    {
        int waited = 0;
        long before = GC.GetAllocatedBytesForCurrentThread();
        for (int i = 0; i < Reads; i++)
        {
            ValueTask<int> read = disk.ReadAsync(buffer, OffsetOf(i));
            if (read.IsCompleted)
            {
                read.GetAwaiter().GetResult();
            }
            else
            {
                waited++;
                read.AsTask().Wait();
            }
        }

        allocatedBytes = GC.GetAllocatedBytesForCurrentThread() - before;
        return waited;
    }

    // Some cross the border of a grain, some of an extent.
    static long OffsetOf(int read) => read * 7919L * 512 % (LengthBytes - 4096);
}
