using System.Runtime.InteropServices;
using VmdkFast.Writing;

namespace VmdkFast.Checking;

/// <summary>
/// Finds grain tables that no directory names: all of their grains look unused, and are not. Only where there is space
/// that nothing uses; elsewhere no such table can be.
/// </summary>
/// <remarks>
/// A table is told by its entries: each names a place for a grain that nothing uses, and no two the same one.
/// </remarks>
sealed class LostTableCheck
{
    const int WindowBytes = 256 << 10;

    readonly SparseSubject _subject;
    readonly SparseShape _shape;
    readonly CheckedFile _file;
    readonly DirectoryCheck _directory;
    readonly byte[] _window;
    readonly HashSet<uint> _named = [];
    readonly Dictionary<int, long> _primary = [];
    readonly Dictionary<int, long> _copies = [];
    long _windowSector;
    long _windowEnd;

    internal LostTableCheck(SparseSubject subject, DirectoryCheck directory)
    {
        _subject = subject;
        _shape = subject.Shape;
        _file = subject.File;
        _directory = directory;
        _window = new byte[Math.Max(WindowBytes, _shape.TableSectors << Sector.Shift)];
    }

    /// <summary>Looks for tables, and proposes to name again those whose place says whose they are.</summary>
    /// <param name="endSector">Where the used part of the file may end at most.</param>
    /// <param name="cancellationToken">Ends the work between two places.</param>
    internal void Run(long endSector, CancellationToken cancellationToken)
    {
        for (long at = 1; at < endSector;)
        {
            cancellationToken.ThrowIfCancellationRequested();
            long start = _file.Used.NextFree(at, endSector);
            long end = _file.Used.NextUsed(start, endSector);
            Look(start, end, cancellationToken);
            at = Math.Max(end, at + 1);
        }

        foreach ((int table, long sector) in _primary)
        {
            if (_copies.TryGetValue(table, out long copy) && IsEqual(sector, copy))
            {
                Name(_directory.Primary!, table, sector);
                Name(_directory.Copy!, table, copy);
            }
        }
    }

    void Look(long start, long end, CancellationToken cancellationToken)
    {
        for (long at = start; at < end;)
        {
            cancellationToken.ThrowIfCancellationRequested();
            long data = _file.File.NextData(at << Sector.Shift).StartBytes >> Sector.Shift;
            at = Candidate(Math.Max(at, data));
            if (at + _shape.TableSectors > end)
            {
                return;
            }

            ReadOnlySpan<uint> entries = Read(at, end);
            at += IsTable(entries) ? Report(at) : 1;
        }
    }

    // Before the grains a table may lie anywhere, and in ESX files also between them; elsewhere among the grains it is
    // as aligned as they are.
    long Candidate(long sector) => sector < _shape.FirstUsableSector || !_shape.IsAligned ? sector
        : (sector + _shape.GrainSectors - 1) / _shape.GrainSectors * _shape.GrainSectors;

    ReadOnlySpan<uint> Read(long sector, long end)
    {
        if (sector < _windowSector || sector + _shape.TableSectors > _windowEnd)
        {
            int length = (int)Math.Min(_window.Length, (end - sector) << Sector.Shift);
            _windowSector = sector;
            _windowEnd = sector + (length >> Sector.Shift);
            _file.ReadEntries(sector << Sector.Shift, MemoryMarshal.Cast<byte, uint>(_window.AsSpan(0, length)));
        }

        int offset = (int)((sector - _windowSector) << Sector.Shift);
        return MemoryMarshal.Cast<byte, uint>(_window.AsSpan(offset, _shape.TableBytes));
    }

    bool IsTable(ReadOnlySpan<uint> entries)
    {
        _named.Clear();
        foreach (uint entry in entries)
        {
            if (!_shape.IsPlaceless(entry)
                && !(_subject.CanBeginAt(entry) && !_file.Used.Overlaps(entry, 1) && _named.Add(entry)))
            {
                return false;
            }
        }

        return _named.Count > 0;
    }

    long Report(long sector)
    {
        _subject.Find(
            VmdkFindingKind.TableWithoutEntry,
            $"no directory names the grain table at sector {sector}; {_named.Count} grains are lost by that",
            sector << Sector.Shift);
        Note(_directory.Primary, _primary, sector);
        Note(_directory.Copy, _copies, sector);
        return _shape.TableSectors;
    }

    // Whose table it is only its place says, and only where all tables lie side by side, also those without grains.
    void Note(DirectorySide? side, Dictionary<int, long> found, long sector)
    {
        if (side is null || !HasAllTables || (sector - side.ExpectedSector(0)) % _shape.TableSectors != 0)
        {
            return;
        }

        long table = (sector - side.ExpectedSector(0)) / _shape.TableSectors;
        if (table >= 0 && table < _shape.DirectoryEntries && side.EntryOf((int)table) == 0)
        {
            found[(int)table] = sector;
        }
    }

    bool HasAllTables => _shape.DirectorySector != 0 && _shape.RedundantSector != 0
        && _shape.DirectorySector - _shape.RedundantSector
            == _shape.DirectorySectors + (_shape.DirectoryEntries * _shape.TableSectors)
        && _directory.Primary!.ExpectedSector(0) == _shape.DirectorySector + _shape.DirectorySectors
        && _directory.Copy!.ExpectedSector(0) == _shape.RedundantSector + _shape.DirectorySectors;

    bool IsEqual(long sector, long copy)
    {
        var left = new uint[_shape.TableEntries];
        var right = new uint[_shape.TableEntries];
        _file.ReadEntries(sector << Sector.Shift, left);
        _file.ReadEntries(copy << Sector.Shift, right);
        return left.AsSpan().SequenceEqual(right);
    }

    void Name(DirectorySide side, int table, long sector) => _subject.Log.Propose(new WriteStep(
        _file, RepairClass.Restore, $"{side.Name}[{table}]: the table is at sector {sector}", side.OffsetOf(table),
        SparseMarks.Bytes((uint)sector)));
}
