namespace VmdkFast.Checking;

/// <summary>A sparse extent under check: what all its passes share.</summary>
/// <param name="File">Its file.</param>
/// <param name="Shape">Its numbers.</param>
/// <param name="GuestStartBytes">Where it begins in the disk.</param>
/// <param name="Log">Where findings go.</param>
sealed record SparseSubject(CheckedFile File, SparseShape Shape, long GuestStartBytes, FindingLog Log)
{
    /// <summary>Where the walk along the markers has met grains; null without markers.</summary>
    internal SpaceMap? MarkedGrains { get; init; }

    /// <summary>Whether an entry leads to where grains are: in the file, and behind the metadata in front.</summary>
    internal bool LeadsToGrains(uint entry) => entry >= Shape.FirstUsableSector && File.Holds(entry, 1);

    /// <summary>Whether a grain can begin where an entry leads.</summary>
    internal bool CanBeginAt(uint entry) =>
        LeadsToGrains(entry) && (!Shape.IsAligned || entry % Shape.GrainSectors == 0);

    /// <summary>A stretch of the extent as one of the disk.</summary>
    internal GuestStretch Guest(GuestStretch stretch) =>
        stretch with { OffsetBytes = stretch.OffsetBytes + GuestStartBytes };

    internal GuestStretch GuestOfGrain(long grain) => Guest(Shape.StretchOf(grain));

    internal GuestStretch GuestOfTable(int table) => Guest(Shape.CoverageOf(table));

    internal void Find(
        VmdkFindingKind kind, string text, long? offsetBytes = null, GuestStretch? guest = null, long amount = 1) =>
        Log.Add(kind, File.Path, text, offsetBytes, guest, amount);
}
