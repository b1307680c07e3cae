using VmdkFast.Tests.Support;
using Xunit;

namespace VmdkFast.Tests.Checking;

/// <summary>What was damaged is set right: the check is clean, the content as before, and all can be undone.</summary>
public sealed class RepairTests : IDisposable
{
    readonly TempFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void EveryByteOfATableIsRestoredFromTheOtherCopy()
    {
        string path = Sparse(new SparseOptions { Descriptor = new DescriptorText { DatabaseLines = [] } });
        byte[] good = File.ReadAllBytes(path);
        foreach (long table in new[] { Checked.Table(path), Checked.CopyTable(path) })
        {
            foreach (int grain in new[] { 0, 15, 20 })
            {
                for (int i = 0; i < 4; i++)
                {
                    RestoresEachMutation(path, good, table + (grain * 4) + i);
                }
            }
        }
    }

    [Fact]
    public void EveryByteOfADirectoryIsRestoredFromTheOtherCopy()
    {
        string path = Sparse();
        byte[] good = File.ReadAllBytes(path);
        foreach (long directory in new[] { Checked.Directory(path), Checked.CopyDirectory(path) })
        {
            for (int i = 0; i < 4; i++)
            {
                RestoresEachMutation(path, good, directory + i);
            }
        }
    }

    [Theory]
    [InlineData(48)]
    [InlineData(56)]
    public void ThePlaceOfADirectoryIsRestoredFromTheOther(int field)
    {
        string path = SparseImage.Write(_folder.Path, "disk", Checked.Content(70 << 20), new SparseOptions());
        byte[] good = File.ReadAllBytes(path);
        ulong sector = BitConverter.ToUInt64(good, field);
        foreach (ulong wrong in new[] { 0UL, 1UL, sector - 1, sector + 1, sector << 8, ulong.MaxValue })
        {
            Patch.WriteUInt64(path, field, wrong);
            Repair(path);
            Assert.True(good.AsSpan().SequenceEqual(File.ReadAllBytes(path)), $"sector {wrong}");
        }
    }

    // The directory is read one sector too late, where the first table is: what that names as tables is data.
    [Fact]
    public void ThroughAMisplacedDirectoryOfADamagedImageNothingIsWritten()
    {
        string path = SparseImage.Write(_folder.Path, "disk", Checked.Content(70 << 20), new SparseOptions());
        Patch.WriteUInt64(path, 56, BitConverter.ToUInt64(File.ReadAllBytes(path), 56) + 1);
        using (FileStream file = File.OpenWrite(path))
        {
            file.SetLength(file.Length - 4096);
        }

        byte[] damaged = File.ReadAllBytes(path);
        VmdkRepairResult result = Repair(path);
        Assert.NotEmpty(result.LeftOut);
        Assert.True(damaged.AsSpan().SequenceEqual(File.ReadAllBytes(path)));
    }

    [Fact]
    public void AWholeTableOfGarbageIsRestored()
    {
        string path = Sparse();
        byte[] good = File.ReadAllBytes(path);
        byte[] garbage = new byte[2048];
        new Random(3).NextBytes(garbage);
        Patch.WriteBytes(path, Checked.Table(path), garbage);

        Repair(path);

        Assert.Equal(good, File.ReadAllBytes(path));
    }

    [Fact]
    public void ADirectoryOfSeveralTablesIsRestoredByItsNeighbours()
    {
        // Without a second copy: where the other tables lie tells where the lost one is.
        string path = SparseImage.Write(
            _folder.Path, "disk", Checked.Content(70 << 20), new SparseOptions { Redundant = false });
        byte[] good = File.ReadAllBytes(path);
        Patch.WriteUInt32(path, Checked.Directory(path) + 4, 0x7fff_ffff);

        Repair(path);

        Assert.True(good.AsSpan().SequenceEqual(File.ReadAllBytes(path)));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void TheSecondOwnerGetsACopyOfItsOwn(bool cowd)
    {
        GuestContent content = Content();
        string path;
        if (cowd)
        {
            path = CowdImage.WriteBare(_folder.Path, "disk", content, new CowdOptions { GrainSectors = 8 });
            long table = Patch.ReadUInt32(path, Patch.ReadUInt32(path, 20) * 512L) * 512L;
            Patch.WriteUInt32(path, table + 20, Patch.ReadUInt32(path, table + 8));
        }
        else
        {
            path = Sparse();
            Checked.SetEntry(path, 5, Checked.Entry(path, 2));
        }

        byte[] reachable = Repaired.ReadAll(path);

        VmdkRepairResult result = Repair(path);

        Assert.Equal(1, result.Before.Corruptions);
        Assert.Contains(result.Changes, change => change.Action == "append");

        // The grain that the entry has lost is left, until another run gives it back; without a copy only on request.
        Assert.Equal((0, 1), (result.After!.Corruptions, result.After.Leaks));
        Repair(path, new VmdkRepairOptions { DropLost = cowd });
        Checked.IsClean(path);
        Assert.Equal(reachable, Repaired.ReadAll(path));

        // Now a write into one of them does not reach the other.
        int grainBytes = cowd ? 4096 : 65536;
        using var disk = VmdkDisk.Open(path, new VmdkOpenOptions { Access = VmdkOpenAccess.ReadWrite });
        disk.Write(new byte[512], 5 * grainBytes);
        byte[] sector = new byte[512];
        disk.Read(sector, 2 * grainBytes);
        Assert.True(reachable.AsSpan(2 * grainBytes, 512).SequenceEqual(sector));
    }

    [Fact]
    public void LeakedGrainsAreGivenBack()
    {
        string path = Sparse();
        foreach (int grain in new[] { 4, 14, 15 })
        {
            Checked.SetEntry(path, grain, 0);
        }

        byte[] reachable = Repaired.ReadAll(path);
        long length = new FileInfo(path).Length;

        Repair(path, new VmdkRepairOptions { Scope = VmdkRepairScope.Leaks });

        Checked.IsClean(path);
        Assert.Equal(length - (2 * 65536), new FileInfo(path).Length);
        Assert.Equal(reachable, Repaired.ReadAll(path));
    }

    [Fact]
    public void WhatIsLostIsGivenUpOnlyOnRequest()
    {
        string path = Sparse();
        Checked.SetEntry(path, 3, 0x7fff_ffff);
        byte[] damaged = File.ReadAllBytes(path);

        Assert.False(Repair(path, new VmdkRepairOptions { Scope = VmdkRepairScope.All }).After!.IsSound);
        Assert.Equal(0x7fff_ffffu, Checked.Entry(path, 3));

        VmdkRepairResult result = Repair(path, new VmdkRepairOptions { DropLost = true });
        Assert.Equal(new VmdkLostRange(3 * 65536, 65536), Assert.Single(result.Lost));
        Assert.True(result.After!.IsSound);
        Assert.Equal(0u, Checked.Entry(path, 3));
        byte[] read = Repaired.ReadAll(path);
        Assert.False(read.AsSpan(3 * 65536, 65536).ContainsAnyExcept((byte)0));
        Assert.Equal(damaged.Length, new FileInfo(path).Length);
    }

    [Fact]
    public void AnExtentIsCalledCleanOnlyWhenNothingIsWrong()
    {
        string path = Sparse(new SparseOptions { Unclean = true });
        Checked.SetEntry(path, 3, 0x7fff_ffff);
        Repair(path);
        Assert.Equal(1, Patch.ReadBytes(path, 72, 1)[0]);

        VmdkRepairResult result = Repair(path, new VmdkRepairOptions { DropLost = true });
        Assert.Equal(0, Patch.ReadBytes(path, 72, 1)[0]);
        Assert.Equal((0, 0), (result.After!.Corruptions, result.After.Warnings));
    }

    [Fact]
    public void AParentIsAcceptedOnlyOnRequest()
    {
        GuestContent content = Content();
        string parent = SparseImage.Write(_folder.Path, "base", content);
        GuestContent changed = content.Clone().Fill(0, 65536, ContentPattern.Random, 9);
        string child = Chain.WriteChild(ChildKind.MonolithicSparse, _folder.Path, "child", changed, parent, content);
        using (var disk = VmdkDisk.Open(parent, new VmdkOpenOptions { Access = VmdkOpenAccess.ReadWrite }))
        {
            disk.Write(new byte[512], 0);
        }

        Assert.Throws<VmdkException>(() => VmdkDisk.Open(child));
        Assert.Empty(Repair(child).Changes);
        Repair(child, new VmdkRepairOptions { AcceptParent = true });
        Checked.IsClean(child);
        DiskAssert.Holds(changed, child);
    }

    [Fact]
    public void AFreeSectorIsMovedBehindWhatIsUsed()
    {
        string path = CowdImage.WriteBare(_folder.Path, "disk", Content());
        uint good = Patch.ReadUInt32(path, 28);
        Patch.WriteUInt32(path, 28, good - 10);
        Repair(path);
        Assert.Equal(good, Patch.ReadUInt32(path, 28));
    }

    [Theory]
    [InlineData(4, 9)]
    [InlineData(74, 13)]
    public void BehindADamagedHeaderNothingIsChanged(int offset, byte value)
    {
        string path = Sparse();
        Patch.WriteUInt32(path, Checked.Table(path), 0x7fff_ffff);
        Patch.WriteBytes(path, offset, [value]);
        VmdkRepairResult result = Repair(path, new VmdkRepairOptions { DropLost = true });
        Assert.True(result.Before.Corruptions > 1);
        Assert.Empty(result.Changes);
        Assert.Null(result.JournalPath);
    }

    [Fact]
    public void APlanChangesNothing()
    {
        string path = Sparse();
        Checked.SetEntry(path, 5, Checked.Entry(path, 2));
        byte[] before = File.ReadAllBytes(path);

        VmdkRepairResult result = Repaired.Plan(path);

        Assert.NotEmpty(result.Changes);
        Assert.Null(result.After);
        Assert.Null(result.JournalPath);
        Assert.Equal(before, File.ReadAllBytes(path));
        Assert.Single(Directory.GetFiles(_folder.Path));
    }

    [Fact]
    public void AnImageInUseIsNotRepaired()
    {
        string path = Sparse();
        Patch.WriteUInt32(path, Checked.CopyTable(path), 0x7fff_ffff);
        byte[] before = File.ReadAllBytes(path);
        using var disk = VmdkDisk.Open(path);

        VmdkException refusal = Assert.Throws<VmdkException>(() => Repair(path));

        Assert.Equal(VmdkErrorCode.Locked, refusal.Code);
        Assert.Equal(before, File.ReadAllBytes(path));
    }

    [Fact]
    public void ExtentsOfASplitDiskAreRepairedWhereTheyAre()
    {
        GuestContent content = Content();
        string path = SplitSparseImage.Write(_folder.Path, "disk", content, 1024);
        string second = _folder["disk-s002.vmdk"];
        Patch.WriteUInt32(second, Checked.Table(second), 0x7fff_ffff);
        VmdkRepairResult result = Repair(path);
        Assert.All(result.Changes, change => Assert.Equal(second, change.Path));
        DiskAssert.Holds(content, path);
        Checked.IsClean(path);
    }

    static void RestoresEachMutation(string path, byte[] good, long offset)
    {
        byte value = good[offset];
        foreach (byte by in new byte[] { 0, 0xff, (byte)(value + 1), (byte)(value ^ 0x10) }.Distinct())
        {
            if (by == value)
            {
                continue;
            }

            Patch.WriteBytes(path, offset, [by]);
            Assert.False(Checked.Check(path).IsSound, $"byte {offset} set to {by}");
            VmdkRepairResult result = Repair(path);
            byte[] repaired = File.ReadAllBytes(path);
            Assert.True(
                good.AsSpan().SequenceEqual(repaired),
                $"byte {offset} set from {value} to {by}: "
                + string.Join('\n', result.Before.Findings.Select(finding => $"{finding.Kind} {finding.Text}"))
                + string.Join('\n', result.Changes.Select(change => $"{change}")));
            File.Delete(result.JournalPath!);
        }
    }

    static VmdkRepairResult Repair(string path, VmdkRepairOptions? options = null) => Repaired.Apply(path, options);

    // 2 MiB, of which the second half was never written.
    static GuestContent Content() =>
        new GuestContent(2 << 20).Fill(0, 1 << 20, ContentPattern.Stamp, 1);

    string Sparse(SparseOptions? options = null) =>
        SparseImage.Write(_folder.Path, "disk", Content(), options);
}
