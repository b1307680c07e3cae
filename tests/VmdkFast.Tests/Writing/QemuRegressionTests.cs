using VmdkFast.Tests.Support;
using Xunit;

namespace VmdkFast.Tests.Writing;

/// <summary>Defects that QEMU's driver once had, each as a test.</summary>
public sealed class QemuRegressionTests
{
    const int GrainBytes = 1 << 16;
    const long LengthBytes = 40 * GrainBytes;

    [Fact]
    public void APartialOverwriteOfAZeroGrainDoesNotReadTheParent()
    {
        using var folder = new TempFolder();
        GuestContent below = new GuestContent(LengthBytes).Fill(0, LengthBytes, ContentPattern.Stamp);
        string parent = SparseImage.Write(folder.Path, "parent", below);
        GuestContent content = below.Clone().Fill(0, 4 * GrainBytes, ContentPattern.Zeros);
        string path = SparseImage.Write(folder.Path, "disk", content, new SparseOptions
        {
            Parent = ParentLink.To(parent, below, folder.Path),
            ZeroRanges = [new GuestRange(0, 4 * GrainBytes)],
        });

        Writable.Change(path, disk => disk.Write(Writable.Filled(100, 0x11), GrainBytes + 5000));

        content.Write(GrainBytes + 5000, Writable.Filled(100, 0x11));
        DiskAssert.Holds(content, path);
        Writable.QemuReads(content, path);
    }

    [Theory]
    [InlineData(false, false)]
    [InlineData(false, true)]
    [InlineData(true, false)]
    [InlineData(true, true)]
    public void ZerosAreWrittenIntoAnImageWithoutTables(bool hasParent, bool zeroGrains)
    {
        using var folder = new TempFolder();
        GuestContent below = new GuestContent(LengthBytes).Fill(0, LengthBytes, ContentPattern.Stamp);
        ParentLink? parent = hasParent
            ? ParentLink.To(SparseImage.Write(folder.Path, "parent", below), below, folder.Path)
            : null;
        GuestContent content = hasParent ? below : new GuestContent(LengthBytes);
        string path = SparseImage.Write(folder.Path, "disk", content, new SparseOptions
        {
            GrainSectors = 8,
            TableEntries = 128,
            TablesLazilyAbsent = true,
            Parent = parent,
            ZeroRanges = zeroGrains ? [default] : [],
        });

        Writable.Change(path, disk => disk.WriteZeroes(1000, LengthBytes - 5000));

        DiskAssert.Holds(content.Fill(1000, LengthBytes - 5000, ContentPattern.Zeros), path);
    }

    [Theory]
    [InlineData(StreamLayout.Local)]
    [InlineData(StreamLayout.Qemu)]
    public void TheNextGrainComesAfterACompressedGrainThatIsLargerThanAGrain(StreamLayout layout)
    {
        using var folder = new TempFolder();
        GuestContent content = new GuestContent(LengthBytes).Fill(0, GrainBytes, ContentPattern.Stamp);
        var large = new StreamOptions { Layout = layout, Level = 0, StoredBlockBytes = 500 };
        string path = StreamImage.Write(folder.Path, "disk", content, large);
        content.Fill(3 * GrainBytes, GrainBytes, ContentPattern.Stamp, seed: 9);

        Writable.Change(path, disk => disk.Write(content.Read(3 * GrainBytes, GrainBytes), 3 * GrainBytes));

        DiskAssert.Holds(content, path);
        Assert.Equal(0, new FileInfo(path).Length % 512);
    }

    [Fact]
    public void APartialWriteOfACompressedGrainIsRefused()
    {
        using var folder = new TempFolder();
        GuestContent content = new GuestContent(LengthBytes).Fill(0, GrainBytes, ContentPattern.Stamp);
        var local = new StreamOptions { Layout = StreamLayout.Local };
        string path = StreamImage.Write(folder.Path, "disk", content, local);
        using (VmdkDisk disk = Writable.OpenFast(path))
        {
            var refusal = Assert.Throws<VmdkException>(() => disk.Write(new byte[512], 2 * GrainBytes));
            Assert.Equal(VmdkErrorCode.GrainImmutable, refusal.Code);
        }

        DiskAssert.Holds(content, path);
        Writable.QemuAccepts(path);
    }

    [Fact]
    public void AnExtentsFileThatIsFullAtTwoTebibytesIsRefused()
    {
        using var folder = new TempFolder();
        GuestContent content = new GuestContent(LengthBytes).Fill(0, GrainBytes, ContentPattern.Stamp);
        string path = SparseImage.Write(folder.Path, "disk", content);
        Patch.SetLength(path, ((1L << 32) - 64) * 512);
        using (VmdkDisk disk = Writable.OpenFast(path))
        {
            var refusal = Assert.Throws<VmdkException>(() => disk.Write(new byte[1], 5 * GrainBytes));
            Assert.Equal(VmdkErrorCode.LimitExceeded, refusal.Code);
            disk.Write(Writable.Filled(512, 0x21), 0);
        }

        content.Write(0, Writable.Filled(512, 0x21));
        DiskAssert.Holds(content, path);
    }

    [Fact]
    public void HundredsOfExtentsAreWritten()
    {
        using var folder = new TempFolder();
        var content = GuestContent.Scattered(600 * 4096, seed: 4);
        string path = FlatImage.Write(folder.Path, "disk", content, "twoGbMaxExtentFlat", extentSectors: 8);
        Assert.True(new FileInfo(path).Length > 16_000);
        content.Fill(50_001, 2_000_000, ContentPattern.Stamp, seed: 6);

        Writable.Change(path, disk => disk.Write(content.Read(50_001, 2_000_000), 50_001));

        DiskAssert.Holds(content, path);
        Writable.QemuReads(content, path);
    }

    [Theory]
    [InlineData(ChildKind.SplitSparse)]
    [InlineData(ChildKind.MonolithicSparse)]
    [InlineData(ChildKind.VmfsSparse)]
    public void CopyOnWriteReadsTheParentAtTheDisksOffset(ChildKind kind)
    {
        using var folder = new TempFolder();
        GuestContent below = new GuestContent(LengthBytes).Fill(0, LengthBytes, ContentPattern.Stamp);
        string parent = SparseImage.Write(folder.Path, "parent", below);
        string path = Chain.WriteChild(kind, folder.Path, "disk", below, parent, below, grainSectors: 128);
        GuestContent content = below.Clone();
        for (int grain = 0; grain < 40; grain += 3)
        {
            content.Write((grain * GrainBytes) + 700, [1, 2, 3]);
        }

        Writable.Change(path, disk =>
        {
            for (int grain = 0; grain < 40; grain += 3)
            {
                disk.Write([1, 2, 3], (grain * GrainBytes) + 700);
            }
        });

        DiskAssert.Holds(content, path);
        Writable.QemuReads(content, path);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void TheShortLastGrainIsWritten(bool hasParent)
    {
        const long Odd = (7 * GrainBytes) + 1536;
        using var folder = new TempFolder();
        GuestContent below = new GuestContent(Odd).Fill(0, Odd, ContentPattern.Stamp);
        ParentLink? parent = hasParent
            ? ParentLink.To(SparseImage.Write(folder.Path, "parent", below), below, folder.Path)
            : null;
        GuestContent content = hasParent ? below : new GuestContent(Odd);
        string path = SparseImage.Write(folder.Path, "disk", content, new SparseOptions { Parent = parent });

        Writable.Change(path, disk => disk.Write([7, 8], Odd - 2));

        content.Write(Odd - 2, [7, 8]);
        DiskAssert.Holds(content, path);
        Writable.QemuAccepts(path);
        Writable.QemuReads(content, path);
    }

    [Fact]
    public void PastAShorterParentNewGrainsAreFilledWithZeros()
    {
        using var folder = new TempFolder();
        const long Short = (9 * GrainBytes) + 512;
        GuestContent below = new GuestContent(Short).Fill(0, Short, ContentPattern.Stamp);
        string parent = SparseImage.Write(folder.Path, "parent", below);
        GuestContent content = below.Clone(LengthBytes);
        string path = Chain.WriteChild(ChildKind.MonolithicSparse, folder.Path, "disk", content, parent, below);

        Writable.Change(path, disk =>
        {
            disk.Write([1], Short + 10);
            disk.Write([2], 20 * GrainBytes);
        });

        content.Write(Short + 10, [1]);
        content.Write(20 * GrainBytes, [2]);
        DiskAssert.Holds(content, path);
    }
}
