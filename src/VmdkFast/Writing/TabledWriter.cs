namespace VmdkFast.Writing;

/// <summary>
/// Writes an extent that has grain tables: what all such extents do before the first and after the last change.
/// </summary>
abstract class TabledWriter(WriteFile file, SparseTables tables) : ExtentWriter(file)
{
    protected SparseTables Tables => tables;

    internal override void RequireSound()
    {
        if (!IsPrepared)
        {
            tables.RequireSound();
        }
    }

    internal override void MarkClean()
    {
        if (IsPrepared)
        {
            tables.MarkClean();
        }
    }

    protected override void Prepare() => tables.MarkUnclean();
}
