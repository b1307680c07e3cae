using VmdkFast.Caching;
using VmdkFast.Extents;
using VmdkFast.Storage;

namespace VmdkFast.Writing;

/// <summary>
/// Looks through the primary tables once before an extent is first changed: nothing may lead behind the file's end.
/// </summary>
/// <remarks>
/// A reader refuses such an entry when it comes to it. For a writer it would become possible as soon as the file has
/// grown over that place, and name another grain's data; images that were cut off while they were copied are full of
/// them. Tables that lie side by side come in one read, holes are skipped: 64 MB for 1 TiB of stored grains.
/// </remarks>
sealed class TableBounds(ImageFile file, SparseExtent extent)
{
    const int WindowBytes = 1 << 20;

    readonly SparseLayout _layout = extent.Layout;
    readonly int _tableBytes = extent.Layout.TableEntries * sizeof(uint);

    // No more than all tables, since a disk may have thousands of small extents; no less than one.
    readonly uint[] _window = new uint[Math.Max(
        Math.Min(WindowBytes / sizeof(uint), (long)extent.Layout.DirectoryEntries * extent.Layout.TableEntries),
        extent.Layout.TableEntries)];

    ByteRange _data = new(0, 0);
    long _searchedFrom = long.MaxValue;

    /// <summary>Returns when every entry leads into the file, or nowhere.</summary>
    /// <exception cref="VmdkException">
    /// <see cref="VmdkErrorCode.TablesDisagree"/>: an entry of the directory or of a table is impossible.
    /// </exception>
    internal void RequireInside()
    {
        var directory = new uint[Math.Min(TableSegment.Length, _layout.DirectoryEntries)];
        for (int first = 0; first < _layout.DirectoryEntries; first += directory.Length)
        {
            Span<uint> segment = directory.AsSpan(0, Math.Min(directory.Length, _layout.DirectoryEntries - first));
            extent.Source.LoadDirectory(first, segment);
            for (int slot = 0; slot < segment.Length;)
            {
                slot += Check(segment[slot..], first + slot);
            }
        }
    }

    // Returns how many tables are done.
    int Check(ReadOnlySpan<uint> directory, int tableIndex)
    {
        uint sector = directory[0];
        if (sector == 0)
        {
            return 1;
        }

        if (!extent.Source.IsPossibleTable(sector))
        {
            throw Beyond($"grainDirectory[{tableIndex}]", sector);
        }

        long offsetBytes = (long)sector << Sector.Shift;
        if (IsHole(offsetBytes))
        {
            return 1;
        }

        int count = 1;
        while (count < directory.Length && (count + 1) * _layout.TableEntries <= _window.Length
            && (long)directory[count] << Sector.Shift == offsetBytes + (count * (long)_tableBytes)
            && extent.Source.IsPossibleTable(directory[count]))
        {
            count++;
        }

        Span<uint> entries = _window.AsSpan(0, count * _layout.TableEntries);
        extent.Source.ReadEntries(offsetBytes, entries, "grainTable");
        int bad = IndexOfImpossible(entries);
        return bad < 0
            ? count
            : throw Beyond(
                $"grainTable[{tableIndex + (bad >> _layout.TableShift)}][{bad & (_layout.TableEntries - 1)}]",
                entries[bad]);
    }

    int IndexOfImpossible(ReadOnlySpan<uint> entries)
    {
        uint largestWithoutGrain = _layout.ZeroGrains ? 1u : 0u;
        for (int i = 0; i < entries.Length; i++)
        {
            if (entries[i] > largestWithoutGrain && !extent.IsPossible(entries[i]))
            {
                return i;
            }
        }

        return -1;
    }

    bool IsHole(long offsetBytes)
    {
        if (offsetBytes < _searchedFrom || offsetBytes >= _data.EndBytes)
        {
            _data = file.NextData(offsetBytes);
            _searchedFrom = offsetBytes;
        }

        return offsetBytes + _tableBytes <= _data.StartBytes;
    }

    VmdkException Beyond(string field, uint entry) =>
        new(VmdkErrorCode.TablesDisagree, file.Path,
            "a table leads to where nothing can be: the image must be repaired before it is written", null, field,
            $"sector {entry}", "a place inside the file");
}
