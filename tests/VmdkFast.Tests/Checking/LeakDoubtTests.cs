using VmdkFast.Tests.Support;
using Xunit;

namespace VmdkFast.Tests.Checking;

/// <summary>Space that nothing uses, and that may be what a damaged entry has lost.</summary>
public sealed class LeakDoubtTests : IDisposable
{
    const int CowdDirectoryField = 20;
    const int TableBytes = 16 << 10;

    // 16 MiB in each table.
    static readonly CowdOptions s_cowd = new() { GrainSectors = 8 };

    readonly TempFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData(0)]
    [InlineData(2)]
    public void AnEsxTableWithoutEntriesHasLostThem(int table)
    {
        string path = CowdImage.WriteBare(_folder.Path, "disk", Checked.Content(40 << 20), s_cowd);
        Patch.WriteBytes(path, CowdTable(path, table), new byte[TableBytes]);
        byte[] damaged = File.ReadAllBytes(path);

        VmdkFinding finding = Assert.Single(
            Checked.Findings(Checked.Check(path), VmdkFindingKind.DirectoryEntryInvalid));
        Assert.Equal(
            (table * (16L << 20), Math.Min(16L << 20, (40L << 20) - (table * (16L << 20)))),
            (finding.GuestOffsetBytes, finding.GuestLengthBytes));
        Repaired.Apply(path);
        Repaired.Apply(path, new VmdkRepairOptions { Scope = VmdkRepairScope.Leaks });
        Assert.True(damaged.AsSpan().SequenceEqual(File.ReadAllBytes(path)));

        VmdkRepairResult given = Repaired.Apply(path, new VmdkRepairOptions { DropLost = true });
        Assert.Equal(finding.GuestOffsetBytes, Assert.Single(given.Lost).OffsetBytes);
        Assert.Equal((0, true), (given.After!.Corruptions, given.After.Leaks > 0));
    }

    // What the writer has unmapped by itself was given back.
    [Fact]
    public void AnEsxTableWithoutEntriesIsInOrderWhereNothingIsUnused()
    {
        string path = CowdImage.WriteBare(_folder.Path, "disk", Checked.Content(40 << 20), s_cowd);
        long grains = CowdTable(path, 0) + TableBytes;
        Patch.WriteBytes(path, CowdTable(path, 0), new byte[TableBytes]);
        Patch.WriteBytes(path, grains, new byte[CowdTable(path, 1) - grains]);
        Checked.IsClean(path);
    }

    [Theory]
    [InlineData(true, 4)]
    [InlineData(true, 512)]
    [InlineData(true, 4096)]
    [InlineData(false, 4)]
    [InlineData(false, 512)]
    public void WithoutACopyWhatLooksUnusedIsGivenBackOnlyOnRequest(bool cowd, int lengthBytes)
    {
        GuestContent content = Checked.Content(20 << 20);
        string path = cowd
            ? CowdImage.WriteBare(_folder.Path, "disk", content, s_cowd)
            : SparseImage.Write(
                _folder.Path, "disk", content, new SparseOptions { GrainSectors = 16, Redundant = false });
        long entries = (cowd ? CowdTable(path, 0) : Checked.Table(path)) + 1024;
        byte[] lost = Patch.ReadBytes(path, entries, lengthBytes);
        Patch.WriteBytes(path, entries, new byte[lengthBytes]);
        byte[] damaged = File.ReadAllBytes(path);

        Assert.Equal((0, lengthBytes / 4), (Checked.Check(path).Corruptions, Checked.Check(path).Leaks));
        VmdkRepairResult result = Repaired.Apply(path);
        Repaired.Apply(path, new VmdkRepairOptions { Scope = VmdkRepairScope.Leaks });

        Assert.Equal([VmdkRepairRemedy.DropLost], result.Remedies);
        Assert.True(damaged.AsSpan().SequenceEqual(File.ReadAllBytes(path)));
        Patch.WriteBytes(path, entries, lost);
        DiskAssert.Holds(content, path);

        Patch.WriteBytes(path, entries, new byte[lengthBytes]);
        VmdkRepairResult given = Repaired.Apply(path, new VmdkRepairOptions { DropLost = true });
        Assert.Contains("whose only entry is lost", Assert.Single(given.Changes).Reason, StringComparison.Ordinal);
        Checked.IsClean(path);
    }

    // As after a power cut: the entry reached one table, its grain's bytes nothing.
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void AGrainOfZerosDoesNotHideWhatTheParentHas(bool isHole)
    {
        GuestContent below = Checked.Content();
        GuestContent content = below.Clone().Fill(0, Checked.GrainBytes, ContentPattern.Text, 3);
        string parent = SparseImage.Write(_folder.Path, "parent", below);
        string child = Chain.WriteChild(ChildKind.MonolithicSparse, _folder.Path, "child", content, parent, below);
        byte[] good = File.ReadAllBytes(child);
        Patch.WriteUInt32(child, Checked.CopyTable(child) + (5 * 4), (uint)(good.Length / 512));
        if (isHole)
        {
            Patch.SetLength(child, good.Length + Checked.GrainBytes);
        }
        else
        {
            Patch.WriteBytes(child, good.Length, new byte[Checked.GrainBytes]);
        }

        Checked.Findings(Checked.Check(child), VmdkFindingKind.CopiesDisagree);
        Repaired.Apply(child);

        DiskAssert.Holds(content, child);
        Assert.Equal(0u, Patch.ReadUInt32(child, Checked.CopyTable(child) + (5 * 4)));
        Checked.IsClean(child);
    }

    static long CowdTable(string path, int table) =>
        Patch.ReadUInt32(path, (Patch.ReadUInt32(path, CowdDirectoryField) * 512L) + (table * 4)) * 512L;
}
