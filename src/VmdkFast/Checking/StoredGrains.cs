using System.Collections;

namespace VmdkFast.Checking;

/// <summary>A compressed grain as it stands in the file.</summary>
/// <param name="Grain">Its number in the extent.</param>
/// <param name="Sector">Where it is.</param>
/// <param name="LengthSectors">How long it is, marker included.</param>
readonly record struct StoredPlace(long Grain, uint Sector, uint LengthSectors);

/// <summary>
/// The compressed grains of one file, 16 bytes each: at most a 32nd of what the smallest of them takes in the file.
/// Not thread-safe.
/// </summary>
sealed class StoredGrains
{
    static readonly Comparer<StoredPlace> s_order = Comparer<StoredPlace>.Create(
        (a, b) => a.Grain != b.Grain ? a.Grain.CompareTo(b.Grain) : a.Sector.CompareTo(b.Sector));

    readonly List<StoredPlace> _places = [];
    BitArray? _named;
    bool _isSorted;

    internal int Count => _places.Count;

    internal StoredPlace this[int index] => _places[index];

    /// <summary>Takes the last one that was added for shorter: something else stands in it.</summary>
    internal void ShortenLast(uint lengthSectors) => _places[^1] = _places[^1] with { LengthSectors = lengthSectors };

    internal void Add(StoredPlace place)
    {
        _places.Add(place);
        _isSorted = false;
    }

    /// <summary>Sorts by grain; from now on grains can be looked up and marked.</summary>
    internal void Sort()
    {
        _places.Sort(s_order);
        _named = new BitArray(_places.Count);
        _isSorted = true;
    }

    /// <summary>The index of the grain that stands at a sector; negative when none does.</summary>
    internal int Find(long grain, uint sector) =>
        _isSorted ? _places.BinarySearch(new StoredPlace(grain, sector, 0), s_order) : -1;

    /// <summary>
    /// Where a grain stands; null when it stands nowhere, or at several places: one of these is another's then, with a
    /// damaged marker, and which one it is nobody can tell without a table.
    /// </summary>
    internal StoredPlace? Find(long grain)
    {
        int behind = ~Find(grain, uint.MaxValue);
        bool isOne = behind > 0 && _places[behind - 1].Grain == grain
            && (behind == 1 || _places[behind - 2].Grain != grain);
        return isOne ? _places[behind - 1] : null;
    }

    /// <summary>Whether a grain stands anywhere.</summary>
    internal bool IsStored(long grain) => EndOf(grain) is > 0 and int end && _places[end - 1].Grain == grain;

    /// <summary>The index behind all grains up to a number.</summary>
    internal int EndOf(long grain) => Find(grain, uint.MaxValue) is var found && found < 0 ? ~found : found + 1;

    internal bool IsNamed(int index) => _named![index];

    internal void SetNamed(int index) => _named![index] = true;
}
