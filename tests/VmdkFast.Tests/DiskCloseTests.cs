using VmdkFast.Tests.Support;
using Xunit;

namespace VmdkFast.Tests;

public sealed class DiskCloseTests
{
    [Fact]
    public async Task ClosingWaitsForOperationsUnderWayAndRefusesNewOnes()
    {
        using var folder = new TempFolder();
        var content = new GuestContent(4096);
        VmdkDisk disk = VmdkDisk.Open(FlatImage.Write(folder.Path, "disk", content));
        using var under = new ManualResetEventSlim();
        using var finish = new ManualResetEventSlim();
        byte[] sector = new byte[512];
        Task operation = disk.UseAsync(
            (_, reader) =>
            {
                under.Set();
                Actor.Await(finish);
                reader.Read(sector, 0, CancellationToken.None);
                return true;
            },
            TestContext.Current.CancellationToken);
        Actor.Await(under);

        Actor closing = Actor.Start(disk.Dispose);
        SpinWait.SpinUntil(() => closing.HasEnded, TimeSpan.FromMilliseconds(200));
        Assert.False(closing.HasEnded, "The files were closed under an operation.");
        Assert.Throws<ObjectDisposedException>(() => disk.Read(sector, 0));

        finish.Set();
        await operation;
        Actor.JoinAll(closing);
        Assert.Throws<ObjectDisposedException>(() => disk.Read(sector, 0));
    }
}
