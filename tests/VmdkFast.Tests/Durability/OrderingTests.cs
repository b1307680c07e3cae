using VmdkFast.Storage;
using VmdkFast.Tests.Support;
using Xunit;

namespace VmdkFast.Tests.Durability;

/// <summary>
/// One small history for each order that the engine keeps, cut everywhere and in all combinations. Each of these
/// fails when its order is taken away; eng/check-orderings.sh proves that.
/// </summary>
public sealed class OrderingTests : IDisposable
{
    // Cases at each cut point; these histories are small, so that most points are tried completely.
    const int Quota = 200;
    const int GrainBytes = 4096;
    const int TableBytes = 128 * GrainBytes;

    readonly ScratchFolder _folder = new();
    readonly RecordedHistory _history = new();
    readonly SectorOracle _oracle = new();
    readonly List<InterleavedFile> _files = [];
    readonly List<(int Position, Action Change)> _moments = [];
    DiskReading? _reading;
    byte[] _original = [];
    int _lastId;

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void ATableEntryIsDurableAfterItsGrain()
    {
        using VmdkDisk disk = Open("child");
        Write(disk, FromParent(disk), GrainBytes);
        Flush(disk);
        Write(disk, FromParent(disk), GrainBytes);
        Flush(disk);
        Judge();
    }

    [Fact]
    public void AFlushThatReturnedIsDurable()
    {
        using VmdkDisk disk = Open("sparse");
        Write(disk, 0, GrainBytes);
        Write(disk, 5 << 20, 3 * GrainBytes);
        Flush(disk);
        Write(disk, 0, Sector.Bytes);
        Flush(disk);
        Judge();
    }

    [Fact]
    public void AnEntryPublishedDuringTheDataBarrierWaitsForTheNextFlush()
    {
        using VmdkDisk disk = Open("child");
        Write(disk, FromParent(disk), GrainBytes);
        long other = FromParent(disk);
        _files.ForEach(file => file.AfterBarrier = () => Elsewhere(() => Write(disk, other, GrainBytes)));

        // Not noted: the oracle would take it to cover the write that it overlaps.
        disk.Flush();
        Judge();
    }

    [Fact]
    public void AWriteThatAFlushOvertakesIsCoveredByTheNext()
    {
        using VmdkDisk disk = Open("sparse");
        Write(disk, 0, GrainBytes);
        Flush(disk);
        _files.ForEach(file => file.BeforeWrite = _ => Elsewhere(disk.Flush));
        Write(disk, 0, Sector.Bytes);
        Flush(disk);
        Judge();
    }

    [Fact]
    public void AGrainIsReusedOnlyWhenItsUnmappingIsDurable()
    {
        using VmdkDisk disk = Open("sparse");
        Write(disk, 0, 8 * GrainBytes);
        Flush(disk);
        Clear(disk, 0, 8 * GrainBytes);

        // Many tables become dirty, so that writers write them back, without a flush.
        for (int table = 1; table < CutSubject.DiskBytes / TableBytes; table++)
        {
            Write(disk, Unallocated(disk, table * TableBytes), GrainBytes);
        }

        for (int grain = 0; grain < 4; grain++)
        {
            Write(disk, Unallocated(disk, TableBytes), GrainBytes);
        }

        Flush(disk);
        Judge();
    }

    [Fact]
    public void NothingIsTakenFromAGrainThatADurableEntryNames()
    {
        using VmdkDisk disk = Open("sparse");
        Write(disk, 0, 8 * GrainBytes);
        Flush(disk);
        int flushed = _history.Count;
        Clear(disk, 0, 8 * GrainBytes);
        for (int position = flushed; position < _history.Count; position++)
        {
            Assert.NotEqual(ChangeKind.Punch, _history[position].Kind);
        }

        Flush(disk);
        Judge();
    }

    [Theory]
    [InlineData("sparse")]
    [InlineData("flat")]
    [InlineData("split")]
    public void TheContentIdChangesBeforeTheContent(string subject)
    {
        using VmdkDisk disk = Open(subject);
        uint before = DescriptorText.ReadCid(Path.Combine(_folder["cut"], CutSubject.FileName));
        Write(disk, 0, GrainBytes);
        Flush(disk);
        Judge(folder =>
        {
            byte[] first = new byte[GrainBytes];
            using VmdkDisk cut = CutImage.OpenForReading(folder);
            cut.Read(first, 0);
            bool changed = !first.AsSpan().SequenceEqual(_original.AsSpan(0, GrainBytes));
            uint after = DescriptorText.ReadCid(Path.Combine(folder, CutSubject.FileName));
            Assert.True(!changed || after != before, "new content under the old content ID");
        });
    }

    [Fact]
    public async Task TheEndOfAStreamNeverLandsOnAGrain()
    {
        using VmdkDisk disk = Open("stream");
        long[] empty = [.. disk.Map(TestContext.Current.CancellationToken)
            .Where(run => run.Kind == VmdkRunKind.Unallocated).Select(run => run.OffsetBytes)];
        Write(disk, empty[0], GrainBytes);
        Task meanwhile = Task.CompletedTask;
        _files.ForEach(file => file.BeforeWrite = _ =>
            meanwhile = StartElsewhere(() => Write(disk, empty[1], GrainBytes)));
        disk.Flush();
        await meanwhile;
        Flush(disk);
        Judge();
    }

    [Fact]
    public void BothCopiesOfATableAreWritten()
    {
        using (VmdkDisk disk = Open("sparse"))
        {
            Write(disk, 0, GrainBytes);
            Write(disk, 5 << 20, 3 * GrainBytes);
            Clear(disk, 0, GrainBytes);
        }

        Assert.Empty(StructureAudit.Check(_folder["live"], _history.Changed));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void ADirectoryEntryIsDurableAfterItsEmptyTable(bool cowd)
    {
        GuestContent content = new GuestContent(CutSubject.DiskBytes).Fill(0, GrainBytes, ContentPattern.Stamp);
        using VmdkDisk disk = Open(folder =>
        {
            if (cowd)
            {
                CowdImage.Write(folder, "disk", content);
            }
            else
            {
                SparseImage.Write(folder, "disk", content, new SparseOptions { TablesLazilyAbsent = true });
            }
        });
        Write(disk, CutSubject.DiskBytes - (GrainBytes * 3), GrainBytes);
        Flush(disk);
        Judge();
    }

    VmdkDisk Open(string subject) => Open(CutSubject.Named(subject).Write);

    VmdkDisk Open(Action<string> write)
    {
        Directory.CreateDirectory(_folder["live"]);
        write(_folder["live"]);
        ScratchFolder.Copy(_folder["live"], _folder["cut"]);
        _original = CutImage.ReadAll(_folder["live"]);
        _reading = new DiskReading(_original);
        return CutImage.OpenForWriting(_folder["live"], Interleave);
    }

    InterleavedFile Interleave(LocalFile file)
    {
        var interleaved = new InterleavedFile(_history.Wrap(file));
        _files.Add(interleaved);
        return interleaved;
    }

    void Write(VmdkDisk disk, long offsetBytes, int lengthBytes) =>
        Do(disk, new GuestOperation(OperationKind.Write, Interlocked.Increment(ref _lastId), offsetBytes, lengthBytes));

    void Clear(VmdkDisk disk, long offsetBytes, int lengthBytes) => Do(
        disk,
        new GuestOperation(OperationKind.WriteZeroes, Interlocked.Increment(ref _lastId), offsetBytes, lengthBytes));

    void Flush(VmdkDisk disk) =>
        Do(disk, new GuestOperation(OperationKind.Flush, Interlocked.Increment(ref _lastId)));

    void Do(VmdkDisk disk, GuestOperation operation)
    {
        Note(() => _oracle.Begin(operation));
        operation.Do(disk);
        Note(() => _oracle.End(operation));
    }

    void Note(Action change)
    {
        lock (_moments)
        {
            _moments.Add((_history.Count, change));
        }
    }

    /// <summary>The first grain from an offset on that is not stored: writing it changes its table.</summary>
    static long Unallocated(VmdkDisk disk, long offsetBytes) => disk.Map(offsetBytes, TableBytes)
        .First(run => run.Kind == VmdkRunKind.Unallocated).OffsetBytes;

    /// <summary>A grain that holds bytes, but the parent's: losing what is written there shows.</summary>
    long FromParent(VmdkDisk disk) => disk.Map()
        .Where(run => run is { Depth: > 0, Kind: VmdkRunKind.Data, LengthBytes: >= GrainBytes })
        .Select(run => run.OffsetBytes)
        .First(offset => _original.AsSpan((int)offset, Sector.Bytes).ContainsAnyExcept((byte)0));

    /// <summary>Gives another thread time for an action, which may have to wait until the caller is done.</summary>
    static Task StartElsewhere(Action action)
    {
        Task started = Task.Run(action);
        started.Wait(TimeSpan.FromMilliseconds(300));
        return started;
    }

    static void Elsewhere(Action action) => Task.Run(action).Wait(TimeSpan.FromSeconds(30));

    void Judge(Action<string>? further = null)
    {
        using var cut = new PowerCut(_history, _folder["cut"]);
        var random = new SplitMix(1);
        int told = 0;
        for (int point = 0; point <= _history.Count; point++)
        {
            if (point > 0)
            {
                cut.Advance();
            }

            while (told < _moments.Count && _moments[told].Position <= point)
            {
                _moments[told++].Change();
            }

            List<PendingPart> parts = cut.Pending();
            foreach (int[] surviving in Survivals.Sample(parts, Quota, random.Next()))
            {
                cut.Rebuild(parts, surviving);
                Judge($"cut at {point} of {_history.Count}, surviving [{string.Join(",", surviving)}]");
                further?.Invoke(_folder["cut"]);
            }
        }
    }

    void Judge(string place)
    {
        try
        {
            using VmdkDisk disk = CutImage.OpenForReading(_folder["cut"]);
            _reading!.Read(disk, [.. _oracle.Sectors.Order()], (sector, seen) => Assert.True(
                seen.MaySurvive(_oracle, sector),
                $"{place}: sector {sector} holds {seen.Value}; {_oracle.Describe(sector)}"));
        }
        catch (VmdkException e)
        {
            Assert.Fail($"{place}: {e}");
        }

        string[] complaints = [.. StructureAudit.Check(_folder["cut"])];
        Assert.True(complaints.Length == 0, $"{place}: {string.Join("; ", complaints)}");
    }
}
