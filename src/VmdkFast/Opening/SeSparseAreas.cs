using VmdkFast.Format;

namespace VmdkFast.Opening;

/// <summary>
/// The areas that a space-efficient sparse header lays out: inside the file, and apart from each other.
/// </summary>
/// <remarks>
/// Nothing says in which order they come. Only the grains may end behind the file, which grows into their area. What
/// is read by an index may go on behind the size stated, up to whatever comes next: a stale size must not hide grains.
/// </remarks>
sealed class SeSparseAreas
{
    readonly record struct Area(string Field, int FieldOffset, ulong OffsetSectors, ulong SizeSectors)
    {
        internal ulong EndSector => OffsetSectors + SizeSectors;
    }

    readonly long _fileBytes;
    readonly HeaderRules _rules;
    readonly Area[] _areas;
    readonly Area _grains;

    internal SeSparseAreas(in SeSparseHeader header, long fileBytes, HeaderRules rules)
    {
        _fileBytes = fileBytes;
        _rules = rules;
        _areas =
        [
            // A volatile header takes its sector whatever the size says; so does the first grain that may come.
            new(nameof(header.VolatileHeaderOffsetSectors), 80, header.VolatileHeaderOffsetSectors,
                Math.Max(header.VolatileHeaderSizeSectors, 1)),
            new(nameof(header.JournalHeaderOffsetSectors), 96, header.JournalHeaderOffsetSectors,
                header.JournalHeaderSizeSectors),
            new(nameof(header.JournalOffsetSectors), 112, header.JournalOffsetSectors, header.JournalSizeSectors),
            new(nameof(header.DirectoryOffsetSectors), 128, header.DirectoryOffsetSectors,
                header.DirectorySizeSectors),
            new(nameof(header.TablesOffsetSectors), 144, header.TablesOffsetSectors,
                Math.Max(header.TablesSizeSectors, 1)),
            new(nameof(header.FreeBitmapOffsetSectors), 160, header.FreeBitmapOffsetSectors,
                header.FreeBitmapSizeSectors),
            new(nameof(header.BackMapOffsetSectors), 176, header.BackMapOffsetSectors, header.BackMapSizeSectors),
            new(nameof(header.GrainsOffsetSectors), 192, header.GrainsOffsetSectors,
                Math.Max(header.GrainsSizeSectors, 1)),
        ];
        _grains = _areas[^1];
    }

    /// <summary>Every area in use lies behind the header, inside the file, and on no other one.</summary>
    /// <exception cref="VmdkException">One does not.</exception>
    internal void Check()
    {
        foreach (Area area in _areas.Where(area => area.SizeSectors != 0))
        {
            if (area.OffsetSectors == 0)
            {
                throw _rules.Invalid(area.Field, area.FieldOffset, "sector 0", "a sector behind the header");
            }

            if (area.OffsetSectors > Sector.MaxSectors || area.SizeSectors > Sector.MaxSectors - area.OffsetSectors)
            {
                throw _rules.Invalid(
                    area.Field, area.FieldOffset, Show(area), $"an end at sector {Sector.MaxSectors} at most");
            }

            // An extent that holds nothing yet may end where its grains will begin.
            ulong neededSectors = area == _grains ? area.OffsetSectors : area.EndSector;
            if (neededSectors > (ulong)Sector.CountFor(_fileBytes))
            {
                throw _rules.Outside(area.Field, area.FieldOffset, Show(area));
            }
        }

        Area[] ordered = [.. _areas.Where(area => area.SizeSectors != 0).OrderBy(area => area.OffsetSectors)];
        for (int i = 1; i < ordered.Length; i++)
        {
            if (ordered[i].OffsetSectors < ordered[i - 1].EndSector)
            {
                throw _rules.Invalid(
                    ordered[i].Field, ordered[i].FieldOffset, Show(ordered[i]),
                    $"a place outside {ordered[i - 1].Field}, which has {Show(ordered[i - 1])}");
            }
        }
    }

    /// <summary>Where the next area behind a sector begins, or the file ends, in bytes.</summary>
    internal long EndBehind(ulong offsetSectors) => _areas
        .Where(area => area.SizeSectors != 0 && area.OffsetSectors > offsetSectors)
        .Aggregate(_fileBytes, (end, area) => Math.Min(end, Sector.ToBytes(area.OffsetSectors)));

    static string Show(in Area area) => $"sector {area.OffsetSectors} and {area.SizeSectors} sectors";
}
