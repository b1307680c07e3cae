using VmdkFast.Tests.Support;
using Xunit;

namespace VmdkFast.Tests.Reading;

/// <summary>Closing a disk while it is used, and using it when it is closed.</summary>
public sealed class DisposalTests
{
    [Fact]
    public async Task AClosedDiskSaysThatItIsClosed()
    {
        using var folder = new TempFolder();
        string path = SparseImage.Write(folder.Path, "disk", GuestContent.Scattered(1 << 20, seed: 1));
        var disk = VmdkDisk.Open(path);
        Stream stream = disk.OpenStream();
        IEnumerable<VmdkRun> map = disk.Map(TestContext.Current.CancellationToken);
        byte[] buffer = new byte[512];

        await disk.DisposeAsync();
        disk.Dispose();

        Assert.Throws<ObjectDisposedException>(() => disk.Read(buffer, 0));
        Assert.Throws<ObjectDisposedException>(() => stream.Read(buffer));
        Assert.Throws<ObjectDisposedException>(() => map.Count());
        await Assert.ThrowsAsync<ObjectDisposedException>(
            async () => await disk.ReadAsync(buffer, 0, TestContext.Current.CancellationToken));
        await Assert.ThrowsAsync<ObjectDisposedException>(
            async () => await disk.ReadAsync(new byte[5 << 20], 0, TestContext.Current.CancellationToken));
        Assert.Equal(0, OpenHandles.CountBelow(folder.Path));
        Assert.Equal(1 << 20, disk.Length);
    }

    [Fact]
    public void AClosedStreamLeavesTheDiskOpen()
    {
        using var folder = new TempFolder();
        var content = GuestContent.Scattered(1 << 20, seed: 2);
        using var disk = VmdkDisk.Open(SparseImage.Write(folder.Path, "disk", content));
        Stream stream = disk.OpenStream();
        stream.Dispose();

        Assert.False(stream.CanRead);
        Assert.Throws<ObjectDisposedException>(() => stream.ReadByte());
        DiskAssert.Holds(content, disk);
    }

    [Fact]
    public void AForgottenWalkDoesNotKeepTheDiskFromClosing()
    {
        using var folder = new TempFolder();
        string path = SparseImage.Write(folder.Path, "disk", GuestContent.Scattered(4 << 20, seed: 3));
        var disk = VmdkDisk.Open(path);
        IEnumerator<VmdkRun> walk = disk.Map(TestContext.Current.CancellationToken).GetEnumerator();
        Assert.True(walk.MoveNext());

        disk.Dispose();

        Assert.Throws<ObjectDisposedException>(() => walk.MoveNext());
        Assert.Equal(0, OpenHandles.CountBelow(folder.Path));
    }

    [Theory]
    [InlineData(ImageKind.MonolithicSparse)]
    [InlineData(ImageKind.StreamLocal)]
    [InlineData(ImageKind.StreamLocalOfGiantGrains)]
    [InlineData(ImageKind.SplitFlat)]
    public void ClosingWhileManyReadNeverCrashesAndNeverLies(ImageKind kind)
    {
        using var folder = new TempFolder();
        var content = GuestContent.Scattered(6 << 20, seed: 4);
        string path = ImageKinds.Write(kind, folder.Path, content);
        var few = new VmdkOpenOptions { Limits = new VmdkLimits { MaxOpenExtents = 1 } };
        for (int round = 0; round < 15; round++)
        {
            using var disk = VmdkDisk.Open(path, few);
            int wrong = 0;
            int ended = 0;
            Thread[] readers = [.. Enumerable.Range(0, 4).Select(number => new Thread(() =>
            {
                wrong += ReadUntilClosed(disk, content, number);
                Interlocked.Increment(ref ended);
            }))];
            foreach (Thread reader in readers)
            {
                reader.Start();
            }

            Thread.Sleep(round);
            disk.Dispose();
            foreach (Thread reader in readers)
            {
                Assert.True(reader.Join(TimeSpan.FromSeconds(60)));
            }

            Assert.Equal((0, 4), (wrong, ended));
            Assert.Equal(0, OpenHandles.CountBelow(folder.Path));
        }
    }

    // Alternates between the ways to read; the only way out is the disk's being closed.
    static int ReadUntilClosed(VmdkDisk disk, GuestContent content, int seed)
    {
        var random = new SplitMix((ulong)seed);
        byte[] buffer = new byte[seed == 0 ? 3 << 20 : 20_000];
        int wrong = 0;
        try
        {
            while (true)
            {
                long offset = random.NextBelow(content.LengthBytes - buffer.Length);
                int read = seed % 2 == 0
                    ? disk.ReadAsync(buffer, offset).AsTask().GetAwaiter().GetResult()
                    : disk.Read(buffer, offset);
                wrong += read == buffer.Length && content.FirstDifference(offset, buffer) < 0 ? 0 : 1;
            }
        }
        catch (ObjectDisposedException)
        {
            return wrong;
        }
        catch (VmdkException)
        {
            return wrong + 1;
        }
    }
}
