using VmdkFast.Tests.Support;
using Xunit;

namespace VmdkFast.Tests.Durability;

/// <summary>
/// One workload on one image, and then the power fails everywhere: at positions of its history, with the pending
/// parts surviving in all combinations. Each case must open, hold what the oracle allows, and go on being written.
/// </summary>
sealed class CutStudy : IDisposable
{
    const int Requests = 30;

    readonly CutSubject _subject;
    readonly int _seed;
    readonly ScratchFolder _folder = new();
    readonly byte[] _original;
    readonly DiskReading _reading;
    readonly CutRecovery _recovery;

    internal CutStudy(CutSubject subject, int seed)
    {
        _subject = subject;
        _seed = seed;
        Directory.CreateDirectory(_folder["live"]);
        _subject.Write(_folder["live"]);
        ScratchFolder.Copy(_folder["live"], _folder["cut"]);
        _original = CutImage.ReadAll(_folder["live"]);
        _reading = new DiskReading(_original);
        _recovery = new CutRecovery(subject, _folder, _reading, _original);
    }

    /// <summary>Pairs of a cut point and a subset that were tried.</summary>
    internal long Cases { get; private set; }

    /// <summary>What the workload did.</summary>
    internal RecordedHistory History { get; } = new();

    /// <summary>Runs the workload, then up to so many cases of each mode.</summary>
    internal void Run(int sectorCases, int blockCases, int tornCases, CancellationToken cancellationToken)
    {
        GuestSession session = RunWorkload();
        Cut(session, PowerCut.SectorUnit, torn: false, sectorCases, cancellationToken);
        Cut(session, PowerCut.BlockUnit, torn: false, blockCases, cancellationToken);
        Cut(session, PowerCut.SectorUnit, torn: true, tornCases, cancellationToken);
    }

    public void Dispose() => _folder.Dispose();

    GuestSession RunWorkload()
    {
        var session = new GuestSession(History);
        var oracle = new SectorOracle();
        int told = 0;
        VmdkDisk disk = CutImage.OpenForWriting(_folder["live"], History.Wrap);
        var workload = new Workload(disk.Length, _subject.GrainBytes, _seed);
        foreach (GuestOperation operation in workload.Next(Requests, _subject, disk))
        {
            session.Do(disk, operation);
            for (; told < session.Moments.Count; told++)
            {
                session.Moments[told].Change(oracle, session.Moments[told].Operation);
            }

            _reading.Read(disk, [.. oracle.Sectors.Order()], (sector, seen) => Assert.True(
                seen.MayRead(oracle, sector),
                $"{Describe(History.Count)}: sector {sector} reads {seen.Value} after request {operation.Id}"));
        }

        session.Close(disk);
        return session;
    }

    void Cut(
        GuestSession session, int unitBytes, bool torn, int budget, CancellationToken cancellationToken)
    {
        using var cut = new PowerCut(History, _folder["cut"], unitBytes);
        var oracle = new SectorOracle();
        int told = 0;
        var random = new SplitMix((ulong)_seed);
        int points = History.Count + 1;
        long done = 0;
        for (int point = 0; point < points; point++)
        {
            if (point > 0)
            {
                cut.Advance();
            }

            while (told < session.Moments.Count && session.Moments[told].Position <= point)
            {
                GuestSession.Moment moment = session.Moments[told++];
                moment.Change(oracle, moment.Operation);
            }

            // What earlier points did not use goes to the later ones.
            int quota = (int)Math.Max(0, (((long)budget * (point + 1)) / points) - done);
            List<PendingPart> parts = cut.Pending();
            if (quota == 0 || (torn && parts.TrueForAll(part => part.Unit == PendingPart.Length)))
            {
                continue;
            }

            foreach (int[] surviving in Survivals.Sample(parts, quota, random.Next()))
            {
                cancellationToken.ThrowIfCancellationRequested();
                PendingPart? victim = torn ? AnyUnit(parts, random) : null;
                cut.Rebuild(parts, surviving, victim);
                string place = $"{Describe(point)}, unit {unitBytes}, torn {victim}, "
                    + $"surviving [{string.Join(",", surviving)}] of {parts.Count}";
                if (torn)
                {
                    _recovery.JudgeTorn(oracle, place);
                }
                else if (_recovery.Judge(oracle, place, random.Next()) is { } later)
                {
                    cut.NoteChanged(later);
                }

                if (_recovery.TakeChangedByQemu())
                {
                    cut.NoteUnknownChanges();
                }

                done++;
                Cases++;
            }
        }

        Cases += _recovery.TakeNestedCases();
    }

    static PendingPart AnyUnit(List<PendingPart> parts, SplitMix random)
    {
        while (true)
        {
            PendingPart part = parts[(int)random.NextBelow(parts.Count)];
            if (part.Unit != PendingPart.Length)
            {
                return part;
            }
        }
    }

    string Describe(int point) => $"{_subject.Name}, seed {_seed}, cut at {point} of {History.Count}";
}
