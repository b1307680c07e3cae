using VmdkFast.Format;

namespace VmdkFast.Checking;

/// <summary>What a check goes by in a sparse file: the numbers of its header, as far as they can be believed.</summary>
sealed record SparseShape
{
    internal required long CapacitySectors { get; init; }

    internal required long GrainSectors { get; init; }

    internal required int TableEntries { get; init; }

    /// <summary>Where the directory is; 0 when it is nowhere.</summary>
    internal required long DirectorySector { get; init; }

    /// <summary>Where the redundant directory is; 0 when there is none to be used.</summary>
    internal long RedundantSector { get; init; }

    /// <summary>Nothing can point before this sector.</summary>
    internal required long FirstUsableSector { get; init; }

    internal bool ZeroGrains { get; init; }

    internal bool Compressed { get; init; }

    internal bool Markers { get; init; }

    internal bool IsCowd { get; init; }

    /// <summary>Whether the directory is left to the footer.</summary>
    internal bool DirectoryAtEnd { get; init; }

    /// <summary>Whether grains begin at multiples of their size.</summary>
    internal bool IsAligned => !Compressed && !IsCowd;

    internal long GrainBytes => GrainSectors << Sector.Shift;

    internal long Grains => ((CapacitySectors - 1) / GrainSectors) + 1;

    internal int DirectoryEntries => (int)(((Grains - 1) / TableEntries) + 1);

    internal int TableBytes => TableEntries * sizeof(uint);

    internal long TableSectors => Sector.CountFor(TableBytes);

    internal long DirectorySectors => Sector.CountFor((long)DirectoryEntries * sizeof(uint));

    /// <summary>What markers are judged by.</summary>
    internal StreamShape ToStreamShape() =>
        new(CapacitySectors << Sector.Shift, GrainBytes, TableEntries, DirectoryEntries);

    /// <summary>The longest stored form of a grain that is accepted.</summary>
    internal long MaxStoredBytes => Math.Min((2 * GrainBytes) + Sector.Bytes, int.MaxValue);

    /// <summary>Whether an entry names no place: nothing is stored, or zeros are meant.</summary>
    internal bool IsPlaceless(uint entry) => entry == 0 || (entry == 1 && ZeroGrains);

    /// <summary>How many of a table's grains are in the disk.</summary>
    internal int CountOf(int table) => (int)Math.Min(TableEntries, Grains - ((long)table * TableEntries));

    /// <summary>The part of the extent that a table covers.</summary>
    internal GuestStretch CoverageOf(int table)
    {
        long start = (long)table * TableEntries * GrainBytes;
        return new GuestStretch(
            start, Math.Min((long)TableEntries * GrainBytes, (CapacitySectors << Sector.Shift) - start));
    }

    /// <summary>The part of the extent that a grain covers.</summary>
    internal GuestStretch StretchOf(long grain) => new(
        grain * GrainBytes, Math.Min(GrainBytes, (CapacitySectors << Sector.Shift) - (grain * GrainBytes)));
}
