namespace VmdkFast.Writing;

/// <summary>How many tables of a disk wait for a flush: one number, so that every write can look at it.</summary>
sealed class DirtyCount
{
    int _value;

    internal int Value => Volatile.Read(ref _value);

    internal void Add(int change) => Interlocked.Add(ref _value, change);
}
