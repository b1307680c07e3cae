using System.Runtime.CompilerServices;
using VmdkFast.Checking;
using VmdkFast.Storage;
using VmdkFast.Tests.Support;
using Xunit;

namespace VmdkFast.Tests.Checking;

/// <summary>The journal of a repair takes it back, whole or cut short.</summary>
public sealed class UndoTests : IDisposable
{
    readonly TempFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task AJournalPutsEveryByteBack()
    {
        string path = Sparse();
        Damage(path);
        byte[] damaged = await File.ReadAllBytesAsync(path, TestContext.Current.CancellationToken);

        VmdkRepairResult result = Repaired.Apply(path, new VmdkRepairOptions { DropLost = true });

        Assert.True(result.After!.IsSound);
        Assert.NotEqual(damaged, await File.ReadAllBytesAsync(path, TestContext.Current.CancellationToken));
        Assert.Equal(
            [path], await VmdkImage.UndoRepairAsync(result.JournalPath!, TestContext.Current.CancellationToken));
        Assert.Equal(damaged, await File.ReadAllBytesAsync(path, TestContext.Current.CancellationToken));

        // Once is enough: what is written from now on is nothing that the repair had changed.
        Patch.WriteBytes(path, 100, [1, 2, 3]);
        byte[] later = await File.ReadAllBytesAsync(path, TestContext.Current.CancellationToken);
        Assert.Empty(
            await VmdkImage.UndoRepairAsync(result.JournalPath!, TestContext.Current.CancellationToken));
        Assert.Equal(later, await File.ReadAllBytesAsync(path, TestContext.Current.CancellationToken));
    }

    [Fact]
    public void AfterACutAtAnyWriteTheJournalPutsEveryByteBack()
    {
        string path = Sparse();
        Damage(path);
        byte[] damaged = File.ReadAllBytes(path);
        int cuts = 0;
        for (int writes = 0; ; writes++)
        {
            string journal = _folder[$"undo{writes}"];
            var options = new VmdkRepairOptions { Apply = true, DropLost = true, JournalPath = journal };
            var left = new StrongBox<int>(writes);
            bool isCut = false;
            using (var run = new RepairRun(path, options) { Wrap = file => new CutFile(file, left) })
            {
                try
                {
                    run.Run(null, TestContext.Current.CancellationToken);
                }
                catch (VmdkException cut) when (cut.Code == VmdkErrorCode.InputOutput)
                {
                    isCut = true;
                    cuts++;
                }
            }

            Repaired.Undo(journal);
            Assert.Equal(damaged, File.ReadAllBytes(path));
            if (!isCut)
            {
                break;
            }
        }

        Assert.InRange(cuts, 8, 100);
    }

    [Fact]
    public async Task RepairsWithinASecondHaveJournalsOfTheirOwn()
    {
        string path = Sparse();
        Damage(path);
        byte[] damaged = await File.ReadAllBytesAsync(path, TestContext.Current.CancellationToken);
        var options = new VmdkRepairOptions { Apply = true };
        var journals = new HashSet<string>();
        for (int i = 0; i < 3; i++)
        {
            VmdkRepairResult result = await VmdkImage.RepairAsync(
                path, options, null, TestContext.Current.CancellationToken);
            Assert.True(journals.Add(result.JournalPath!));
            await VmdkImage.UndoRepairAsync(result.JournalPath!, TestContext.Current.CancellationToken);
            Assert.Equal(damaged, await File.ReadAllBytesAsync(path, TestContext.Current.CancellationToken));
        }
    }

    [Fact]
    public async Task ARepairThatIsCancelledBetweenTwoRoundsNamesItsJournal()
    {
        string path = Sparse();
        Damage(path);
        byte[] damaged = await File.ReadAllBytesAsync(path, TestContext.Current.CancellationToken);
        using var cancellation = new CancellationTokenSource();
        var options = new VmdkRepairOptions { Apply = true, JournalPath = _folder["undo"] };
        VmdkRepairCancelledException stopped;
        using (var run = new RepairRun(path, options) { Wrap = CancelAtFirstChange })
        {
            stopped = Assert.Throws<VmdkRepairCancelledException>(() => run.Run(null, cancellation.Token));
        }

        Assert.Equal(_folder["undo"], stopped.JournalPath);
        Assert.Contains(_folder["undo"], stopped.Message, StringComparison.Ordinal);
        Assert.NotEqual(damaged, await File.ReadAllBytesAsync(path, TestContext.Current.CancellationToken));
        Repaired.Undo(stopped.JournalPath);
        Assert.Equal(damaged, await File.ReadAllBytesAsync(path, TestContext.Current.CancellationToken));

        ImageFile CancelAtFirstChange(LocalFile file)
        {
            cancellation.Cancel();
            return file;
        }
    }

    [Fact]
    public void ACancelledRepairThatChangedNothingLeavesNoJournal()
    {
        string path = Sparse();
        Damage(path);
        using var run = new RepairRun(path, new VmdkRepairOptions { Apply = true });
        Assert.ThrowsAny<OperationCanceledException>(() => run.Run(null, new CancellationToken(canceled: true)));
        Assert.Single(Directory.GetFiles(_folder.Path));
    }

    [Fact]
    public void AJournalIsAsPrivateAsTheImage()
    {
        string path = Sparse();
        Damage(path);
        Assert.False(OperatingSystem.IsWindows());
        if (!OperatingSystem.IsWindows())
        {
            const UnixFileMode Private = UnixFileMode.UserRead | UnixFileMode.UserWrite;
            File.SetUnixFileMode(path, Private);
            Assert.Equal(Private, File.GetUnixFileMode(Repaired.Apply(path).JournalPath!));
        }
    }

    // Something for each phase: a shared grain, a lost one, a stray entry, a leak in the middle and one at the end.
    static void Damage(string path)
    {
        Checked.SetEntry(path, 5, Checked.Entry(path, 2));
        Checked.SetEntry(path, 3, 0x7fff_ffff);
        Checked.SetEntry(path, 15, 0);
        Patch.WriteUInt32(path, Checked.Table(path) + 32, 0x7fff_ffff);
        Patch.WriteUInt32(path, Checked.CopyTable(path) + 36, 17);
    }

    string Sparse() => SparseImage.Write(
        _folder.Path, "disk", new GuestContent(2 << 20).Fill(0, 1 << 20, ContentPattern.Stamp, 1));
}
