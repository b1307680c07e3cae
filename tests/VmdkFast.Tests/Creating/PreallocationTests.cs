using VmdkFast.Storage;
using VmdkFast.Tests.Support;
using Xunit;
using static VmdkFast.Tests.Creating.Created;

namespace VmdkFast.Tests.Creating;

public sealed class PreallocationTests : IDisposable
{
    readonly TempFolder _folder = new();

    [Theory]
    [InlineData(VmdkDiskKind.MonolithicFlat, VmdkPreallocation.Off)]
    [InlineData(VmdkDiskKind.MonolithicFlat, VmdkPreallocation.Reserved)]
    [InlineData(VmdkDiskKind.MonolithicFlat, VmdkPreallocation.Full)]
    [InlineData(VmdkDiskKind.TwoGbMaxExtentFlat, VmdkPreallocation.Reserved)]
    [InlineData(VmdkDiskKind.Vmfs, VmdkPreallocation.Full)]
    public async Task AFlatDiskTakesTheSpaceThatWasAskedFor(VmdkDiskKind kind, VmdkPreallocation preallocation)
    {
        const long LengthBytes = (5 * MiB) + 512;
        string path = await MakeAsync(_folder["disk.vmdk"], new VmdkCreateOptions
        {
            Kind = kind,
            LengthBytes = LengthBytes,
            Preallocation = preallocation,
        });
        ReadsAsZeros(path, LengthBytes);
        using VmdkDisk disk = VmdkDisk.Open(path);
        string extent = Assert.Single(disk.Layers[0].Extents).Path!;
        Assert.Equal(LengthBytes, new FileInfo(extent).Length);
        using var file = LocalFile.Open(extent, FileAccessMode.Read);
        (long min, long max) = preallocation == VmdkPreallocation.Off ? (0L, 0L) : (LengthBytes, LengthBytes + MiB);
        Assert.InRange(file.AllocatedBytes, min, max);
    }

    [Fact]
    public async Task AReservationThatTheFileSystemRefusesLeavesNothing()
    {
        // Not merely more than is free: ext4 takes all that there is before it says no.
        VmdkException failed = await Assert.ThrowsAsync<VmdkException>(() => MakeAsync(
            _folder["disk.vmdk"],
            new VmdkCreateOptions
            {
                Kind = VmdkDiskKind.MonolithicFlat,
                LengthBytes = long.MaxValue & ~511L,
                Preallocation = VmdkPreallocation.Reserved,
                Sync = false,
            }));
        Assert.Equal(VmdkErrorCode.InputOutput, failed.Code);
        Assert.Empty(Names(_folder.Path));
    }

    public void Dispose() => _folder.Dispose();
}
