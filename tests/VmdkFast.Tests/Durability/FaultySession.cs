using Xunit;

namespace VmdkFast.Tests.Durability;

/// <summary>A workload on an image whose storage fails, judged while it runs and after it has ended.</summary>
sealed class FaultySession : IDisposable
{
    const int CutsAtTheEnd = 6;
    const int Requests = 16;

    readonly ScratchFolder _folder = new();
    readonly DiskReading _reading;
    readonly SectorOracle _oracle = new();
    readonly CutSubject _subject;
    readonly GuestOperation[] _requests;
    readonly long[] _callsAtOpen;
    bool _closed;

    internal FaultySession(CutSubject subject)
    {
        _subject = subject;
        Directory.CreateDirectory(_folder["live"]);
        subject.Write(_folder["live"]);
        ScratchFolder.Copy(_folder["live"], _folder["cut"]);
        _reading = new DiskReading(CutImage.ReadAll(_folder["live"]));
        Storage = new FaultyStorage(new RecordedHistory());
        Disk = CutImage.OpenForWriting(_folder["live"], Storage.Wrap);
        _requests = [.. new Workload(Disk.Length, subject.GrainBytes, 1).Next(Requests, subject, Disk)];
        _callsAtOpen = [.. Enum.GetValues<StorageCall>().Select(Storage.CallsOf)];
    }

    internal FaultyStorage Storage { get; }

    internal VmdkDisk Disk { get; }

    internal long CallsAtOpen(StorageCall call) => _callsAtOpen[(int)call];

    /// <summary>Carries requests out; those that fail may have been done in part, and change nothing else.</summary>
    internal void Run() => Array.ForEach(_requests, Try);

    /// <summary>Nothing fails any more: everything that was asked for can be read, flushed and closed.</summary>
    internal void EndWell(string place)
    {
        Storage.Repair();
        JudgeReads(Disk, place);
        GuestOperation flush = new(OperationKind.Flush, int.MaxValue);
        try
        {
            flush.Do(Disk);
            _oracle.End(flush);
            _closed = true;
            Disk.Dispose();
        }
        catch (VmdkException e)
        {
            Assert.Fail($"{place}: {e}");
        }

        JudgeFolder("live", place);
        string[] complaints = [.. StructureAudit.Check(_folder["live"], Storage.History.Changed)];
        Assert.True(complaints.Length == 0, $"{place}: {string.Join("; ", complaints)}");
        JudgeCuts(place);
    }

    /// <summary>What failed stays failed: the disk is closed as it is, and a cut follows.</summary>
    internal void EndBadly(string place)
    {
        _closed = true;
        try
        {
            Disk.Dispose();
        }
        catch (VmdkException e)
        {
            Assert.True(
                e.Code is VmdkErrorCode.InputOutput or VmdkErrorCode.DurabilityLost, $"{place}: {e}");
        }

        JudgeCuts(place);
    }

    /// <summary>A barrier has failed: no writing, no flushing, but reading.</summary>
    internal void AssertLost(string place)
    {
        Storage.Repair();
        foreach (OperationKind kind in Enum.GetValues<OperationKind>())
        {
            VmdkException failure = Assert.Throws<VmdkException>(
                () => new GuestOperation(kind, 1, 0, _subject.GrainBytes).Do(Disk));
            Assert.True(failure.Code == VmdkErrorCode.DurabilityLost, $"{place}: {kind}: {failure}");
        }

        JudgeReads(Disk, place);
        int before = Storage.History.Count;
        _closed = true;
        try
        {
            Disk.Dispose();
        }
        catch (VmdkException e) when (e.Code == VmdkErrorCode.DurabilityLost)
        {
        }

        Assert.True(Storage.History.Count == before, $"{place}: closing wrote something");
    }

    public void Dispose()
    {
        if (!_closed)
        {
            Disk.Dispose();
        }

        _folder.Dispose();
    }

    void Try(GuestOperation operation)
    {
        _oracle.Begin(operation);
        try
        {
            operation.Do(Disk);
        }
        catch (VmdkException e) when (e.Code is VmdkErrorCode.InputOutput or VmdkErrorCode.DurabilityLost)
        {
            _oracle.Fail(operation);
            return;
        }

        _oracle.End(operation);
    }

    void JudgeReads(VmdkDisk disk, string place)
    {
        try
        {
            _reading.Read(disk, [.. _oracle.Sectors.Order()], (sector, seen) => Assert.True(
                seen.MayRead(_oracle, sector),
                $"{place}: sector {sector} reads {seen.Value}; {_oracle.Describe(sector)}"));
        }
        catch (VmdkException e)
        {
            Assert.Fail($"{place}: {e}");
        }
    }

    void JudgeFolder(string name, string place)
    {
        try
        {
            using VmdkDisk disk = CutImage.OpenForReading(_folder[name]);
            _reading.Read(disk, [.. _oracle.Sectors.Order()], (sector, seen) => Assert.True(
                seen.MaySurvive(_oracle, sector),
                $"{place}: sector {sector} holds {seen.Value}; {_oracle.Describe(sector)}"));
        }
        catch (VmdkException e)
        {
            Assert.Fail($"{place}: {e}");
        }
    }

    void JudgeCuts(string place)
    {
        using var cut = new PowerCut(Storage.History, _folder["cut"]);
        while (cut.Position < Storage.History.Count)
        {
            cut.Advance();
        }

        List<PendingPart> parts = cut.Pending();
        foreach (int[] surviving in Survivals.Sample(parts, CutsAtTheEnd, 1))
        {
            cut.Rebuild(parts, surviving);
            JudgeFolder("cut", $"{place}, cut at the end, surviving [{string.Join(",", surviving)}]");
        }
    }
}
