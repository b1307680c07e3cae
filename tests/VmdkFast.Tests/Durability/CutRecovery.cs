using VmdkFast.Tests.Support;
using Xunit;

namespace VmdkFast.Tests.Durability;

/// <summary>What is asked of an image after a cut: it opens, it is right, it can be written, and cut again.</summary>
sealed class CutRecovery(CutSubject subject, ScratchFolder folder, DiskReading reading, byte[] original)
{
    // Shares of the cases; the rest is only opened and read where requests were.
    const int WholeDisk = 64;
    const int Structure = 8;
    const int Written = 4;
    const int CutAgain = 64;
    const int AskedQemu = 512;

    const int NestedCases = 24;
    const int FirstRecoveryId = 1_000_000;

    int _nestedCases;
    bool _changedByQemu;

    string Cut => folder["cut"];

    /// <summary>Cases of cut recoveries since the last call.</summary>
    internal int TakeNestedCases() => Interlocked.Exchange(ref _nestedCases, 0);

    /// <summary>Whether QEMU has written the folder "cut" since the last call.</summary>
    internal bool TakeChangedByQemu() => Interlocked.Exchange(ref _changedByQemu, false);

    /// <summary>Judges the folder "cut".</summary>
    /// <returns>What a recovery has changed in it; null when it was only read.</returns>
    internal RecordedHistory? Judge(SectorOracle oracle, string place, ulong seed)
    {
        var random = new SplitMix(seed);
        List<long> sectors = random.NextBelow(WholeDisk) == 0
            ? [.. Enumerable.Range(0, original.Length / Sector.Bytes)]
            : [.. oracle.Sectors.Order()];
        Dictionary<long, int> seen = ReadJudged(Cut, oracle, sectors, place);
        if (random.NextBelow(Structure) == 0)
        {
            Complain(StructureAudit.Check(Cut), place);
        }

        if (random.NextBelow(AskedQemu) == 0)
        {
            AskQemu(place);
            if (subject.QemuMayWrite && seen.Count > 0)
            {
                LetQemuWrite(seen, place, random);
            }
        }

        return random.NextBelow(Written) == 0 && seen.Count > 0 ? Recover(seen, place, random) : null;
    }

    /// <summary>
    /// Judges the folder "cut" with one unit of garbage in it. Nobody can promise what that unit held, and what it
    /// leads to; but what is read without an exception is not some other block's content.
    /// </summary>
    internal void JudgeTorn(SectorOracle oracle, string place)
    {
        int foreign = 0;
        try
        {
            using VmdkDisk disk = CutImage.OpenForReading(Cut);
            foreach (long sector in oracle.Sectors.Order())
            {
                try
                {
                    reading.Read(disk, [sector], (_, seen) => Assert.True(
                        seen.MaySurvive(oracle, sector) || (seen.Value == DiskReading.Foreign && foreign++ == 0),
                        $"{place}: sector {sector} holds {seen.Value}; {oracle.Describe(sector)}"));
                }
                catch (VmdkException)
                {
                    // A table entry of garbage leads nowhere, and says so.
                }
            }
        }
        catch (VmdkException)
        {
            // The header or the descriptor is what was torn.
        }
    }

    Dictionary<long, int> ReadJudged(
        string from, SectorOracle oracle, IReadOnlyList<long> sectors, string place)
    {
        var values = new Dictionary<long, int>();
        try
        {
            using VmdkDisk disk = CutImage.OpenForReading(from);
            reading.Read(disk, sectors, (sector, seen) =>
            {
                Assert.True(
                    seen.MaySurvive(oracle, sector),
                    $"{place}: sector {sector} holds {seen.Value}; {oracle.Describe(sector)}");
                values.Add(sector, seen.IsOriginal ? SectorOracle.Original : seen.Value);
            });
        }
        catch (VmdkException e)
        {
            Assert.Fail($"{place}: {e}");
        }

        return values;
    }

    RecordedHistory Recover(Dictionary<long, int> seen, string place, SplitMix random)
    {
        bool again = random.NextBelow(CutAgain / Written) == 0;
        if (again)
        {
            ScratchFolder.Copy(Cut, folder["again"]);
        }

        var oracle = new SectorOracle();
        foreach ((long sector, int value) in seen)
        {
            oracle.Observe(sector, value);
        }

        var history = new RecordedHistory();
        var session = new GuestSession(history);
        try
        {
            VmdkDisk disk = CutImage.OpenForWriting(Cut, history.Wrap);
            WriteSome(session, disk, seen, random);
            session.Close(disk);
        }
        catch (VmdkException e)
        {
            Assert.Fail($"{place}, recovery: {e}");
        }

        if (again)
        {
            CutTheRecovery(history, session, oracle, place, random);
        }

        foreach (GuestSession.Moment moment in session.Moments)
        {
            moment.Change(oracle, moment.Operation);
        }

        ReadJudged(Cut, oracle, [.. seen.Keys.Order()], place + ", recovered");
        Complain(StructureAudit.Check(Cut, history.Changed), place + ", recovered");
        return history;
    }

    // Over what was there, and where perhaps nothing was.
    static void WriteSome(GuestSession session, VmdkDisk disk, Dictionary<long, int> seen, SplitMix random)
    {
        long[] sectors = [.. seen.Keys];
        int writes = 1 + (int)random.NextBelow(3);
        for (int i = 0; i < writes; i++)
        {
            long sector = sectors[random.NextBelow(sectors.Length)];
            int run = 1;
            while (run < 12 && seen.ContainsKey(sector + run))
            {
                run++;
            }

            try
            {
                session.Do(disk, new GuestOperation(
                    OperationKind.Write, FirstRecoveryId + i, sector * Sector.Bytes, run * Sector.Bytes));
            }
            catch (VmdkException e) when (e.Code == VmdkErrorCode.GrainImmutable)
            {
                // An append-only image; its recovery is the first successful write, or the close.
            }

            if (random.NextBelow(2) == 0)
            {
                session.Do(disk, new GuestOperation(OperationKind.Flush, FirstRecoveryId + 100 + i));
            }
        }
    }

    void CutTheRecovery(
        RecordedHistory history, GuestSession session, SectorOracle observed, string place, SplitMix random)
    {
        using var cut = new PowerCut(history, folder["again"]);
        var oracle = observed.Clone();
        List<long> sectors = [.. oracle.Sectors.Order()];
        int told = 0;
        for (int point = 0; point <= history.Count; point++)
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

            List<PendingPart> parts = cut.Pending();
            foreach (int[] surviving in Survivals.Sample(parts, NestedCases / 8, random.Next()))
            {
                cut.Rebuild(parts, surviving);
                ReadJudged(
                    folder["again"], oracle, sectors,
                    $"{place}, recovery cut at {point} of {history.Count}, surviving [{string.Join(",", surviving)}]");
                _nestedCases++;
            }
        }
    }

    void AskQemu(string place)
    {
        PeerResult result = QemuImg.Check(Path.Combine(Cut, CutSubject.FileName));
        Assert.True(result.ExitCode == 0, $"{place}: qemu-img check: {result.Output}{result.Error}");
    }

    // A stranger in between: what it wrote is there, everything else is as before, and we go on from that.
    void LetQemuWrite(Dictionary<long, int> seen, string place, SplitMix random)
    {
        const byte Pattern = 0x5A;
        long first = seen.Keys.ElementAt((int)random.NextBelow(seen.Count));
        int count = 1;
        while (count < 20 && seen.ContainsKey(first + count))
        {
            count++;
        }

        _changedByQemu = true;
        string command = $"write -q -P {Pattern} {first * Sector.Bytes} {count * Sector.Bytes}";
        string path = Path.Combine(Cut, CutSubject.FileName);
        Peers.Run("qemu-io", "-f", "vmdk", "-c", command, path).MustSucceed();
        byte[] written = new byte[count * Sector.Bytes];
        using VmdkDisk disk = CutImage.OpenForReading(Cut);
        disk.Read(written, first * Sector.Bytes);
        Assert.True(!written.AsSpan().ContainsAnyExcept(Pattern), $"{place}: what QEMU wrote at {first} is not there");
        for (int i = 0; i < count; i++)
        {
            seen.Remove(first + i);
        }

        reading.Read(disk, [.. seen.Keys.Order()], (sector, now) => Assert.True(
            now.Value == seen[sector] || (now.IsOriginal && seen[sector] == SectorOracle.Original),
            $"{place}: sector {sector} holds {now.Value} after QEMU wrote {first}, before {seen[sector]}"));
    }

    static void Complain(IEnumerable<string> complaints, string place)
    {
        string[] all = [.. complaints.Take(5)];
        Assert.True(all.Length == 0, $"{place}: {string.Join("; ", all)}");
    }
}
