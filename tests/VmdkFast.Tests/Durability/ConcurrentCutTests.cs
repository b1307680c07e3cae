using VmdkFast.Tests.Support;
using Xunit;

namespace VmdkFast.Tests.Durability;

/// <summary>
/// Several threads write, clear and flush one disk, sectors of the same grains, and then the power fails. Each thread
/// has sectors of its own, so that an oracle can say of each what it may hold; tables, grains and flushes are shared.
/// </summary>
public sealed class ConcurrentCutTests : IDisposable
{
    const int Threads = 4;
    const int RequestsPerThread = 30;
    const int StripeSectors = 3;
    const int Cases = 1500;
    const int Seeds = 3;
    const int IdsPerThread = 1_000_000;

    readonly ScratchFolder _folder = new();

    public static TheoryData<string> Subjects =>
        ["sparse", "sparse-zero-grains", "sparse-tables-absent", "split", "cowd-large-grains", "child", "flat"];

    public void Dispose() => _folder.Dispose();

    [Theory]
    [MemberData(nameof(Subjects))]
    public async Task WhatAThreadHasFlushedSurvives(string subject)
    {
        for (int seed = 1; seed <= Seeds; seed++)
        {
            string live = _folder[$"live{seed}"];
            Directory.CreateDirectory(live);
            CutSubject.Named(subject).Write(live);
            ScratchFolder.Copy(live, _folder[$"cut{seed}"]);
            var reading = new DiskReading(CutImage.ReadAll(live));
            var history = new RecordedHistory();
            GuestSession[] sessions = [.. Enumerable.Range(0, Threads).Select(_ => new GuestSession(history))];
            using (VmdkDisk disk = CutImage.OpenForWriting(live, history.Wrap))
            {
                int current = seed;
                await Task.WhenAll(sessions.Select((session, thread) => Task.Factory.StartNew(
                    () => Run(disk, session, thread, current),
                    TestContext.Current.CancellationToken, TaskCreationOptions.LongRunning, TaskScheduler.Default)));
            }

            Cut(history, sessions, reading, _folder[$"cut{seed}"], $"{subject}, seed {seed}");
            Assert.Empty(StructureAudit.Check(live, history.Changed));
        }
    }

    static void Run(VmdkDisk disk, GuestSession session, int thread, int seed)
    {
        var random = new SplitMix(SplitMix.Mix((ulong)((seed * 100) + thread)));
        long stripes = disk.Length / Sector.Bytes / (StripeSectors * Threads);
        for (int i = 1; i <= RequestsPerThread; i++)
        {
            OperationKind kind = random.NextBelow(10) switch
            {
                0 => OperationKind.WriteZeroes,
                1 => OperationKind.Discard,
                2 or 3 => OperationKind.Flush,
                4 => OperationKind.DurableWrite,
                _ => OperationKind.Write,
            };

            // Few places, near each other for all threads: they meet in grains, and in their first allocation.
            long stripe = random.NextBelow(4) == 0 ? random.NextBelow(stripes) : random.NextBelow(24);
            long sector = ((stripe * Threads) + thread) * StripeSectors;
            int id = (thread * IdsPerThread) + i;
            session.Do(disk, kind == OperationKind.Flush
                ? new GuestOperation(kind, id)
                : new GuestOperation(kind, id, sector * Sector.Bytes, StripeSectors * Sector.Bytes));
        }
    }

    static void Cut(
        RecordedHistory history, GuestSession[] sessions, DiskReading reading, string folder, string name)
    {
        using var cut = new PowerCut(history, folder);
        SectorOracle[] oracles = [.. sessions.Select(_ => new SectorOracle())];
        int[] told = new int[sessions.Length];
        var random = new SplitMix(7);
        long done = 0;
        for (int point = 0; point <= history.Count; point++)
        {
            if (point > 0)
            {
                cut.Advance();
            }

            for (int i = 0; i < sessions.Length; i++)
            {
                while (told[i] < sessions[i].Moments.Count && sessions[i].Moments[told[i]].Position <= point)
                {
                    GuestSession.Moment moment = sessions[i].Moments[told[i]++];
                    moment.Change(oracles[i], moment.Operation);
                }
            }

            int quota = (int)(((long)Cases * (point + 1) / (history.Count + 1)) - done);
            List<PendingPart> parts = cut.Pending();
            foreach (int[] surviving in quota > 0 ? Survivals.Sample(parts, quota, random.Next()) : [])
            {
                cut.Rebuild(parts, surviving);
                Judge(oracles, reading, folder,
                    $"{name}, cut at {point} of {history.Count}, surviving [{string.Join(",", surviving)}]");
                done++;
            }
        }
    }

    static void Judge(SectorOracle[] oracles, DiskReading reading, string folder, string place)
    {
        try
        {
            using VmdkDisk disk = CutImage.OpenForReading(folder);
            foreach (SectorOracle oracle in oracles)
            {
                reading.Read(disk, [.. oracle.Sectors.Order()], (sector, seen) => Assert.True(
                    seen.MaySurvive(oracle, sector),
                    $"{place}: sector {sector} holds {seen.Value}; {oracle.Describe(sector)}"));
            }
        }
        catch (VmdkException e)
        {
            Assert.Fail($"{place}: {e}");
        }

        string[] complaints = [.. StructureAudit.Check(folder)];
        Assert.True(complaints.Length == 0, $"{place}: {string.Join("; ", complaints.Take(5))}");
    }
}
