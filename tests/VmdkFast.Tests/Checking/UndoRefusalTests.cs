using System.Runtime.CompilerServices;
using VmdkFast.Checking;
using VmdkFast.Format;
using VmdkFast.Tests.Support;
using Xunit;

namespace VmdkFast.Tests.Checking;

/// <summary>
/// A journal puts back all or nothing: not from damaged records, and not over what was written since.
/// </summary>
public sealed class UndoRefusalTests : IDisposable
{
    readonly TempFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void EveryFlippedBitOfAJournalIsRefused(bool cutShort)
    {
        (string path, string journal, byte[] damaged) = Small(cutShort);
        byte[] left = File.ReadAllBytes(path);
        byte[] good = File.ReadAllBytes(journal);
        Assert.InRange(good.Length, UndoHeader.RecordsOffsetBytes + 300, UndoHeader.RecordsOffsetBytes + 3000);
        for (int at = 0; at < good.Length; at++)
        {
            // All bits of what holds something, one of each byte of the empty rest of the head.
            bool isEmpty = at < UndoHeader.RecordsOffsetBytes && at % 512 >= 64;
            for (int bit = isEmpty ? at % 8 : 0; bit < 8; bit += isEmpty ? 8 : 1)
            {
                Patch.WriteBytes(journal, at, [(byte)(good[at] ^ (1 << bit))]);
                Assert.Throws<VmdkException>(() => Repaired.Undo(journal));
                Assert.True(left.AsSpan().SequenceEqual(File.ReadAllBytes(path)), $"bit {bit} of byte {at}");
            }

            Patch.WriteBytes(journal, at, [good[at]]);
        }

        Repaired.Undo(journal);
        Assert.Equal(damaged, File.ReadAllBytes(path));
    }

    [Fact]
    public void EveryCutOfAJournalIsRefused()
    {
        (string path, string journal, byte[] damaged) = Small(cutShort: false);
        byte[] left = File.ReadAllBytes(path);
        byte[] good = File.ReadAllBytes(journal);
        for (int length = good.Length - 1; length >= 0; length--)
        {
            Patch.SetLength(journal, length);
            VmdkException refusal = Assert.Throws<VmdkException>(() => Repaired.Undo(journal));
            Assert.Contains("nothing was put back", refusal.Message, StringComparison.Ordinal);
            Assert.True(left.AsSpan().SequenceEqual(File.ReadAllBytes(path)), $"length {length}");
        }

        File.WriteAllBytes(journal, good);
        Repaired.Undo(journal);
        Assert.Equal(damaged, File.ReadAllBytes(path));
    }

    // The power is gone after the records of a round and before its seal: no change of that round was made.
    [Fact]
    public void RecordsWithoutASealDoNotCount()
    {
        (string path, string journal, byte[] damaged) = Small(cutShort: true);
        byte[] good = File.ReadAllBytes(journal);
        using (FileStream file = File.Open(journal, FileMode.Append))
        {
            file.Write(new byte[100]);
            file.Write(good.AsSpan(UndoHeader.RecordsOffsetBytes, 200));
        }

        Assert.Equal([path], Repaired.Undo(journal));
        Assert.Equal(damaged, File.ReadAllBytes(path));

        good.AsSpan(512, UndoHeader.RecordsOffsetBytes - 512).Clear();
        File.WriteAllBytes(journal, good);
        Assert.Empty(Repaired.Undo(journal));
        Assert.Equal(damaged, File.ReadAllBytes(path));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void WhatWasWrittenAfterTheRepairIsNotDestroyed(bool byQemu)
    {
        string path = Sparse();
        Checked.SetEntry(path, 5, Checked.Entry(path, 2));
        VmdkRepairResult result = Repaired.Apply(path);
        if (byQemu)
        {
            Peers.Run("qemu-io", "-f", "vmdk", "-c", "write -P 9 1M 64k", path).MustSucceed();
        }
        else
        {
            using var disk = VmdkDisk.Open(path, new VmdkOpenOptions { Access = VmdkOpenAccess.ReadWrite });
            disk.Write(new byte[] { 9, 9, 9 }, 5 * Checked.GrainBytes);
        }

        byte[] written = File.ReadAllBytes(path);

        VmdkException refusal = Assert.Throws<VmdkException>(() => Repaired.Undo(result.JournalPath!));

        Assert.Equal((VmdkErrorCode.SourceChanged, path), (refusal.Code, refusal.Path));
        Assert.Contains("changed after the repair", refusal.Message, StringComparison.Ordinal);
        Assert.Equal(written, File.ReadAllBytes(path));
    }

    [Fact]
    public void AfterARepairThatWasCutShortALongerFileIsNotCut()
    {
        (string path, string journal, _) = Small(cutShort: true);
        using (FileStream file = File.Open(path, FileMode.Append))
        {
            file.Write(new byte[65536]);
        }

        byte[] longer = File.ReadAllBytes(path);
        VmdkException refusal = Assert.Throws<VmdkException>(() => Repaired.Undo(journal));
        Assert.Equal((VmdkErrorCode.SourceChanged, path), (refusal.Code, refusal.Path));
        Assert.Equal(longer, File.ReadAllBytes(path));
    }

    [Fact]
    public void AnUndoThatWasCutShortIsTakenToItsEnd()
    {
        (string path, string journal, byte[] damaged) = Small(cutShort: false);
        byte[] left = File.ReadAllBytes(path);
        byte[] good = File.ReadAllBytes(journal);
        Repaired.Undo(journal);
        byte[] undone = File.ReadAllBytes(journal);

        // The last seal is the one that the undo ends with; before it, any of the changes may have been made.
        int last = Enumerable.Range(1, UndoHeader.Seals)
            .Last(sector => undone.AsSpan(sector * 512, 512).ContainsAnyExcept((byte)0));
        undone.AsSpan(last * 512, 512).Clear();
        int[] different = [.. Enumerable.Range(0, damaged.Length).Where(i => damaged[i] != left[i])];
        for (int done = 0; done <= different.Length; done++)
        {
            byte[] half = [.. left];
            foreach (int i in different.Take(done))
            {
                half[i] = damaged[i];
            }

            File.WriteAllBytes(path, half);
            File.WriteAllBytes(journal, undone);
            Assert.Equal([path], Repaired.Undo(journal));
            Assert.Equal(damaged, File.ReadAllBytes(path));
        }

        Assert.NotEqual(good, undone);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void AnImageThatWasMovedOrCopiedWithItsJournalIsPutBack(bool copied)
    {
        (string path, string journal, byte[] damaged) = Small(cutShort: false);
        string folder = _folder.Subfolder("elsewhere");
        string moved = Path.Combine(folder, Path.GetFileName(path));
        string movedJournal = Path.Combine(folder, "undo");
        File.Move(journal, movedJournal);
        if (copied)
        {
            File.Copy(path, moved);
            File.Move(path, path + ".old");
        }
        else
        {
            File.Move(path, moved);
        }

        Assert.Equal([moved], Repaired.Undo(movedJournal));
        Assert.Equal(damaged, File.ReadAllBytes(moved));
    }

    [Fact]
    public void ACopyOfARepairThatWasCutShortIsRefused()
    {
        (string path, string journal, _) = Small(cutShort: true);
        byte[] other = File.ReadAllBytes(path);
        File.Move(path, path + ".old");
        File.WriteAllBytes(path, other);
        VmdkException refusal = Assert.Throws<VmdkException>(() => Repaired.Undo(journal));
        Assert.Equal((VmdkErrorCode.SourceChanged, path), (refusal.Code, refusal.Path));
        Assert.Contains("found device ", refusal.Message, StringComparison.Ordinal);
        Assert.Equal(other, File.ReadAllBytes(path));
    }

    [Fact]
    public void AnotherFileOfThatNameIsRefused()
    {
        (string path, string journal, _) = Small(cutShort: false);
        byte[] other = File.ReadAllBytes(path);
        File.Move(path, path + ".old");
        other[Checked.Table(path + ".old") + 80] ^= 1;
        File.WriteAllBytes(path, other);
        VmdkException refusal = Assert.Throws<VmdkException>(() => Repaired.Undo(journal));
        Assert.Equal((VmdkErrorCode.SourceChanged, path), (refusal.Code, refusal.Path));
        Assert.Equal(other, File.ReadAllBytes(path));
    }

    // A journal from somewhere must not reach out of its folder, whatever it says that a file holds.
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void AFileElsewhereIsNotTakenForTheImage(bool byLink)
    {
        (string path, string journal, _) = Small(cutShort: false);
        string folder = _folder.Subfolder("elsewhere");
        string copy = Path.Combine(folder, "copy.vmdk");
        File.Copy(path, copy);
        File.Move(path, path + ".old");
        byte[] before = File.ReadAllBytes(copy);
        if (byLink)
        {
            File.CreateSymbolicLink(path, copy);
        }
        else
        {
            File.Copy(copy, path);
            File.Move(journal, Path.Combine(folder, "undo"));
            journal = Path.Combine(folder, "undo");
        }

        Assert.Throws<VmdkException>(() => Repaired.Undo(journal));
        Assert.Equal(before, File.ReadAllBytes(copy));
        Assert.Equal(before, File.ReadAllBytes(path));
    }

    // An image of two grains whose repair writes two entries; a journal of a few hundred bytes behind its head.
    (string Path, string Journal, byte[] Damaged) Small(bool cutShort)
    {
        string path = SparseImage.Write(
            _folder.Path, "small", new GuestContent(2 << 20).Fill(0, 1 << 17, ContentPattern.Stamp, 1));
        Patch.WriteUInt32(path, Checked.Table(path) + 80, 0x7fff_ffff);
        Checked.SetEntry(path, 25, 0x7fff_ffff);
        byte[] damaged = File.ReadAllBytes(path);
        string journal = _folder["undo"];
        var options = new VmdkRepairOptions { Apply = true, DropLost = true, JournalPath = journal };
        var left = new StrongBox<int>(cutShort ? 2 : int.MaxValue);
        using var run = new RepairRun(path, options) { Wrap = file => new CutFile(file, left) };
        if (cutShort)
        {
            VmdkException cut = Assert.Throws<VmdkException>(
                () => run.Run(null, TestContext.Current.CancellationToken));
            Assert.Contains(journal, cut.Message, StringComparison.Ordinal);
        }
        else
        {
            Assert.True(run.Run(null, TestContext.Current.CancellationToken).After!.IsSound);
        }

        Assert.NotEqual(damaged, File.ReadAllBytes(path));
        return (path, journal, damaged);
    }

    string Sparse() => SparseImage.Write(
        _folder.Path, "disk", new GuestContent(2 << 20).Fill(0, 1 << 20, ContentPattern.Stamp, 1));
}
