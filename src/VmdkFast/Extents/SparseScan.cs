using VmdkFast.Caching;
using VmdkFast.Storage;

namespace VmdkFast.Extents;

/// <summary>
/// A walk through an extent with tables: they come in reads of up to 1 MiB past the cache, and holes of the table
/// region are skipped without reading. A 62 TiB image whose tables lie in a hole maps in milliseconds.
/// </summary>
sealed class SparseScan(TabledExtent extent) : ExtentScan
{
    const int WindowBytes = 1 << 20;

    readonly GrainTableSource _source = extent.TableSource;
    readonly int _tableBytes = extent.TableSource.TableBytes;
    readonly uint[] _directory = new uint[TableSegment.Length];
    int _directoryFirst = -1;
    uint[] _window = [];
    long _windowStart;
    long _windowLength;
    ByteRange _data = new(0, 0);
    long _dataSearchedFrom = long.MaxValue;

    internal override Mapping Map(long offsetBytes, long maxLengthBytes)
    {
        long grainIndex = extent.GrainIndexOf(offsetBytes);
        int tableIndex = extent.TableIndexOf(grainIndex);
        ReadOnlySpan<uint> directory = DirectoryOf(tableIndex);
        int slotIndex = tableIndex & (TableSegment.Length - 1);
        if (directory[slotIndex] == 0)
        {
            return Mapping.Unallocated(
                extent.MeasureWithoutTables(directory, slotIndex, offsetBytes, maxLengthBytes));
        }

        if (extent.Tables.TryGet(tableIndex) is { } resident)
        {
            return extent.MapInTable(resident.Entries, grainIndex, offsetBytes, maxLengthBytes);
        }

        if (!_source.IsPossibleTable(directory[slotIndex]))
        {
            return MapRecoveredTable(tableIndex, directory[slotIndex], grainIndex, offsetBytes, maxLengthBytes);
        }

        int tablesInHole = CountTablesInHole(directory, slotIndex);
        if (tablesInHole > 0)
        {
            long tableGuestBytes = extent.TableCoverageBytes;
            long length = (tablesInHole * tableGuestBytes) - (offsetBytes & (tableGuestBytes - 1));
            return Mapping.Unallocated(Math.Min(length, maxLengthBytes));
        }

        return extent.MapInTable(TableAt(directory, slotIndex), grainIndex, offsetBytes, maxLengthBytes);
    }

    ReadOnlySpan<uint> DirectoryOf(int tableIndex)
    {
        if (extent.Tables.TryGetSegment(tableIndex) is { } segment)
        {
            return segment.Directory;
        }

        int first = tableIndex & ~(TableSegment.Length - 1);
        if (first != _directoryFirst)
        {
            int count = Math.Min(TableSegment.Length, extent.Tables.DirectoryEntries - first);
            _directory.AsSpan(count).Clear();
            _directoryFirst = -1;
            _source.LoadDirectory(first, _directory.AsSpan(0, count));
            _directoryFirst = first;
        }

        return _directory;
    }

    // A table that lies wholly in a hole of the file holds only zeros: every grain is unallocated.
    int CountTablesInHole(ReadOnlySpan<uint> directory, int slotIndex)
    {
        int count = 0;
        for (int slot = slotIndex; slot < directory.Length && directory[slot] != 0; slot++)
        {
            long start = _source.TableOffsetBytes(directory[slot]);
            if (!IsHole(start) || (slot != slotIndex && !_source.IsPossibleTable(directory[slot])))
            {
                break;
            }

            count++;
        }

        return count;
    }

    bool IsHole(long start)
    {
        if (start < _dataSearchedFrom || start >= _data.EndBytes)
        {
            _data = extent.File.NextData(start);
            _dataSearchedFrom = start;
        }

        return start + _tableBytes <= _data.StartBytes;
    }

    ReadOnlySpan<uint> TableAt(ReadOnlySpan<uint> directory, int slotIndex)
    {
        long start = _source.TableOffsetBytes(directory[slotIndex]);
        if (start < _windowStart || start + _tableBytes > _windowStart + _windowLength
            || (start - _windowStart) % _tableBytes != 0)
        {
            FillWindow(directory, slotIndex, start);
        }

        long table = (start - _windowStart) / _tableBytes;
        return _window.AsSpan((int)table * extent.TableEntries, extent.TableEntries);
    }

    void FillWindow(ReadOnlySpan<uint> directory, int slotIndex, long start)
    {
        // Only as far as tables follow one another: a lone table of a stream image is read alone.
        long end = start + _tableBytes;
        for (int slot = slotIndex + 1; slot < directory.Length && end - start + _tableBytes <= WindowBytes; slot++)
        {
            long next = _source.TableOffsetBytes(directory[slot]);
            if (next != end || !_source.IsPossibleTable(directory[slot]))
            {
                break;
            }

            end += _tableBytes;
        }

        int entries = (int)((end - start) / _tableBytes) * extent.TableEntries;
        if (_window.Length < entries)
        {
            _window = new uint[entries];
        }

        _windowLength = 0;
        Span<uint> window = _window.AsSpan(0, entries);
        _source.ReadTables(start, window);
        _windowStart = start;
        _windowLength = end - start;
    }

    Mapping MapRecoveredTable(
        int tableIndex, uint directoryEntry, long grainIndex, long offsetBytes, long maxLengthBytes)
    {
        var entries = new uint[extent.TableEntries];
        _source.LoadTable(tableIndex, directoryEntry, entries);
        return extent.MapInTable(entries, grainIndex, offsetBytes, maxLengthBytes);
    }
}
