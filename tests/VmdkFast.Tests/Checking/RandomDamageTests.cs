using VmdkFast.Tests.Support;
using Xunit;

namespace VmdkFast.Tests.Checking;

/// <summary>Whatever is damaged: a check ends, a repair loses nothing that was readable, and can be undone.</summary>
public sealed class RandomDamageTests
{
    const int GrainBytes = 4096;
    const int LengthBytes = 3 << 20;

    public static TheoryData<ImageKind> Kinds =>
    [
        ImageKind.MonolithicSparse, ImageKind.SparseOfSmallTables, ImageKind.SparseWithoutCopies, ImageKind.SplitSparse,
        ImageKind.StreamExport, ImageKind.StreamLocal, ImageKind.StreamQemu, ImageKind.Cowd,
    ];

    [Theory]
    [MemberData(nameof(Kinds))]
    public void NothingThatCouldBeReadIsLost(ImageKind kind)
    {
        using var folder = new TempFolder();
        string path = ImageKinds.Write(kind, folder.Path, GuestContent.Scattered(LengthBytes, seed: 3, rangeCount: 8));
        string[] files = Directory.GetFiles(folder.Path);
        Dictionary<string, byte[]> good = files.ToDictionary(file => file, File.ReadAllBytes);
        for (int seed = 0; seed < 12; seed++)
        {
            Damage(files, good, seed);
            Dictionary<string, byte[]> damaged = files.ToDictionary(file => file, File.ReadAllBytes);
            byte[]?[]? before = Read(path);

            VmdkRepairResult result = Repaired.Apply(path, new VmdkRepairOptions
            {
                Check = new VmdkCheckOptions { Deep = seed % 2 == 0, Threads = 2 },
            });

            Assert.True(result.After!.Corruptions <= result.Before.Corruptions, $"seed {seed}");
            byte[]?[]? after = Read(path);
            for (int grain = 0; grain < before?.Length; grain++)
            {
                // An empty entry may have got the grain of its copy back.
                if (before[grain] is { } bytes && bytes.AsSpan().ContainsAnyExcept((byte)0))
                {
                    Assert.True(
                        after?[grain] is { } now && now.AsSpan().SequenceEqual(bytes), $"seed {seed}, grain {grain}");
                }
            }

            if (result.JournalPath is { } journal)
            {
                Repaired.Undo(journal);
                File.Delete(journal);
            }

            Assert.All(files, file => Assert.True(damaged[file].AsSpan().SequenceEqual(File.ReadAllBytes(file))));
        }
    }

    [Theory]
    [MemberData(nameof(Kinds))]
    public void NoHeaderAndNoDescriptorBreaksACheck(ImageKind kind)
    {
        using var folder = new TempFolder();
        string path = ImageKinds.Write(kind, folder.Path, GuestContent.Scattered(LengthBytes, seed: 4, rangeCount: 4));
        string[] files = [.. Directory.GetFiles(folder.Path).Where(file => new FileInfo(file).Length > 0)];
        Dictionary<string, byte[]> good = files.ToDictionary(file => file, File.ReadAllBytes);
        for (int seed = 0; seed < 60; seed++)
        {
            var random = new SplitMix((ulong)(seed + 1) * 7919);
            foreach (string file in files)
            {
                byte[] bytes = [.. good[file]];
                for (int i = 0; i < 1 + (seed % 3); i++)
                {
                    // Mostly the header's fields, sometimes the descriptor behind it.
                    int reach = seed % 4 == 0 ? 2048 : 80;
                    int at = (int)random.NextBelow(Math.Min(bytes.Length, reach));
                    bytes[at] = (byte)random.NextBelow(256);
                }

                File.WriteAllBytes(file, bytes);
            }

            try
            {
                Checked.Check(path, deep: seed % 2 == 0);
                Repaired.Plan(path);
            }
            catch (VmdkException refusal)
            {
                Assert.True(
                    refusal.Code is VmdkErrorCode.NotVmdk or VmdkErrorCode.Unsupported,
                    $"seed {seed}: {refusal.Message}");
            }
        }
    }

    // Between one and four bytes or entries, anywhere behind the header: directories, tables, markers, grains.
    static void Damage(string[] files, Dictionary<string, byte[]> good, int seed)
    {
        var random = new SplitMix((ulong)(seed + 1) * 104_729);
        foreach (string file in files)
        {
            byte[] bytes = [.. good[file]];
            int start = bytes.Length > 20_000 ? 21 * 512 : bytes.Length;
            for (int i = 0; i < 1 + (seed % 4) && start < bytes.Length; i++)
            {
                int reach = seed % 3 == 0 ? bytes.Length : Math.Min(bytes.Length, 65536);
                int at = start + (int)random.NextBelow(reach - start);
                int length = (int)Math.Min(1 + random.NextBelow(4), bytes.Length - at);
                for (int j = 0; j < length; j++)
                {
                    bytes[at + j] = (byte)random.NextBelow(256);
                }
            }

            File.WriteAllBytes(file, bytes);
        }
    }

    // The disk in pieces; null where a piece cannot be read, or for all when the disk cannot be opened.
    static byte[]?[]? Read(string path)
    {
        try
        {
            using VmdkDisk disk = VmdkDisk.Open(path);
            var pieces = new byte[]?[(disk.Length + GrainBytes - 1) / GrainBytes];
            for (int i = 0; i < pieces.Length; i++)
            {
                byte[] piece = new byte[GrainBytes];
                try
                {
                    disk.Read(piece, (long)i * GrainBytes);
                    pieces[i] = piece;
                }
                catch (VmdkException)
                {
                }
            }

            return pieces;
        }
        catch (VmdkException)
        {
            return null;
        }
    }
}
