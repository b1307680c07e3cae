using VmdkFast.Format;

namespace VmdkFast.Checking;

/// <summary>
/// Looks whether the tables, the directory and the footer of an exported stream have their markers: who reads it from a
/// pipe, or has lost the footer, goes by nothing else.
/// </summary>
/// <remarks>
/// A marker is only written before what is proved to be there: in a stream in which something is missing, or too much,
/// directory and footer lead to what was moved to their places.
/// </remarks>
sealed class MetadataMarkers(SparseSubject subject, MarkerWalk walk, StoredGrains stored, StoredGrains unlisted)
{
    // A table with a single entry differs from a marker in hardly more.
    const int MaxDamagedBytes = 4;

    readonly CheckedFile _file = subject.File;
    readonly SparseShape _shape = subject.Shape;
    readonly HashSet<int> _doubted = [];
    readonly uint[] _entries = new uint[subject.Shape.TableEntries];

    /// <summary>Tables that have no marker, and that the stored grains do not confirm.</summary>
    internal IReadOnlySet<int> Doubted => _doubted;

    /// <summary>Whether something is not where directory or footer say.</summary>
    internal bool IsAstray { get; private set; }

    /// <summary>Looks at all of them, and proposes to write those anew that are none.</summary>
    internal void Run(DirectoryCheck directory, FooterCheck end)
    {
        bool namesTables = false;
        for (int table = directory.Next(0); table < _shape.DirectoryEntries; table = directory.Next(table + 1))
        {
            if (directory.PlacesOf(table).Primary is > 0 and long sector)
            {
                namesTables = true;
                if (!Judge(
                    sector - 1, MarkerType.GrainTable, _shape.TableSectors, $"of grain table {table}",
                    () => IsWhole(table, sector)))
                {
                    _doubted.Add(table);
                }
            }
        }

        // An empty directory is whole where no grain can have been before it.
        long directorySector = _shape.DirectorySector;
        if (directorySector > 0)
        {
            Judge(
                directorySector - 1, MarkerType.GrainDirectory, _shape.DirectorySectors, "of the directory",
                () => !directory.HasLostTables && _doubted.Count == 0
                    && (namesTables || directorySector - 1 == _shape.FirstUsableSector));
        }

        foreach ((long offsetBytes, MarkerType type) in end.LostMarkers)
        {
            bool isEnd = type == MarkerType.EndOfStream;
            long sector = offsetBytes >> Sector.Shift;
            if (isEnd || IsDamagedMarker(sector, type, 1))
            {
                Propose(sector, type, isEnd ? 0 : 1, isEnd ? "of the end of the stream" : "of the footer");
            }
        }
    }

    // False when there is neither a marker nor what belongs behind it.
    bool Judge(long sector, MarkerType type, long lengthSectors, string whose, Func<bool> isWhole)
    {
        Span<byte> head = stackalloc byte[StreamMarker.HeadBytes];
        if (_file.File.Read(head, sector << Sector.Shift) < head.Length)
        {
            return true;
        }

        var marker = StreamMarker.Read(head);
        bool canBe = sector >= _shape.FirstUsableSector;
        if (canBe && !marker.IsGrain && marker.Type == type && marker.LengthSectors == (ulong)lengthSectors)
        {
            return true;
        }

        if (!walk.Reported.Contains(sector))
        {
            subject.Find(
                VmdkFindingKind.MarkerInvalid, $"the marker {whose} does not stand here", sector << Sector.Shift);
        }

        bool whole = canBe && isWhole();
        if (whole && !_file.Metadata.Overlaps(sector, 1) && subject.MarkedGrains?.Overlaps(sector, 1) != true
            && !IsUnlisted(sector) && IsDamagedMarker(sector, type, lengthSectors))
        {
            Propose(sector, type, lengthSectors, whose);
        }
        else
        {
            IsAstray = true;
        }

        return whole;
    }

    // An export stores no empty table, and of one that is damaged the grains before it may be damaged, too.
    bool IsWhole(int table, long sector)
    {
        _file.ReadEntries(sector << Sector.Shift, _entries);
        return TableMatch.Of(_shape, stored, table, _entries) is { Used: > 0, Against: 0, IsMoved: false };
    }

    bool IsDamagedMarker(long sector, MarkerType type, long lengthSectors)
    {
        byte[] right = MarkerSector.Of(type, lengthSectors);
        var found = new byte[right.Length];
        int read = _file.File.Read(found, sector << Sector.Shift);
        int different = 0;
        for (int i = 0; i < read; i++)
        {
            different += found[i] != right[i] ? 1 : 0;
        }

        return different <= MaxDamagedBytes || !found.AsSpan().ContainsAnyExcept((byte)0);
    }

    void Propose(long sector, MarkerType type, long lengthSectors, string whose)
    {
        _file.Used.Add(sector, 1);
        subject.Log.Propose(new WriteStep(
            _file, RepairClass.Restore, $"the marker {whose}", sector << Sector.Shift,
            MarkerSector.Of(type, lengthSectors)));
    }

    bool IsUnlisted(long sector)
    {
        for (int i = 0; i < unlisted.Count; i++)
        {
            if (unlisted[i].Sector <= sector && sector < (long)unlisted[i].Sector + unlisted[i].LengthSectors)
            {
                return true;
            }
        }

        return false;
    }
}
