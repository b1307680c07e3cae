using VmdkFast.Checking;
using VmdkFast.Storage;
using VmdkFast.Tests.Support;
using Xunit;

namespace VmdkFast.Tests.Checking;

/// <summary>One damage each: what kind it is found as, where, and that qemu-img does not see it.</summary>
public sealed class DamageTests : IDisposable
{
    readonly TempFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData(0x7fff_ffffu, VmdkFindingKind.TableEntryInvalid)]
    [InlineData(20u, VmdkFindingKind.TableEntryInvalid)]
    [InlineData(129u, VmdkFindingKind.TableEntryInvalid)]
    [InlineData(0u, VmdkFindingKind.CopiesDisagree)]
    public void AnEntryThatDiffersFromItsCopyIsFound(uint entry, VmdkFindingKind kind)
    {
        string path = Sparse();
        long place = Checked.Table(path) + (3 * 4);
        Patch.WriteUInt32(path, place, entry);

        VmdkFinding finding = Assert.Single(Checked.Findings(Checked.Check(path), kind));

        Assert.Equal(place, finding.OffsetBytes);
        Assert.Equal((3 * 65536, 65536), (finding.GuestOffsetBytes, finding.GuestLengthBytes));
        Assert.Equal(VmdkFindingSeverity.Corruption, finding.Severity);
        Assert.Equal(entry == 0x7fff_ffff, QemuImg.Check(path).ExitCode != 0);
    }

    [Fact]
    public void ADamagedCopyIsFoundThatQemuNeverReads()
    {
        string path = Sparse();
        Patch.WriteUInt32(path, Checked.CopyTable(path) + 8, 0x7fff_ffff);
        QemuMisses(path, VmdkFindingKind.CopyInvalid);
    }

    [Fact]
    public void TwoOwnersOfOneGrainAreFound()
    {
        string path = Sparse();
        Checked.SetEntry(path, 5, Checked.Entry(path, 2));
        VmdkCheckResult result = QemuMisses(path, VmdkFindingKind.GrainShared);
        Assert.Equal(5 * 65536, Checked.Findings(result, VmdkFindingKind.GrainShared)[0].GuestOffsetBytes);
        Assert.Equal(1, result.Leaks);
    }

    [Fact]
    public void GrainsThatOverlapByHalfAreFound()
    {
        string path = Sparse();
        Checked.SetEntry(path, 5, Checked.Entry(path, 2) + 64);
        QemuMisses(path, VmdkFindingKind.GrainShared);
    }

    [Fact]
    public void AMisalignedGrainIsAWarning()
    {
        string path = Sparse(lengthBytes: 65536);
        Patch.SetLength(path, new FileInfo(path).Length + 65536);
        Checked.SetEntry(path, 0, Checked.Entry(path, 0) + 8);
        VmdkFinding finding = Assert.Single(Checked.Findings(Checked.Check(path), VmdkFindingKind.GrainMisaligned));
        Assert.Equal(VmdkFindingSeverity.Warning, finding.Severity);
    }

    [Fact]
    public void AGrainOverATableIsFound()
    {
        string path = CowdImage.WriteBare(_folder.Path, "disk", Checked.Content());
        long directory = Patch.ReadUInt32(path, 20) * 512L;
        uint table = Patch.ReadUInt32(path, directory);
        Patch.WriteUInt32(path, (table * 512L) + 40, table + 1);
        Checked.Findings(Checked.Check(path), VmdkFindingKind.GrainOverMetadata);
    }

    [Fact]
    public void ATableOverATableIsFound()
    {
        string path = Sparse(lengthBytes: 70 << 20, options: new SparseOptions { Redundant = false });
        long directory = Checked.Directory(path);
        Patch.WriteUInt32(path, directory + 8, Patch.ReadUInt32(path, directory + 4) + 1);
        VmdkFinding finding = Assert.Single(Checked.Findings(Checked.Check(path), VmdkFindingKind.TableOverlap));
        Assert.Equal(directory + 8, finding.OffsetBytes);
        Assert.Equal(64 << 20, finding.GuestOffsetBytes);
    }

    [Theory]
    [InlineData(false, VmdkFindingKind.DirectoryEntryInvalid)]
    [InlineData(true, VmdkFindingKind.CopyInvalid)]
    public void AStrayDirectoryEntryIsToldFromAGoodOne(bool copy, VmdkFindingKind kind)
    {
        string path = Sparse();
        long place = copy ? Checked.CopyDirectory(path) : Checked.Directory(path);
        Patch.WriteUInt32(path, place, 256);
        VmdkFinding finding = Assert.Single(Checked.Findings(Checked.Check(path), kind));
        Assert.Equal(place, finding.OffsetBytes);
    }

    [Fact]
    public void LeakedGrainsAreCounted()
    {
        string path = Sparse();
        Checked.SetEntry(path, 15, 0);
        Checked.SetEntry(path, 4, 0);
        VmdkCheckResult result = QemuMisses(path, VmdkFindingKind.LeakedSpace);
        Assert.Equal((2, 0), (result.Leaks, result.Corruptions));
    }

    [Fact]
    public void AFileThatEndsInsideAGrainIsFound()
    {
        string path = Sparse();
        Patch.SetLength(path, new FileInfo(path).Length - 1000);
        QemuMisses(path, VmdkFindingKind.GrainCutOff);
    }

    [Theory]
    [InlineData(4, 9ul, 4, VmdkFindingKind.HeaderInvalid)]
    [InlineData(8, 0x0100_0003ul, 4, VmdkFindingKind.HeaderInvalid)]
    [InlineData(8, 0x13ul, 4, VmdkFindingKind.HeaderOdd)]
    [InlineData(8, 0x0002_0003ul, 4, VmdkFindingKind.HeaderOdd)]
    [InlineData(20, 100ul, 8, VmdkFindingKind.HeaderInvalid)]
    [InlineData(44, 0ul, 4, VmdkFindingKind.HeaderInvalid)]
    [InlineData(44, 128ul, 4, VmdkFindingKind.HeaderInvalid)]
    [InlineData(48, 1ul << 30, 8, VmdkFindingKind.CopyInvalid)]
    [InlineData(56, 1ul << 30, 8, VmdkFindingKind.DirectoryInvalid)]
    [InlineData(64, 1ul << 30, 8, VmdkFindingKind.HeaderInvalid)]
    [InlineData(64, 100ul, 8, VmdkFindingKind.HeaderInvalid)]
    [InlineData(72, 1ul, 1, VmdkFindingKind.Unclean)]
    [InlineData(73, 0x0a0d0a0aul, 4, VmdkFindingKind.LineEndsChanged)]
    [InlineData(77, 2ul, 2, VmdkFindingKind.HeaderInvalid)]
    [InlineData(100, 1ul, 1, VmdkFindingKind.HeaderOdd)]
    [InlineData(12, 512ul, 8, VmdkFindingKind.HeaderInvalid)]
    [InlineData(12, 2047ul, 8, VmdkFindingKind.ExtentTooShort)]
    [InlineData(12, 1ul << 20, 8, VmdkFindingKind.HeaderInvalid)]
    [InlineData(12, 4096ul, 8, VmdkFindingKind.ExtentTooLong)]
    [InlineData(77, 1ul, 2, VmdkFindingKind.HeaderInvalid)]
    [InlineData(0, 0ul, 4, VmdkFindingKind.HeaderInvalid)]
    public void AHeaderFieldIsJudged(int offset, ulong value, int size, VmdkFindingKind kind)
    {
        string path = Sparse();
        Patch.WriteBytes(path, offset, BitConverter.GetBytes(value).AsSpan(0, size));
        VmdkFinding finding = Checked.Findings(Checked.Check(path), kind)[0];
        Assert.Equal(offset == 100 ? 79 : offset, finding.OffsetBytes);
    }

    [Fact]
    public void ACopyThatTheFlagsDenyIsOdd()
    {
        string path = Sparse();
        Patch.WriteUInt32(path, 8, 1);
        VmdkFinding finding = Assert.Single(Checked.Findings(Checked.Check(path), VmdkFindingKind.HeaderOdd));
        Assert.Equal(48, finding.OffsetBytes);
    }

    [Theory]
    [InlineData(4, 2u, VmdkFindingKind.HeaderInvalid)]
    [InlineData(8, 1u, VmdkFindingKind.HeaderOdd)]
    [InlineData(16, 3u, VmdkFindingKind.HeaderInvalid)]
    [InlineData(20, 5u, VmdkFindingKind.HeaderInvalid)]
    [InlineData(24, 0u, VmdkFindingKind.HeaderInvalid)]
    [InlineData(24, 9u, VmdkFindingKind.HeaderOdd)]
    [InlineData(24, 0xffff_ffa8u, VmdkFindingKind.HeaderInvalid)]
    [InlineData(28, 0x1000_0000u, VmdkFindingKind.HeaderOdd)]
    [InlineData(1648, 1u, VmdkFindingKind.Unclean)]
    public void AFieldOfAnEsxHeaderIsJudged(int offset, uint value, VmdkFindingKind kind)
    {
        string path = CowdImage.WriteBare(_folder.Path, "disk", Checked.Content());
        Patch.WriteUInt32(path, offset, value);
        Assert.Equal(offset, Assert.Single(Checked.Findings(Checked.Check(path), kind)).OffsetBytes);
        Assert.Equal(kind == VmdkFindingKind.Unclean, Repaired.Apply(path).Changes.Count > 0);
    }

    [Fact]
    public void AllThatIsWrongIsFoundAtOnce()
    {
        string path = Sparse();
        Patch.WriteUInt32(path, 4, 9);
        Patch.WriteBytes(path, 72, [1]);
        Patch.WriteUInt32(path, Checked.Table(path), 0x7fff_ffff);
        Checked.SetEntry(path, 5, Checked.Entry(path, 2));
        VmdkFindingKind[] kinds = [.. Checked.Check(path).Findings.Select(finding => finding.Kind).Order()];
        Assert.Equal(
            [
                VmdkFindingKind.HeaderInvalid, VmdkFindingKind.Unclean, VmdkFindingKind.TableEntryInvalid,
                VmdkFindingKind.GrainShared, VmdkFindingKind.LeakedSpace,
            ],
            kinds);
    }

    [Theory]
    [InlineData("CID=", "CXD=", VmdkFindingKind.DescriptorInvalid)]
    [InlineData("cylinders = \"1\"", "cylinders = \"9\"", VmdkFindingKind.GeometryDisagrees)]
    public void TheDescriptorIsJudged(string text, string by, VmdkFindingKind kind)
    {
        string path = Sparse();
        Replace(path, text, by);
        Checked.Findings(Checked.Check(path), kind);
    }

    [Fact]
    public void ADescriptorOverTheHeaderIsFound()
    {
        string path = Sparse();
        (HostedHeader.Read(path) with { DescriptorSector = HostedHeader.Read(path).DirectorySector }).WriteTo(path);
        Assert.False(Checked.Check(path).IsSound);
    }

    [Fact]
    public void ExtentsAreComparedWithTheirLines()
    {
        string path = SplitSparseImage.Write(_folder.Path, "disk", Checked.Content(), 1024);
        File.Delete(_folder["disk-s001.vmdk"]);
        Patch.SetLength(_folder["disk-s002.vmdk"], 100);
        VmdkCheckResult result = Checked.Check(path);
        Assert.Equal(0, Checked.Findings(result, VmdkFindingKind.ExtentMissing)[0].GuestOffsetBytes);
        Checked.Findings(result, VmdkFindingKind.Truncated);

        string flat = FlatImage.Write(_folder.Path, "flat", Checked.Content());
        Patch.SetLength(_folder["flat-flat.vmdk"], 1000);
        Checked.Findings(Checked.Check(flat), VmdkFindingKind.ExtentTooShort);

        File.WriteAllText(_folder["disk-s001.vmdk"], new string('x', 5000));
        Checked.Findings(Checked.Check(path), VmdkFindingKind.ExtentInvalid);
        Replace(path, "disk-s001", "disk-s002");
        Checked.Findings(Checked.Check(path), VmdkFindingKind.ExtentTwice);
    }

    [Fact]
    public void WhatThePolicyForbidsIsNotCheckedAndSaidSo()
    {
        string path = FlatImage.Write(_folder.Path, "flat", Checked.Content());
        Replace(path, "flat-flat.vmdk", "../../../a.vmd");
        VmdkCheckResult result = Checked.Check(path);
        Checked.Findings(result, VmdkFindingKind.NotChecked);
        Assert.Equal((1, 0), (result.CheckErrors, result.Corruptions));
    }

    [Fact]
    public void TheChainIsFollowedToItsFirstBrokenLink()
    {
        GuestContent content = Checked.Content();
        string parent = SparseImage.Write(_folder.Path, "base", content);
        string child = Chain.WriteChild(
            ChildKind.MonolithicSparse, _folder.Path, "child", content, parent, content);
        Replace(parent, "\nCID=", "\nCID=e");
        Checked.Findings(Checked.Check(child), VmdkFindingKind.ParentMismatch);
        File.Delete(parent);
        Checked.Findings(Checked.Check(child), VmdkFindingKind.ParentMissing);
        File.Copy(child, parent);
        Checked.Findings(Checked.Check(parent), VmdkFindingKind.ParentLoop);
    }

    [Fact]
    public void ChangeTrackingIsComparedWithItsFileAndTheHeader()
    {
        string path = Sparse(options: new SparseOptions
        {
            Version = 3,
            Descriptor = new DescriptorText { HeaderLines = ["changeTrackPath=\"disk-ctk.vmdk\""] },
        });
        Checked.Findings(Checked.Check(path), VmdkFindingKind.ChangeTrackingMissing);
        File.WriteAllText(_folder["disk-ctk.vmdk"], "x");
        Checked.IsClean(path);
        Patch.WriteUInt32(path, 4, 1);
        Checked.Findings(Checked.Check(path), VmdkFindingKind.ChangeTrackingStale);
    }

    [Fact]
    public void AFreeSectorWithinWhatIsUsedIsFound()
    {
        string path = CowdImage.WriteBare(_folder.Path, "disk", Checked.Content());
        Patch.WriteUInt32(path, 28, Patch.ReadUInt32(path, 28) - 10);
        Checked.Findings(Checked.Check(path), VmdkFindingKind.FreeSectorInvalid);
    }

    [Theory]
    [InlineData(0x7000_0000_0000_0000ul, VmdkFindingKind.TableEntryInvalid)]
    [InlineData(0x3000_00ff_ffff_fffful, VmdkFindingKind.TableEntryInvalid)]
    [InlineData(0ul, VmdkFindingKind.GrainShared)]
    public void SeSparseEntriesAreJudged(ulong entry, VmdkFindingKind kind)
    {
        string path = ImageKinds.Write(ImageKind.SeSparseBare, _folder.Path, Checked.Content());
        long directory = (long)Patch.ReadUInt64(path, 128) * 512;
        long table = ((long)Patch.ReadUInt64(path, 144) * 512) + (Patch.ReadUInt32(path, directory) * 32768L);
        Patch.WriteUInt64(path, table + 16, entry == 0 ? Patch.ReadUInt64(path, table + 8) : entry);
        VmdkFinding finding = Assert.Single(Checked.Findings(Checked.Check(path), kind));
        Assert.Equal((8192, 4096), (finding.GuestOffsetBytes, finding.GuestLengthBytes));
        Patch.WriteUInt64(path, directory, 0x1234);
        Checked.Findings(Checked.Check(path), VmdkFindingKind.DirectoryEntryInvalid);
    }

    [Fact]
    public void MemoryFollowsTheFileAndNotTheHeader()
    {
        string path = Sparse();
        Patch.WriteUInt64(path, 12, 1ul << 40);
        Patch.SetLength(path, 4L << 30);
        AllocatedBytes(path);

        // All that was ever allocated, the texts of 500,000 findings among it; the directory would be 64 MiB, twice.
        Assert.InRange(AllocatedBytes(path), 1, 96 << 20);
    }

    // Of this thread alone: other tests run beside.
    static long AllocatedBytes(string path)
    {
        long before = GC.GetAllocatedBytesForCurrentThread();
        using var check = new ImageCheck(new CheckRun(VmdkCheckOptions.Default, false, null), FileAccessMode.Read);
        check.Run(path, TestContext.Current.CancellationToken);
        return GC.GetAllocatedBytesForCurrentThread() - before;
    }

    [Fact]
    public void FindingsAreKeptUpToANumberAndCountedBeyondIt()
    {
        string path = Sparse();
        for (int grain = 0; grain < 16; grain++)
        {
            Checked.SetEntry(path, grain, 0x7fff_0000);
        }

        VmdkCheckResult result = Checked.Check(path, new VmdkCheckOptions { MaxFindings = 5 });
        Assert.Equal((5, 12, 16), (result.Findings.Count, (int)result.OmittedFindings, (int)result.Corruptions));
    }

    static VmdkCheckResult QemuMisses(string path, VmdkFindingKind kind)
    {
        Assert.Equal(0, QemuImg.Check(path).ExitCode);
        VmdkCheckResult result = Checked.Check(path);
        Checked.Findings(result, kind);
        return result;
    }

    string Sparse(int lengthBytes = Checked.LengthBytes, SparseOptions? options = null) =>
        SparseImage.Write(_folder.Path, "disk", Checked.Content(lengthBytes), options);

    static void Replace(string path, string text, string by)
    {
        byte[] bytes = File.ReadAllBytes(path);
        int at = bytes.AsSpan().IndexOf(System.Text.Encoding.UTF8.GetBytes(text));
        Assert.True(at >= 0, text);
        System.Text.Encoding.UTF8.GetBytes(by).CopyTo(bytes.AsSpan(at));
        File.WriteAllBytes(path, bytes);
    }
}
