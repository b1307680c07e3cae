namespace VmdkFast.Checking;

/// <summary>What is checked of a stream besides its tables: markers, grains that no table names, and its end.</summary>
sealed class StreamCheck(CheckRun run, HostedHeaderCheck hosted, SparseSubject subject, StoredGrains stored)
{
    readonly CheckedFile _file = subject.File;
    readonly SparseShape _shape = subject.Shape;
    readonly MarkerWalk _walk = new(subject, stored);
    OldTables? _old;
    bool _lacksTable;

    /// <summary>Behind the last sector in which anything of the stream can be.</summary>
    internal long EndSector { get; private set; } = subject.File.LengthSectors;

    /// <summary>Collects the grains; before any table is looked at.</summary>
    internal void Walk(CancellationToken cancellationToken)
    {
        foreach ((long offsetBytes, _) in hosted.End?.LostMarkers ?? [])
        {
            _walk.Reported.Add(offsetBytes >> Sector.Shift);
        }

        _walk.Run(cancellationToken);
    }

    /// <summary>Compares markers and tables.</summary>
    internal void Judge(DirectoryCheck directory, GrainCheck grains, CancellationToken cancellationToken)
    {
        // A writer that was cut short has stored grains whose entries it has not written, and nobody was told of them.
        // Entries of a table that no directory names it had written.
        bool wasCutShort = !_shape.DirectoryAtEnd && hosted.Header!.UncleanShutdown != 0;
        var unnamed = new UnnamedGrains(
            subject, directory, grains, stored, new FrontTables(subject, stored), _walk, wasCutShort);
        unnamed.Run(cancellationToken);
        _lacksTable = unnamed.LacksTable;

        if (_shape.DirectoryAtEnd
            && (hosted.FooterSays is not null || _shape.DirectorySector == 0 || directory.HasLostTables || _lacksTable))
        {
            bool trustsEmpty = hosted.Footer is not null && !_lacksTable;
            _old = new OldTables(subject, directory, stored, _walk, trustsEmpty);
            _old.Judge();
        }

        if (hosted.End is { } end)
        {
            new MetadataMarkers(subject, _walk, grains.Unlisted).Run(directory, end);
            JudgeEnd(end);
        }
    }

    /// <summary>Proposes what needs to know everything else.</summary>
    internal void Mend(GrainCheck grains)
    {
        if (!_shape.DirectoryAtEnd)
        {
            _walk.ProposeEnd(grains.HighestSector);
            return;
        }

        if (HasGrainsBehindFooter())
        {
            // Of this stream, or of another one: what follows from them may be as wrong.
            subject.Log.Withdraw(_file);
        }
        else if (_old is not null && hosted.FooterSays != FooterVerdict.Footer)
        {
            string reason = hosted.Footer is null ? "the stream has no valid footer"
                : hosted.FooterSays == FooterVerdict.Header ? "the footer contradicts the header"
                : _shape.DirectorySector == 0 ? "the directory is not where the footer says"
                : "tables are lost";
            new StreamRebuild(subject, _old, stored, _walk).Propose(reason, run.DropsLost);
        }
    }

    void JudgeEnd(FooterCheck end)
    {
        if (end.IsFollowed && !HasGrainsBehindFooter())
        {
            EndSector = end.EndBytes >> Sector.Shift;
            subject.Log.Propose(new CutStep(
                _file, RepairClass.Restore, "what follows the end of the stream is no part of it", end.EndBytes));
        }
    }

    bool HasGrainsBehindFooter() => hosted.End is { } end && _walk.EndOfGrains << Sector.Shift > end.EndBytes;
}
