using VmdkFast.Tests.Support;
using Xunit;

namespace VmdkFast.Tests.Writing;

/// <summary>Directory and tables exist twice, and a mark says whether they can be trusted.</summary>
public sealed class RedundantTableTests
{
    const int GrainBytes = 1 << 16;
    const long LengthBytes = 40 * GrainBytes;
    const long HostedMark = 72;
    const long CowdMark = 1648;

    [Theory]
    [InlineData(8, 512, false)]
    [InlineData(8, 128, true)]
    [InlineData(8, 8, true)]
    [InlineData(128, 512, false)]
    public void TheCopiesAreInStepAfterClosing(int grainSectors, int tableEntries, bool absent)
    {
        using var folder = new TempFolder();
        var content = GuestContent.Scattered(LengthBytes, seed: 1);
        string path = SparseImage.Write(folder.Path, "disk", content, new SparseOptions
        {
            GrainSectors = grainSectors,
            TableEntries = tableEntries,
            TablesLazilyAbsent = absent,
            ZeroRanges = [default],
        });

        Writable.Change(path, disk =>
        {
            disk.Write(Writable.Filled(300_000, 1), 10_001);
            disk.Flush();
            disk.WriteZeroes(100_000, 200_000);
            disk.Write(Writable.Filled(100_000, 2), LengthBytes - 150_000);
        });

        AreInStep(path);
    }

    [Theory]
    [InlineData(ImageKind.MonolithicSparse, HostedMark)]
    [InlineData(ImageKind.StreamLocal, HostedMark)]
    [InlineData(ImageKind.CowdBare, CowdMark)]
    public void TheMarkIsSetFromTheFirstWriteUntilTheDiskIsClosed(ImageKind kind, long markOffset)
    {
        using var folder = new TempFolder();
        GuestContent content = new GuestContent(LengthBytes).Fill(0, GrainBytes, ContentPattern.Stamp);
        string path = ImageKinds.Write(kind, folder.Path, content);
        using (VmdkDisk disk = Writable.OpenFast(path))
        {
            Writable.Read(disk, 0, GrainBytes);
            Assert.Equal(0, MarkOf(path, markOffset));
            disk.Write(Writable.Filled(GrainBytes, 3), 5 * GrainBytes);
            Assert.Equal(1, MarkOf(path, markOffset));
            disk.Flush();
            Assert.Equal(1, MarkOf(path, markOffset));
        }

        Assert.Equal(0, MarkOf(path, markOffset));
    }

    [Fact]
    public void TheMarkIsDurableBeforeTheFirstGrainIsWritten()
    {
        using var folder = new TempFolder();
        string path = SparseImage.Write(folder.Path, "disk", new GuestContent(LengthBytes));
        List<string> calls = [];
        using VmdkDisk disk = VmdkDisk.Open(path, Writable.Options, file => new CallLog(file, calls));

        disk.Write([1], 0);

        // Content ID, barrier; mark, barrier; the grain.
        Assert.Equal(["write", "barrier", "write", "barrier", "write"], calls.Select(call => call.Split(' ')[0]));
    }

    [Fact]
    public void ADurableWriteIsBehindItsBarriers()
    {
        using var folder = new TempFolder();
        string path = SparseImage.Write(
            folder.Path, "disk", new GuestContent(LengthBytes), new SparseOptions { Redundant = false });
        List<string> calls = [];
        using VmdkDisk disk = VmdkDisk.Open(path, Writable.Options, file => new CallLog(file, calls));
        disk.Write([1], 0);
        disk.Flush();
        calls.Clear();

        disk.Write([2], 9 * GrainBytes, durable: true);
        disk.Write([3], 0, durable: true);

        // The grain, barrier, its entry, barrier; then an overwrite, which has no entry to write.
        Assert.Equal(
            ["write", "barrier", "write", "barrier", "write", "barrier"], calls.Select(call => call.Split(' ')[0]));
    }

    [Fact]
    public void AnImageLeftOpenIsReconciledByTheFirstWrite()
    {
        using var folder = new TempFolder();
        GuestContent content = new GuestContent(LengthBytes).Fill(0, 8 * GrainBytes, ContentPattern.Stamp);
        string path = SparseImage.Write(folder.Path, "disk", content, new SparseOptions { Unclean = true });
        long copy = TableOffset(path, redundant: true);
        Patch.WriteUInt32(path, copy + 12, 0);
        Patch.WriteUInt32(path, copy + (4 * 20), 128);

        using (VmdkDisk disk = Writable.OpenFast(path))
        {
            Assert.NotEqual(TableBytes(path, redundant: false), TableBytes(path, redundant: true));
            disk.Write([9], 0);
            Assert.Equal(TableBytes(path, redundant: false), TableBytes(path, redundant: true));
        }

        AreInStep(path);
        Assert.Equal(0, MarkOf(path, HostedMark));
        content.Write(0, [9]);
        DiskAssert.Holds(content, path);
    }

    [Fact]
    public void AnImageWhoseGrainHasTwoOwnersKeepsItsMark()
    {
        using var folder = new TempFolder();
        GuestContent content = new GuestContent(LengthBytes).Fill(0, 8 * GrainBytes, ContentPattern.Stamp);
        string path = SparseImage.Write(folder.Path, "disk", content, new SparseOptions { Unclean = true });
        long table = TableOffset(path, redundant: false);
        Patch.WriteUInt32(path, table + (4 * 30), Patch.ReadUInt32(path, table));

        Writable.Change(path, disk => disk.Write([9], 20 * GrainBytes));

        Assert.Equal(1, MarkOf(path, HostedMark));
        AreInStep(path);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void AnImpossiblePrimaryEntryMustBeRepairedFirst(bool unclean)
    {
        using var folder = new TempFolder();
        GuestContent content = new GuestContent(LengthBytes).Fill(0, 8 * GrainBytes, ContentPattern.Stamp);
        string path = SparseImage.Write(folder.Path, "disk", content, new SparseOptions { Unclean = unclean });
        Patch.WriteUInt32(path, TableOffset(path, redundant: false) + (4 * 3), 0x7fff_ff00);
        byte[] tables = TableBytes(path, redundant: false);
        byte[] before = File.ReadAllBytes(path);

        using (VmdkDisk disk = Writable.OpenFast(path))
        {
            // An allocation in the same table, and an overwrite of the grain itself.
            foreach (long offset in new[] { 20L * GrainBytes, 3 * GrainBytes })
            {
                var refusal = Assert.Throws<VmdkException>(() => disk.Write([9], offset));
                Assert.Equal(VmdkErrorCode.TablesDisagree, refusal.Code);
            }

            DiskAssert.Holds(content, disk);
        }

        Assert.Equal(tables, TableBytes(path, redundant: false));
        DiskAssert.Holds(content, path);
        if (unclean)
        {
            // What its last writer left open is judged as a whole, before anything of it changes.
            Assert.Equal(before, File.ReadAllBytes(path));
        }
    }

    [Fact]
    public void ACopyThatDiffersFollowsWhenItsTableIsFirstChanged()
    {
        using var folder = new TempFolder();
        GuestContent content = new GuestContent(LengthBytes).Fill(0, 8 * GrainBytes, ContentPattern.Stamp);
        string path = SparseImage.Write(folder.Path, "disk", content);
        Patch.WriteUInt32(path, TableOffset(path, redundant: true) + (4 * 400), 128);

        Writable.Change(path, disk => disk.Write([9], 20 * GrainBytes));

        AreInStep(path);
    }

    [Fact]
    public void AnImageThatTracksChangesIsRefusedUnlessTheTrackingIsDetached()
    {
        using var folder = new TempFolder();
        GuestContent content = new GuestContent(LengthBytes).Fill(0, 8 * GrainBytes, ContentPattern.Stamp);
        var text = new DescriptorText { HeaderLines = ["changeTrackPath=\"disk-ctk.vmdk\""] };
        string path = SparseImage.Write(
            folder.Path, "disk", content, new SparseOptions { Version = 3, Descriptor = text });
        byte[] before = File.ReadAllBytes(path);

        Assert.Equal(
            VmdkErrorCode.AccessRefused, Assert.Throws<VmdkException>(() => Writable.Open(path).Dispose()).Code);
        VmdkOpenOptions detach = Writable.Options with { DetachChangeTracking = true };
        Writable.OpenFast(path, detach).Dispose();
        Assert.Equal(before, File.ReadAllBytes(path));
        using (VmdkDisk disk = Writable.OpenFast(path, detach))
        {
            disk.Write([9], 20 * GrainBytes);
        }

        content.Write(20 * GrainBytes, [9]);
        DiskAssert.Holds(content, path);
        Assert.Equal(1u, HostedHeader.Read(path).Version);
        string descriptor = System.Text.Encoding.Latin1.GetString(Patch.ReadBytes(path, 512, 20 * 512));
        Assert.DoesNotContain("changeTrackPath", descriptor, StringComparison.Ordinal);
        Assert.Contains("createType=\"monolithicSparse\"", descriptor, StringComparison.Ordinal);
        Writable.QemuAccepts(path);
        Writable.QemuReads(content, path);
        Writable.Open(path).Dispose();
    }

    static int MarkOf(string path, long offset) => Patch.ReadBytes(path, offset, 1)[0];

    static long TableOffset(string path, bool redundant)
    {
        HostedHeader header = HostedHeader.Read(path);
        ulong directory = redundant ? header.RedundantDirectorySector : header.DirectorySector;
        return Patch.ReadUInt32(path, (long)directory * 512) * 512L;
    }

    static byte[] TableBytes(string path, bool redundant) => Patch.ReadBytes(path, TableOffset(path, redundant), 2048);

    static void AreInStep(string path)
    {
        HostedHeader header = HostedHeader.Read(path);
        int tableBytes = (int)header.TableEntries * 4;
        long coverage = (long)(header.GrainSectors * header.TableEntries);
        long tables = ((long)header.CapacitySectors + coverage - 1) / coverage;
        bool hasAny = false;
        for (long i = 0; i < tables; i++)
        {
            uint primary = Patch.ReadUInt32(path, ((long)header.DirectorySector * 512) + (i * 4));
            uint copy = Patch.ReadUInt32(path, ((long)header.RedundantDirectorySector * 512) + (i * 4));
            Assert.Equal(primary == 0, copy == 0);
            if (primary != 0)
            {
                byte[] bytes = Patch.ReadBytes(path, primary * 512L, tableBytes);
                Assert.Equal(bytes, Patch.ReadBytes(path, copy * 512L, tableBytes));
                hasAny |= bytes.AsSpan().ContainsAnyExcept((byte)0);
            }
        }

        Assert.True(hasAny);
    }
}
