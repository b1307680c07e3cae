using VmdkFast.Format;

namespace VmdkFast.Checking;

/// <summary>
/// Looks whether the tables, the directory and the footer of an exported stream have their markers: who reads it from a
/// pipe, or has lost the footer, goes by nothing else.
/// </summary>
sealed class MetadataMarkers(SparseSubject subject, MarkerWalk walk, StoredGrains unlisted)
{
    readonly CheckedFile _file = subject.File;
    readonly SparseShape _shape = subject.Shape;

    /// <summary>Looks at all of them, and proposes to write those anew that are none.</summary>
    internal void Run(DirectoryCheck directory, FooterCheck end)
    {
        for (int table = directory.Next(0); table < _shape.DirectoryEntries; table = directory.Next(table + 1))
        {
            if (directory.PlacesOf(table).Primary is > 0 and long sector)
            {
                Judge(sector - 1, MarkerType.GrainTable, _shape.TableSectors, $"of grain table {table}");
            }
        }

        if (_shape.DirectorySector > 0)
        {
            Judge(_shape.DirectorySector - 1, MarkerType.GrainDirectory, _shape.DirectorySectors, "of the directory");
        }

        foreach ((long offsetBytes, MarkerType type) in end.LostMarkers)
        {
            bool isEnd = type == MarkerType.EndOfStream;
            Propose(
                offsetBytes >> Sector.Shift, type, isEnd ? 0 : 1, isEnd ? "of the end of the stream" : "of the footer");
        }
    }

    void Judge(long sector, MarkerType type, long lengthSectors, string whose)
    {
        Span<byte> head = stackalloc byte[StreamMarker.HeadBytes];
        if (sector < _shape.FirstUsableSector || _file.File.Read(head, sector << Sector.Shift) < head.Length)
        {
            return;
        }

        var marker = StreamMarker.Read(head);
        if (marker.IsGrain || marker.Type != type || marker.LengthSectors != (ulong)lengthSectors)
        {
            if (!walk.Reported.Contains(sector))
            {
                subject.Find(
                    VmdkFindingKind.MarkerInvalid, $"the marker {whose} does not stand here", sector << Sector.Shift);
            }

            if (!_file.Metadata.Overlaps(sector, 1) && subject.MarkedGrains?.Overlaps(sector, 1) != true
                && !IsUnlisted(sector))
            {
                Propose(sector, type, lengthSectors, whose);
            }
        }
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
