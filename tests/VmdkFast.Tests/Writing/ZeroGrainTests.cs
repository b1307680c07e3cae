using VmdkFast.Tests.Support;
using Xunit;

namespace VmdkFast.Tests.Writing;

/// <summary>Grains that become zeros, are given back, and are used again.</summary>
public sealed class ZeroGrainTests
{
    const int GrainBytes = 1 << 16;
    const long LengthBytes = 64 * GrainBytes;

    static readonly SparseOptions s_zeroGrains = new() { ZeroRanges = [default] };

    [Fact]
    public void AWholeGrainOfZerosBecomesAnEntry()
    {
        using var folder = new TempFolder();
        GuestContent content = new GuestContent(LengthBytes).Fill(0, LengthBytes, ContentPattern.Stamp);
        string path = SparseImage.Write(folder.Path, "disk", content, s_zeroGrains);

        Writable.Change(path, disk => disk.WriteZeroes(GrainBytes, 2 * GrainBytes));

        Assert.Equal(
            [(0, VmdkRunKind.Data), (GrainBytes, VmdkRunKind.Zero), (3 * GrainBytes, VmdkRunKind.Data)],
            Runs(path));
        DiskAssert.Holds(content.Fill(GrainBytes, 2 * GrainBytes, ContentPattern.Zeros), path);
        Writable.QemuReads(content, path);
    }

    [Fact]
    public void APartOfAGrainOfZerosIsStored()
    {
        using var folder = new TempFolder();
        GuestContent content = new GuestContent(LengthBytes).Fill(0, LengthBytes, ContentPattern.Stamp);
        string path = SparseImage.Write(folder.Path, "disk", content, s_zeroGrains);

        Writable.Change(path, disk => disk.WriteZeroes(GrainBytes, GrainBytes - 1));

        Assert.Equal([(0, VmdkRunKind.Data)], Runs(path));
        DiskAssert.Holds(content.Fill(GrainBytes, GrainBytes - 1, ContentPattern.Zeros), path);
    }

    [Fact]
    public void TheShortLastGrainCountsAsWhole()
    {
        using var folder = new TempFolder();
        const long Odd = (3 * GrainBytes) + 1536;
        GuestContent content = new GuestContent(Odd).Fill(0, Odd, ContentPattern.Stamp);
        string path = SparseImage.Write(folder.Path, "disk", content, s_zeroGrains);

        Writable.Change(path, disk => disk.WriteZeroes(3 * GrainBytes, 1536));

        Assert.Equal([(0, VmdkRunKind.Data), (3 * GrainBytes, VmdkRunKind.Zero)], Runs(path));
        DiskAssert.Holds(content.Fill(3 * GrainBytes, 1536, ContentPattern.Zeros), path);
    }

    [Fact]
    public void WithoutZeroGrainsAWholeGrainOfZerosIsTakenOut()
    {
        using var folder = new TempFolder();
        GuestContent content = new GuestContent(LengthBytes).Fill(0, LengthBytes, ContentPattern.Stamp);
        string path = SparseImage.Write(folder.Path, "disk", content);

        Writable.Change(path, disk => disk.WriteZeroes(GrainBytes, GrainBytes));

        Assert.Equal(
            [(0, VmdkRunKind.Data), (GrainBytes, VmdkRunKind.Unallocated), (2 * GrainBytes, VmdkRunKind.Data)],
            Runs(path));
        DiskAssert.Holds(content.Fill(GrainBytes, GrainBytes, ContentPattern.Zeros), path);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void ZerosInAChildHideTheParent(bool zeroGrains)
    {
        using var folder = new TempFolder();
        (string path, GuestContent content) = WriteChild(folder, zeroGrains);

        Writable.Change(path, disk => disk.WriteZeroes(GrainBytes / 2, 3 * GrainBytes));

        content.Fill(GrainBytes / 2, 3 * GrainBytes, ContentPattern.Zeros);
        DiskAssert.Holds(content, path);
        Writable.QemuReads(content, path);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void ADiscardInAChildNeverShowsTheParent(bool zeroGrains)
    {
        using var folder = new TempFolder();
        (string path, _) = WriteChild(folder, zeroGrains);

        Writable.Change(path, disk =>
        {
            disk.Write(Writable.Filled(4 * GrainBytes, 0xc1), 0);
            disk.Discard(0, 3 * GrainBytes);
            disk.Discard(3 * GrainBytes, 100);
        });

        using VmdkDisk disk = VmdkDisk.Open(path);
        byte[] bytes = Writable.Read(disk, 0, 4 * GrainBytes);
        Assert.Equal(-1, bytes.AsSpan().IndexOfAnyExcept((byte)0, (byte)0xc1));
        Assert.Equal(-1, bytes.AsSpan((3 * GrainBytes) + 100).IndexOfAnyExcept((byte)0xc1));
    }

    [Fact]
    public async Task ADiscardThatCanHideNothingMakesNoTables()
    {
        using var folder = new TempFolder();
        string parent = Path.Combine(folder.Path, "parent.vmdk");
        string child = Path.Combine(folder.Path, "child.vmdk");
        await VmdkDisk.CreateAsync(
            parent, new VmdkCreateOptions { LengthBytes = 64 << 20 }, TestContext.Current.CancellationToken);
        await VmdkDisk.CreateAsync(
            child, new VmdkCreateOptions { ParentPath = parent, Kind = VmdkDiskKind.VmfsSparse },
            TestContext.Current.CancellationToken);
        string delta = Path.Combine(folder.Path, "child-delta.vmdk");
        long before = new FileInfo(delta).Length;

        Writable.Change(child, disk => disk.Discard(0, disk.Length));

        Assert.Equal(before, new FileInfo(delta).Length);
    }

    [Fact]
    public void FreedGrainsAreUsedAgainAfterAFlush()
    {
        using var folder = new TempFolder();
        string path = SparseImage.Write(folder.Path, "disk", new GuestContent(LengthBytes), s_zeroGrains);
        byte[] grains = Writable.Filled(16 * GrainBytes, 0x5a);
        using VmdkDisk disk = Writable.OpenFast(path);
        disk.Write(grains, 0);
        disk.Flush();
        long once = new FileInfo(path).Length;

        for (int round = 0; round < 50; round++)
        {
            disk.Discard(0, grains.Length);
            disk.Flush();
            disk.Write(grains, 0);
            disk.Flush();
        }

        // One round waits for the epoch, one for the flush.
        Assert.True(new FileInfo(path).Length <= once + (2 * grains.Length), "Freed grains are not used again.");
        Writable.Holds(disk, 0, grains.Length, 0x5a);
    }

    [Fact]
    public void FreedGrainsAreNotUsedBeforeTheirUnmappingIsDurable()
    {
        using var folder = new TempFolder();
        string path = SparseImage.Write(folder.Path, "disk", new GuestContent(LengthBytes), s_zeroGrains);
        byte[] grains = Writable.Filled(4 * GrainBytes, 0x5a);
        using VmdkDisk disk = Writable.OpenFast(path);
        disk.Write(grains, 0);
        disk.Flush();
        HashSet<long> old = [.. Places(disk, 0, grains.Length)];

        disk.Discard(0, grains.Length);
        disk.Write(grains, 8 * GrainBytes);
        disk.Write(grains, 16 * GrainBytes);

        Assert.DoesNotContain(Places(disk, 8 * GrainBytes, 12 * GrainBytes), old.Contains);
    }

    [Fact]
    public void WhatIsFreedBeyondTheKeptSpaceGoesBackToTheFileSystem()
    {
        const int LargeGrainBytes = 1 << 20;
        const int Grains = 200;
        using var folder = new TempFolder();
        string path = SparseImage.Write(
            folder.Path, "disk", new GuestContent((long)Grains * LargeGrainBytes),
            new SparseOptions { GrainSectors = LargeGrainBytes / 512 });
        (VmdkDisk disk, CountingFile file) = Writable.Open(path, inner => new CountingFile(inner));
        using (disk)
        {
            for (int grain = 0; grain < Grains; grain++)
            {
                disk.Write(Writable.Filled(8192, 1), (long)grain * LargeGrainBytes);
            }

            disk.Flush();
            long before = file.AllocatedBytes;
            disk.Discard(0, disk.Length);
            disk.Flush();
            disk.Flush();

            // 64 MiB are kept: 64 grains, of which 8 KiB each are stored.
            Assert.True(file.AllocatedBytes <= before - ((Grains - 64) * 8192));
            disk.Write([2], 100L * LargeGrainBytes);
            Writable.Holds(disk, 0, LargeGrainBytes, 0);
            Writable.Holds(disk, (100L * LargeGrainBytes) + 1, LargeGrainBytes - 1, 0);
        }

        Writable.QemuAccepts(path);
    }

    [Fact]
    public void AReusedGrainShowsNothingOfItsFormerOwner()
    {
        using var folder = new TempFolder();
        string path = SparseImage.Write(folder.Path, "disk", new GuestContent(LengthBytes), s_zeroGrains);
        using VmdkDisk disk = Writable.OpenFast(path);
        disk.Write(Writable.Filled(8 * GrainBytes, 0x77), 0);
        disk.Flush();
        HashSet<long> old = [.. Places(disk, 0, 8 * GrainBytes)];
        disk.Discard(0, 8 * GrainBytes);
        disk.Flush();
        disk.Flush();

        for (int grain = 20; grain < 28; grain++)
        {
            disk.Write([1], (grain * GrainBytes) + 4000);
        }

        Assert.Contains(Places(disk, 20 * GrainBytes, 8 * GrainBytes), old.Contains);
        for (int grain = 20; grain < 28; grain++)
        {
            byte[] bytes = Writable.Read(disk, grain * GrainBytes, GrainBytes);
            Assert.Equal(1, bytes[4000]);
            bytes[4000] = 0;
            Assert.Equal(-1, bytes.AsSpan().IndexOfAnyExcept((byte)0));
        }
    }

    static (string Path, GuestContent Content) WriteChild(TempFolder folder, bool zeroGrains)
    {
        GuestContent below = new GuestContent(LengthBytes).Fill(0, LengthBytes, ContentPattern.Stamp);
        string parent = SparseImage.Write(folder.Path, "parent", below);
        var link = ParentLink.To(parent, below, folder.Path);
        var options = new SparseOptions { Parent = link, ZeroRanges = zeroGrains ? s_zeroGrains.ZeroRanges : [] };
        return (SparseImage.Write(folder.Path, "child", below, options), below);
    }

    // Of each run of one kind, its start.
    static List<(long OffsetBytes, VmdkRunKind Kind)> Runs(string path)
    {
        using VmdkDisk disk = VmdkDisk.Open(path);
        List<(long OffsetBytes, VmdkRunKind Kind)> runs = [];
        foreach (VmdkRun run in disk.Map(TestContext.Current.CancellationToken))
        {
            if (runs.Count == 0 || runs[^1].Kind != run.Kind)
            {
                runs.Add((run.OffsetBytes, run.Kind));
            }
        }

        return runs;
    }

    // Where in the file each grain of a range is stored.
    static IEnumerable<long> Places(VmdkDisk disk, long offsetBytes, long lengthBytes)
    {
        foreach (VmdkRun run in disk.Map(offsetBytes, lengthBytes, TestContext.Current.CancellationToken))
        {
            for (long done = 0; run.FileOffsetBytes is { } place && done < run.LengthBytes; done += GrainBytes)
            {
                yield return place + done;
            }
        }
    }
}
