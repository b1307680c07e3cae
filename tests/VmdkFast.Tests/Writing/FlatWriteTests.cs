using VmdkFast.Storage;
using VmdkFast.Tests.Support;
using Xunit;

namespace VmdkFast.Tests.Writing;

/// <summary>Writes into files without structure: no byte beside the range, and blocks as they were asked for.</summary>
public sealed class FlatWriteTests
{
    const long LengthBytes = 4 << 20;

    [Fact]
    public async Task ZerosLeaveAPreallocatedFileItsBlocksAndADiscardTakesThem()
    {
        using var folder = new TempFolder();
        string path = folder["disk.vmdk"];
        await VmdkDisk.CreateAsync(
            path,
            new VmdkCreateOptions
            {
                Kind = VmdkDiskKind.MonolithicFlat,
                LengthBytes = LengthBytes,
                Preallocation = VmdkPreallocation.Full,
            },
            TestContext.Current.CancellationToken);
        string flat = folder["disk-flat.vmdk"];
        Writable.Change(path, disk =>
        {
            disk.Write(Writable.Filled((int)LengthBytes, 5), 0);
            disk.WriteZeroes(1000, LengthBytes - 2000);
        });
        Assert.True(AllocatedBytes(flat) >= LengthBytes);

        Writable.Change(path, disk => disk.Discard(1 << 20, 2 << 20));

        Assert.True(AllocatedBytes(flat) <= LengthBytes - (2 << 20) + 65_536);
        using VmdkDisk again = VmdkDisk.Open(path);
        Writable.Holds(again, 0, 1000, 5);
        Writable.Holds(again, 1000, (int)LengthBytes - 2000, 0);
        Writable.Holds(again, LengthBytes - 1000, 1000, 5);
    }

    [Fact]
    public void ZerosInASparseFileAreHoles()
    {
        using var folder = new TempFolder();
        GuestContent content = new GuestContent(LengthBytes).Fill(0, 1 << 20, ContentPattern.Stamp);
        string path = FlatImage.Write(folder.Path, "disk", content);

        Writable.Change(path, disk => disk.WriteZeroes(0, LengthBytes));

        Assert.True(AllocatedBytes(folder["disk-flat.vmdk"]) <= 65_536);
        Assert.Equal(LengthBytes, new FileInfo(folder["disk-flat.vmdk"]).Length);
        DiskAssert.Holds(new GuestContent(LengthBytes), path);
    }

    [Fact]
    public void NothingBesideTheExtentIsTouched()
    {
        const int Before = 63 * 512;
        const int After = 4096;
        using var folder = new TempFolder();
        string path = DescriptorImage.Write(
            folder.Path, "disk", "custom", new GuestContent(LengthBytes),
            [new FlatExtent { Sectors = LengthBytes / 512, OffsetSectors = Before / 512, ExtraBytes = After }]);

        Writable.Change(path, disk =>
        {
            disk.Write(Writable.Filled((int)LengthBytes, 5), 0);
            disk.Discard(0, LengthBytes);
            disk.WriteZeroes(0, LengthBytes);
            disk.Write([6], 0);
            disk.Write([7], LengthBytes - 1);
        });

        byte[] file = File.ReadAllBytes(folder["disk-flat.vmdk"]);
        Assert.Equal(Before + LengthBytes + After, file.Length);
        Assert.Equal(-1, file.AsSpan(0, Before).IndexOfAnyExcept(FlatExtent.Junk));
        Assert.Equal(-1, file.AsSpan(Before + (int)LengthBytes).IndexOfAnyExcept(FlatExtent.Junk));
        Assert.Equal((6, 7), (file[Before], file[Before + LengthBytes - 1]));
    }

    static long AllocatedBytes(string path)
    {
        using LocalFile file = LocalFile.Open(path, FileAccessMode.Read);
        return file.AllocatedBytes;
    }
}
