using VmdkFast.Tests.Support;
using Xunit;

namespace VmdkFast.Tests.Checking;

/// <summary>Grain tables that no directory names: their grains are lost, and no space to be given back.</summary>
public sealed class LostTableTests : IDisposable
{
    const int DirectoryField = 56;
    const int RedundantField = 48;

    readonly TempFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(2)]
    public void ATableThatBothDirectoriesHaveLostIsNamedAgain(int table)
    {
        string path = Sparse();
        byte[] good = File.ReadAllBytes(path);
        Patch.WriteUInt32(path, Checked.Directory(path) + (table * 4), 0);
        Patch.WriteUInt32(path, Checked.CopyDirectory(path) + (table * 4), 0);

        Assert.Equal(2, Checked.Findings(Checked.Check(path), VmdkFindingKind.TableWithoutEntry).Length);
        Repaired.Apply(path);

        Assert.True(good.AsSpan().SequenceEqual(File.ReadAllBytes(path)));
    }

    [Fact]
    public void BothDirectoriesAreMadeAgainWhenNothingIsLeftOfThem()
    {
        string path = Sparse();
        byte[] good = File.ReadAllBytes(path);
        Patch.WriteBytes(path, Checked.Directory(path), new byte[512]);
        Patch.WriteBytes(path, Checked.CopyDirectory(path), new byte[512]);

        Repaired.Apply(path);

        Assert.True(good.AsSpan().SequenceEqual(File.ReadAllBytes(path)));
    }

    // Where tables without grains are left out, their places don't say whose they are.
    [Fact]
    public void ATableWhoseNumberNobodyKnowsIsOnlyReported()
    {
        string path = Sparse();
        Patch.WriteUInt64(path, RedundantField, 0);
        Patch.WriteUInt32(path, Checked.Directory(path) + 4, 0);
        byte[] damaged = File.ReadAllBytes(path);

        Checked.Findings(Checked.Check(path), VmdkFindingKind.TableWithoutEntry);
        Repaired.Apply(path);
        Repaired.Apply(path, new VmdkRepairOptions { Scope = VmdkRepairScope.Leaks });

        Assert.True(damaged.AsSpan().SequenceEqual(File.ReadAllBytes(path)));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void WhatAnEsxDirectoryHasLostIsNotGivenBack(bool wholeDirectory)
    {
        GuestContent content = Checked.Content(40 << 20);
        string path = CowdImage.WriteBare(_folder.Path, "disk", content, new CowdOptions { GrainSectors = 8 });
        long directory = Patch.ReadUInt32(path, 20) * 512L;
        Patch.WriteBytes(path, directory + (wholeDirectory ? 0 : 4), new byte[wholeDirectory ? 512 : 4]);
        byte[] damaged = File.ReadAllBytes(path);

        VmdkCheckResult result = Checked.Check(path);
        Assert.False(result.IsSound);
        Checked.Findings(result, VmdkFindingKind.TableWithoutEntry);
        Repaired.Apply(path);
        Repaired.Apply(path, new VmdkRepairOptions { Scope = VmdkRepairScope.Leaks });

        Assert.True(damaged.AsSpan().SequenceEqual(File.ReadAllBytes(path)));
    }

    // One bit of an ESX header, and every table and grain looks unused.
    [Fact]
    public void WhatAMisplacedEsxDirectoryHidesIsNotGivenBack()
    {
        string path = CowdImage.WriteBare(
            _folder.Path, "disk", Checked.Content(40 << 20), new CowdOptions { GrainSectors = 8 });
        Patch.WriteUInt32(path, 20, Patch.ReadUInt32(path, 20) ^ 1);
        byte[] damaged = File.ReadAllBytes(path);

        Repaired.Apply(path);
        Repaired.Apply(path, new VmdkRepairOptions { Scope = VmdkRepairScope.Leaks });

        Assert.True(damaged.AsSpan().SequenceEqual(File.ReadAllBytes(path)));
    }

    [Fact]
    public void AGrainThatOnlyLooksLikeATableOfGrainsInUseIsLeaked()
    {
        // What it names is in use: an old table, of which a resized disk has made a new one.
        string path = Sparse();
        uint leaked = Checked.Entry(path, 3);
        byte[] table = File.ReadAllBytes(path)[(int)Checked.Table(path)..][..2048];
        Patch.WriteUInt32(path, Checked.Table(path) + (4 * 3), 0);
        Patch.WriteUInt32(path, Checked.CopyTable(path) + (4 * 3), 0);
        BitConverter.TryWriteBytes(table.AsSpan(4 * 3), 0);
        Patch.WriteBytes(path, leaked * 512L, table);

        VmdkCheckResult result = Checked.Check(path);

        Assert.Equal((0, 1), (result.Corruptions, result.Leaks));
    }

    // Three tables, each with grains.
    string Sparse() => SparseImage.Write(_folder.Path, "disk", Checked.Content(70 << 20), new SparseOptions());
}
