namespace VmdkFast.Caching;

/// <summary>1,024 consecutive directory entries and the slots of the tables that they point to.</summary>
/// <remarks>
/// A slot is null, a <see cref="Ticket"/> (load under way) or a <see cref="Table"/>, and moves only
/// null → ticket → table → null (or back to null when a load fails). Nobody can load, change or flush a table while
/// a ticket stands, and a table leaves only clean: hence no stale copy can come in later (no ABA).
/// </remarks>
sealed class TableSegment(uint[] directory)
{
    internal const int Shift = 10;
    internal const int Length = 1 << Shift;

    /// <summary>Directory entries as loaded; entries past the end of the directory are 0.</summary>
    internal uint[] Directory { get; } = directory;

    internal object?[] Slots { get; } = new object?[Length];

    /// <summary>Memory that a segment costs, tables not counted.</summary>
    internal const long CostBytes = (Length * (sizeof(uint) + 8)) + 96;
}
