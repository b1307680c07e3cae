using VmdkFast.Tests.Support;
using Xunit;

namespace VmdkFast.Tests.Checking;

/// <summary>What a repair leaves alone: steps that lose, hide or replace what can be read or might be found.</summary>
public sealed class RepairGuardTests : IDisposable
{
    readonly TempFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    // What a wrong entry has lost looks unused: also when the entry is right again, or has a grain of its own.
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void SpaceIsGivenBackByNoRunThatFoundSomethingElse(bool shared)
    {
        string path = Sparse();
        uint lost = Checked.Entry(path, 5);
        Checked.SetEntry(path, 5, shared ? Checked.Entry(path, 8) : 0x7fff_ffff);

        VmdkRepairResult result = Repair(path, new VmdkRepairOptions { DropLost = true });

        Assert.Equal((0, 1), (result.After!.Corruptions, result.After.Leaks));
        Assert.Contains(
            result.LeftOut,
            step => step.Contains("another run gives it back", StringComparison.Ordinal));
        byte[] wanted = Content().Read(5 * 65536, 65536);
        Assert.Equal(wanted, File.ReadAllBytes(path).AsSpan((int)(lost * 512), 65536).ToArray());

        Repair(path);
        Checked.IsClean(path);
    }

    // A file that was cut off while it was copied: what is appended would become the content of grains that are lost.
    [Fact]
    public void NothingIsAppendedOverWhereLostGrainsAre()
    {
        string path = Sparse();
        Checked.SetEntry(path, 1, Checked.Entry(path, 0));
        Patch.SetLength(path, Checked.Entry(path, 10) * 512L);
        byte[] damaged = File.ReadAllBytes(path);

        VmdkRepairResult result = Repair(path);

        Assert.NotEmpty(result.LeftOut);
        Assert.Equal(damaged, File.ReadAllBytes(path));
        using var disk = VmdkDisk.Open(path);
        Assert.Throws<VmdkException>(() => disk.Read(new byte[512], 10 * 65536));
    }

    [Fact]
    public void WhenWhatIsLostIsGivenUpTheFileMayGrow()
    {
        string path = Sparse();
        Checked.SetEntry(path, 1, Checked.Entry(path, 0));
        Patch.SetLength(path, Checked.Entry(path, 10) * 512L);

        VmdkRepairResult result = Repair(path, new VmdkRepairOptions { DropLost = true });

        Assert.Equal((0, 6), (result.After!.Corruptions, result.Lost.Count));
        byte[] wanted = Content().Read(0, 10 * 65536);
        wanted.AsSpan(0, 65536).CopyTo(wanted.AsSpan(65536));
        Assert.Equal(wanted, Repaired.ReadAll(path)[..(10 * 65536)]);
    }

    [Fact]
    public void AnEmptyEntryGetsNoGrainThatAReaderRefuses()
    {
        // A changed byte of the header calls the grains compressed: the copy's entry leads to no zlib data. Where a
        // table is absent the others' places do not prove the header wrong.
        string path = SparseImage.Write(
            _folder.Path, "disk", new GuestContent(64 << 20).Fill(0, 1 << 20, ContentPattern.Stamp, 1),
            new SparseOptions { TablesLazilyAbsent = true });
        Patch.WriteBytes(path, 77, [1]);
        Patch.WriteUInt32(path, Checked.Entry(path, 0) * 512L, 100);
        Patch.WriteUInt32(path, Checked.Table(path), 0);

        VmdkRepairResult result = Repair(path);

        Assert.Empty(result.Changes);
        Assert.Contains(
            result.LeftOut, step => step.EndsWith("grainTable[0][0]: from its copy", StringComparison.Ordinal));
        using var disk = VmdkDisk.Open(path);
        byte[] first = new byte[512];
        disk.Read(first, 0);
        Assert.Equal(new byte[512], first);
    }

    [Fact]
    public void AMisplacedGrainGivesWayToNoEmptyEntry()
    {
        // Neither entry is where the grain is; what can be read is not thrown away for zeros.
        string path = Sparse();
        uint entry = Checked.Entry(path, 15);
        Patch.WriteUInt32(path, Checked.Table(path) + (15 * 4), entry + 1);
        Patch.WriteUInt32(path, Checked.CopyTable(path) + (15 * 4), 0);
        byte[] readable = Repaired.ReadAll(path);

        VmdkRepairResult result = Repair(path);

        Assert.Equal([VmdkRepairRemedy.DropLost], result.Remedies);
        Assert.Equal(readable, Repaired.ReadAll(path));
    }

    // With a grain that nothing names both entries may be lost: an empty copy proves nothing then.
    [Theory]
    [InlineData(0x7fff_ffffu, 0u)]
    [InlineData(0u, 0x7fff_ffffu)]
    public void AnEmptyEntryDecidesNothingWhereAGrainIsUnused(uint entry, uint copy)
    {
        string path = Sparse();
        Patch.WriteUInt32(path, Checked.Table(path) + (4 * 8), entry);
        Patch.WriteUInt32(path, Checked.CopyTable(path) + (4 * 8), copy);
        byte[] damaged = File.ReadAllBytes(path);

        VmdkRepairResult result = Repair(path);
        Assert.Equal([VmdkRepairRemedy.DropLost], result.Remedies);
        Repair(path);
        Assert.Equal(damaged, File.ReadAllBytes(path));

        result = Repair(path, new VmdkRepairOptions { DropLost = true });
        Assert.Equal(new VmdkLostRange(8 * 65536, 65536), Assert.Single(result.Lost));
        Assert.Equal(0, result.After!.Corruptions);
    }

    [Fact]
    public void OneBadStepAmongManyIsFoundAndOnlyThatIsLeftOut()
    {
        string path = Sparse();
        byte[] good = File.ReadAllBytes(path);
        uint entry = Checked.Entry(path, 15);
        for (int grain = 0; grain < 15; grain++)
        {
            Patch.WriteUInt32(path, Checked.CopyTable(path) + (grain * 4), 0x7fff_ffff);
        }

        // What reads as nothing would read as something, and not all damage is of that kind.
        Patch.WriteUInt32(path, Checked.Table(path) + (15 * 4), 0);

        VmdkRepairResult result = Repair(path);

        Assert.Equal(15, result.Changes.Count);
        Assert.EndsWith("grainTable[0][15]: from its copy", Assert.Single(result.LeftOut), StringComparison.Ordinal);
        Patch.WriteUInt32(path, Checked.Table(path) + (15 * 4), entry);
        Assert.Equal(good, File.ReadAllBytes(path));
    }

    // Both entries of the grain were lost, one to another's place: the unused grain is the one that it had.
    [Fact]
    public void ADoubledEntryGivesWayToNothingOnlyWhereNoGrainIsUnused()
    {
        string path = Sparse();
        Patch.WriteUInt32(path, Checked.Table(path), Checked.Entry(path, 5));
        Patch.WriteUInt32(path, Checked.CopyTable(path), 0);
        byte[] damaged = File.ReadAllBytes(path);

        VmdkRepairResult result = Repair(path);

        Assert.Equal([VmdkRepairRemedy.DropLost], result.Remedies);
        Assert.Equal(damaged, File.ReadAllBytes(path));
    }

    [Fact]
    public void ADoubledEntryGivesWayToNothingWhereItsCopySaysSo()
    {
        string path = Sparse();
        byte[] good = File.ReadAllBytes(path);
        Patch.WriteUInt32(path, Checked.Table(path) + (20 * 4), Checked.Entry(path, 5));

        Repair(path);

        Assert.Equal(good, File.ReadAllBytes(path));
    }

    [Fact]
    public void NoSpaceIsGivenBackWhileSomethingElseIsWrong()
    {
        string path = Sparse();
        Checked.SetEntry(path, 15, 0);
        Patch.WriteUInt32(path, Checked.CopyTable(path), 0x7fff_ffff);

        VmdkRepairResult result = Repair(path, new VmdkRepairOptions { Scope = VmdkRepairScope.Leaks });

        Assert.Equal((1, 1), (result.After!.Leaks, result.After.Corruptions));
        Assert.Empty(result.Changes);
        Assert.Equal(0x7fff_ffffu, Patch.ReadUInt32(path, Checked.CopyTable(path)));
    }

    static VmdkRepairResult Repair(string path, VmdkRepairOptions? options = null) => Repaired.Apply(path, options);

    // 2 MiB, of which the second half was never written.
    static GuestContent Content() =>
        new GuestContent(2 << 20).Fill(0, 1 << 20, ContentPattern.Stamp, 1);

    string Sparse(SparseOptions? options = null) =>
        SparseImage.Write(_folder.Path, "disk", Content(), options);
}
