using System.Runtime.CompilerServices;
using VmdkFast.Checking;
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
        for (int i = 0; i < 2; i++)
        {
            Assert.Equal(
                [path], await VmdkImage.UndoRepairAsync(result.JournalPath!, TestContext.Current.CancellationToken));
            Assert.Equal(damaged, await File.ReadAllBytesAsync(path, TestContext.Current.CancellationToken));
        }
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
    public void AJournalIsRefusedForAnotherFileOfThatName()
    {
        string path = Sparse();
        Damage(path);
        VmdkRepairResult result = Repaired.Apply(path);
        byte[] other = [.. File.ReadAllBytes(path)];
        File.Move(path, path + ".old");
        File.WriteAllBytes(path, other);

        VmdkException refusal = Assert.Throws<VmdkException>(() => Repaired.Undo(result.JournalPath!));

        Assert.Equal(VmdkErrorCode.SourceChanged, refusal.Code);
        Assert.Equal(other, File.ReadAllBytes(path));
    }

    [Fact]
    public void AJournalThatWasCutShortBelongsToARepairThatChangedNothing()
    {
        string path = Sparse();
        Damage(path);
        VmdkRepairResult result = Repaired.Apply(path);
        byte[] repaired = File.ReadAllBytes(path);
        Patch.SetLength(result.JournalPath!, 200);

        Assert.Empty(Repaired.Undo(result.JournalPath!));

        Assert.Equal(repaired, File.ReadAllBytes(path));
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
