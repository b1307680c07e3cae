namespace VmdkFast.Checking;

/// <summary>Reads a table together with its copy. Not thread-safe.</summary>
sealed class TablePairReader(CheckedFile file, SparseShape shape)
{
    readonly TableReader _primary = new(file, shape);
    readonly TableReader _copy = new(file, shape);

    /// <summary>Reads both; where there is only one of them, it stands for the other, too.</summary>
    /// <param name="places">The sectors of both; 0 where there is none.</param>
    /// <param name="entries">The entries of the table; valid until the next call.</param>
    /// <param name="copies">Those of its copy; valid until the next call.</param>
    /// <returns>False, and nothing is read, when all entries of both are 0, as holes of the file say.</returns>
    internal bool TryRead(
        (long Primary, long Copy) places, out ReadOnlySpan<uint> entries, out ReadOnlySpan<uint> copies)
    {
        (long primary, long copy) = places;
        if ((primary == 0 || _primary.IsHole(primary)) && (copy == 0 || _copy.IsHole(copy)))
        {
            entries = copies = default;
            return false;
        }

        entries = primary != 0 ? _primary.Read(primary) : _copy.Read(copy);
        copies = primary != 0 && copy != 0 ? _copy.Read(copy) : entries;
        return true;
    }
}
