namespace VmdkFast.Checking;

/// <summary>All passes over one sparse file: header, markers, directories, tables, grains, leaks.</summary>
sealed class SparseCheck(CheckRun run, CheckedFile file, long guestStartBytes)
{
    /// <summary>The header of a hosted file; null of COWD, or when the file is shorter than one.</summary>
    internal HostedHeaderCheck? Hosted { get; private set; }

    /// <summary>What the file's header says of its size; null when that cannot be known.</summary>
    internal SparseShape? Shape { get; private set; }

    /// <summary>Checks a hosted file.</summary>
    /// <param name="lineSectors">The length in the line of a descriptor that is another file; null without one.</param>
    /// <param name="cancellationToken">Ends the work between two pieces.</param>
    internal void RunHosted(long? lineSectors, CancellationToken cancellationToken)
    {
        var header = new HostedHeaderCheck(file, run.Log, run.Options.Limits, lineSectors);
        Hosted = header;
        header.Run(cancellationToken);
        Shape = header.Shape;
        if (Shape is null)
        {
            return;
        }

        var subject = new SparseSubject(file, Shape, guestStartBytes, run.Log)
        {
            MarkedGrains = Shape.Markers ? new SpaceMap(file.LengthSectors) : null,
        };
        var stored = new StoredGrains();
        StreamCheck? stream = Shape is { Compressed: true, Markers: true }
            ? new StreamCheck(run, header, subject, stored)
            : null;
        stream?.Walk(cancellationToken);
        (GrainCheck grains, DirectoryCheck directory) = RunTables(subject, stored, cancellationToken);
        stream?.Judge(directory, grains, cancellationToken);
        FindLeaks(subject, directory, stream?.EndSector ?? file.LengthSectors, cancellationToken);
        Inflate(subject, stored, grains, cancellationToken);
        if (run.WantsSteps)
        {
            stream?.Mend(grains);
        }

        if (header.IsInDoubt)
        {
            run.Log.Withdraw(file);
            header.ProposeCorrection();
        }

        // Only who has inflated all grains may say that nothing is wrong.
        if (Shape.Compressed && !run.Options.Deep)
        {
            run.Log.WithdrawCallClean(file);
        }

        run.Count(Shape, grains, EndOffsetBytes(grains));
    }

    internal void RunCowd(CancellationToken cancellationToken)
    {
        var header = new CowdHeaderCheck(file, run.Log);
        header.Run();
        Shape = header.Shape;
        if (Shape is null)
        {
            return;
        }

        var subject = new SparseSubject(file, Shape, guestStartBytes, run.Log);
        (GrainCheck grains, DirectoryCheck directory) = RunTables(subject, new StoredGrains(), cancellationToken);
        long endSector = LastUsedSector() + 1;
        header.JudgeFreeSector(endSector);

        // ESX grows its files ahead of the first free sector.
        FindLeaks(
            subject, directory, Math.Min(Math.Max(header.FreeSector, endSector), file.LengthSectors),
            cancellationToken);
        run.Count(Shape, grains, EndOffsetBytes(grains));
    }

    (GrainCheck Grains, DirectoryCheck Directory) RunTables(
        SparseSubject subject, StoredGrains stored, CancellationToken cancellationToken)
    {
        run.Expect(subject.Shape.CapacitySectors << Sector.Shift);
        var directory = new DirectoryCheck(subject);
        directory.Run(cancellationToken);
        var grains = new GrainCheck(subject, stored);
        long done = 0;
        if (!TableSweep.TryRun(
            subject, directory, grains, run.Options.EffectiveThreads, AdvanceTo, cancellationToken))
        {
            new TableCheck(subject, directory, grains).Run(AdvanceTo, cancellationToken);
        }

        AdvanceTo(subject.Shape.CapacitySectors << Sector.Shift);
        return (grains, directory);

        // What is looked at twice is done once.
        void AdvanceTo(long offsetBytes)
        {
            run.Advance(Math.Max(0, offsetBytes - done));
            done = Math.Max(done, offsetBytes);
        }
    }

    static void FindLeaks(
        SparseSubject subject, DirectoryCheck directory, long endSector, CancellationToken cancellationToken)
    {
        // Without tables everything would be called a leak.
        if (subject.Shape is { DirectorySector: 0, RedundantSector: 0 })
        {
            return;
        }

        var leaks = new LeakCheck(subject);
        leaks.Run(endSector, cancellationToken);

        // The grains of a stream say themselves where they belong.
        if (leaks.HasFound && !subject.Shape.Markers)
        {
            new LostTableCheck(subject, directory).Run(endSector, cancellationToken);
            new LeakDoubt(subject, directory, leaks).Run();
        }
    }

    void Inflate(SparseSubject subject, StoredGrains stored, GrainCheck grains, CancellationToken cancellationToken)
    {
        if (!run.Options.Deep || !subject.Shape.Compressed)
        {
            return;
        }

        // Without a directory no table names anything; then all count that say themselves where they belong.
        bool isNowhere = subject.Shape.DirectorySector == 0;
        IEnumerable<StoredPlace> places = Enumerable.Range(0, stored.Count)
            .Where(index => isNowhere || stored.IsNamed(index)).Select(index => stored[index])
            .Concat(Enumerable.Range(0, grains.Unlisted.Count).Select(index => grains.Unlisted[index]));
        run.Expect((isNowhere ? stored.Count : grains.Allocated) * subject.Shape.GrainBytes);
        DeepCheck.Run(
            subject, places, run.Options.EffectiveThreads,
            count => run.Advance(count * subject.Shape.GrainBytes), cancellationToken);
    }

    long LastUsedSector()
    {
        long last = 0;
        for (long at = 0; at < file.LengthSectors;)
        {
            long start = file.Used.NextUsed(at, file.LengthSectors);
            if (start == file.LengthSectors)
            {
                break;
            }

            at = file.Used.NextFree(start, file.LengthSectors);
            last = at - 1;
        }

        return last;
    }

    long EndOffsetBytes(GrainCheck grains) =>
        Math.Max(grains.EndBytes, Math.Min(file.LengthBytes, (LastUsedSector() + 1) << Sector.Shift));
}
