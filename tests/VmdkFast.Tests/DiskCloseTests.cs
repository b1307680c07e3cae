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
        byte[] sector = new byte[512];
        using var operation = new OperationUnderWay(disk);

        Actor closing = Actor.Start(disk.Dispose);
        SpinWait.SpinUntil(() => closing.HasEnded, TimeSpan.FromMilliseconds(200));
        Assert.False(closing.HasEnded, "The files were closed under an operation.");
        Assert.Throws<ObjectDisposedException>(() => disk.Read(sector, 0));

        await operation.FinishAsync();
        Actor.JoinAll(closing);
        Assert.Throws<ObjectDisposedException>(() => disk.Read(sector, 0));
    }
}
