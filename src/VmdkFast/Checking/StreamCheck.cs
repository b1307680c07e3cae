namespace VmdkFast.Checking;

/// <summary>What is checked of a stream besides its tables: markers, grains that no table names, and its end.</summary>
sealed class StreamCheck(CheckRun run, HostedHeaderCheck hosted, SparseSubject subject, StoredGrains stored)
{
    readonly CheckedFile _file = subject.File;
    readonly SparseShape _shape = subject.Shape;
    readonly MarkerWalk _walk = new(subject, stored);
    OldTables? _old;
    bool _lacksTable;
    bool _isAstray;
    bool _hasOrder;
    IReadOnlySet<int> _doubted = new HashSet<int>();
    long _rightDirectory;

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

        var markers = new MetadataMarkers(subject, _walk, stored, grains.Unlisted);
        if (hosted.End is { } end)
        {
            markers.Run(directory, end);
            JudgeEnd(end);
        }

        if (_shape.DirectoryAtEnd)
        {
            JudgeTables(directory, markers);
        }
    }

    void JudgeTables(DirectoryCheck directory, MetadataMarkers markers)
    {
        _isAstray = markers.IsAstray || _shape.DirectorySector == 0;
        if (!_isAstray && !directory.HasLostTables && !_lacksTable)
        {
            return;
        }

        var order = new StreamDirectory(subject, stored, _walk);
        if (IsBeforeFooter(order) && order.DirectorySector != _shape.DirectorySector)
        {
            _rightDirectory = order.DirectorySector;
            return;
        }

        _doubted = markers.Doubted;
        _hasOrder = order.IsTrusted && _walk.DirectorySector != 0;
        bool hasMoved = _isAstray && hosted.Footer is not null;
        var trust = new OldTableTrust(
            TrustsEmpty: hosted.Footer is not null && !_lacksTable && !_isAstray, hosted.Footer is not null, hasMoved,
            _doubted);
        _old = new OldTables(subject, directory, stored, _walk, order, trust);
        _old.Judge();
    }

    // Where a writer puts it, with all that it names in its place.
    bool IsBeforeFooter(StreamDirectory order) => order.IsInPlace && _walk.DirectorySector == order.DirectorySector
        && order.NamesWholeTables() && hosted.End is { } end
        && order.DirectorySector + _shape.DirectorySectors + 1 == end.OffsetBytes >> Sector.Shift;

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
        else if (_rightDirectory != 0)
        {
            subject.Log.Withdraw(_file);
            subject.Log.Propose(new WriteStep(
                _file, RepairClass.Restore, $"the directory is at sector {_rightDirectory}, as its marker says",
                hosted.End!.OffsetBytes + HostedHeaderCheck.OffsetOf(nameof(HostedFields.DirectoryOffsetSectors)),
                DirectoryPlaces.FieldOf((ulong)_rightDirectory))
            {
                ReplacesDirectory = NamesNoDirectory(),
            });
        }
        else if (_old is not null)
        {
            Rebuild(_old);
        }
        else if (hosted.FooterSays == FooterVerdict.Header || hosted.End is { HasLostSignature: true })
        {
            hosted.End!.ProposeHeaders(subject.Log, hosted.Header!, hosted.Footer!);
        }
    }

    void Rebuild(OldTables old)
    {
        if (_isAstray)
        {
            // Entries and markers that were proposed for a place at which something else stands.
            subject.Log.Withdraw(_file);
        }

        if (hosted.FooterSays != FooterVerdict.Footer)
        {
            string reason = hosted.Footer is null ? "the stream has no valid footer"
                : _isAstray ? "the directory is not where the footer says"
                : hosted.FooterSays == FooterVerdict.Header ? "the footer contradicts the header"
                : "tables are lost";
            new StreamRebuild(subject, old, stored, _walk).Propose(
                reason, run.DropsLost, NamesNoDirectory(), _doubted);
        }
    }

    // What the footer names has no marker; and one stands elsewhere, or none of its entries names what has a table's.
    bool NamesNoDirectory()
    {
        if (hosted.Footer is not { } footer || _walk.DirectorySector == (long)footer.DirectoryOffsetSectors)
        {
            return false;
        }

        HashSet<uint> tables = [.. _walk.Tables.Select(table => table.Sector)];
        long sector = (long)Math.Min(footer.DirectoryOffsetSectors, uint.MaxValue);
        if (sector >= _file.LengthSectors || (_isAstray && _hasOrder))
        {
            return true;
        }

        var entries = new EntryReader(_file, sector, _shape.DirectoryEntries);
        int table = entries.NextUsed(0);
        while (table < _shape.DirectoryEntries && !tables.Contains(entries[table]))
        {
            table = entries.NextUsed(table + 1);
        }

        return table == _shape.DirectoryEntries;
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
