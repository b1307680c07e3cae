using VmdkFast.Tests.Support;
using Xunit;

namespace VmdkFast.Tests.Writing;

/// <summary>A header whose places overlap: readable, but never to be written.</summary>
public sealed class HeaderPlacesTests
{
    [Fact]
    public void ADescriptorOverTheDirectoryIsNotWritten() =>
        IsRefused(header => header with { DescriptorSectors = header.DirectorySector }, "directory");

    [Fact]
    public void TwoDirectoriesInOnePlaceAreNotWritten() =>
        IsRefused(header => header with { RedundantDirectorySector = header.DirectorySector }, "directory");

    [Fact]
    public void PlacesThatTouchAreWritten()
    {
        using var folder = new TempFolder();
        GuestContent content = GuestContent.Scattered(1 << 20, seed: 3);
        string path = SparseImage.Write(folder.Path, "disk", content);
        HostedHeader header = HostedHeader.Read(path);
        Assert.Equal(header.RedundantDirectorySector, header.DescriptorSector + header.DescriptorSectors);
        content.Fill(4096, 8192, ContentPattern.Stamp);
        Writable.Change(path, disk => disk.Write(content.Read(4096, 8192), 4096));
        using VmdkDisk disk = VmdkDisk.Open(path);
        DiskAssert.Holds(content, disk);
    }

    static void IsRefused(Func<HostedHeader, HostedHeader> change, string field)
    {
        using var folder = new TempFolder();
        GuestContent content = GuestContent.Scattered(1 << 20, seed: 3);
        string path = SparseImage.Write(folder.Path, "disk", content);
        change(HostedHeader.Read(path)).WriteTo(path);
        byte[] before = File.ReadAllBytes(path);

        var refusal = Assert.Throws<VmdkException>(() => Writable.Open(path));

        Assert.Equal(VmdkErrorCode.HeaderInvalid, refusal.Code);
        Assert.Contains(field, refusal.Field, StringComparison.Ordinal);
        Assert.Equal(before, File.ReadAllBytes(path));
        using VmdkDisk disk = VmdkDisk.Open(path);
        DiskAssert.Holds(content, disk);
    }
}
