using System.Buffers.Binary;
using VmdkFast.Extents;
using VmdkFast.Format;
using VmdkFast.Opening;

namespace VmdkFast.Checking;

/// <summary>
/// Checks a space-efficient sparse extent: its headers as the reader does, and every entry of its directory and tables.
/// </summary>
/// <remarks>
/// What the free bitmap and the back map say is not publicly known: no space is called leaked, nothing is repaired.
/// </remarks>
sealed class SeSparseCheck(CheckRun run, CheckedFile file, long guestStartBytes)
{
    /// <summary>Where the header's capacity is.</summary>
    internal const long CapacityOffsetBytes = 16;

    readonly byte[] _directory = new byte[64 << 10];
    readonly byte[] _table = new byte[SeSparseLayout.TableBytes];
    SeSparseLayout? _layout;
    SpaceMap? _tables;
    SpaceMap? _grains;
    long _capacityBytes;
    long _allocated;
    long _unmapped;
    (long Entry, GuestStretch Guest) _firstUnmapped;
    long _fragmented;
    ulong _next;
    long _endBytes;

    /// <summary>Capacity as the header says it; null when there is no header that can be read.</summary>
    internal long? CapacitySectors { get; private set; }

    /// <summary>Looks at everything.</summary>
    /// <exception cref="VmdkException"><see cref="VmdkErrorCode.Unsupported"/>: an unknown version.</exception>
    internal void Run(CancellationToken cancellationToken)
    {
        SeSparseFile header;
        try
        {
            header = SeSparseFile.Read(
                file.File, run.Options.OpenOptions with { DirtySeSparse = VmdkDirtySeSparse.Read });
        }
        catch (VmdkException refusal) when (refusal.Code is VmdkErrorCode.HeaderInvalid or VmdkErrorCode.Truncated
            or VmdkErrorCode.LimitExceeded)
        {
            VmdkFindingKind kind = refusal.Code == VmdkErrorCode.Truncated
                ? VmdkFindingKind.Truncated
                : VmdkFindingKind.HeaderInvalid;
            run.Log.Add(kind, refusal);
            return;
        }

        if (header.IsDirty)
        {
            run.Log.Add(
                run.Options.DirtySeSparse == VmdkDirtySeSparse.Read
                    ? VmdkFindingKind.Unclean
                    : VmdkFindingKind.NotChecked,
                file.Path, SeSparseFile.DirtyWarning);
        }

        _layout = header.Layout;
        _capacityBytes = header.CapacityBytes;
        CapacitySectors = header.CapacityBytes >> Sector.Shift;
        _tables = new SpaceMap(Math.Max(0, file.LengthBytes - _layout.TablesOffsetBytes) / SeSparseLayout.TableBytes);
        _grains = new SpaceMap(
            (Math.Max(0, file.LengthBytes - _layout.GrainsOffsetBytes) / SeSparseLayout.GrainBytes) + 1);
        run.Expect(_capacityBytes);
        for (int table = 0; table < _layout.DirectoryEntries; table++)
        {
            cancellationToken.ThrowIfCancellationRequested();
            JudgeTable(table);
            run.Advance(CoverageOf(table).LengthBytes);
        }

        if (_unmapped > 0)
        {
            Find(
                VmdkFindingKind.GrainUnmapped,
                $"{_unmapped} grains are marked as unmapped by the guest, this one the first: they read as zeros, or "
                + "with --unmapped parent as the parent's", _firstUnmapped.Entry, _firstUnmapped.Guest);
        }

        run.Count(((_capacityBytes - 1) >> SeSparseLayout.GrainShift) + 1, _allocated, _fragmented, _endBytes);
    }

    void JudgeTable(int table)
    {
        long entryOffset = _layout!.DirectoryOffsetBytes + ((long)table * sizeof(ulong));
        int inPiece = (int)((long)table * sizeof(ulong) % _directory.Length);
        if (inPiece == 0)
        {
            _directory.AsSpan(file.File.Read(_directory, entryOffset)).Clear();
        }

        ulong entry = BinaryPrimitives.ReadUInt64LittleEndian(_directory.AsSpan(inPiece));
        if (entry == 0)
        {
            return;
        }

        string name = $"grainDirectory[{table}]";
        if (!SeSparseEntry.TryReadTable(entry, out uint index) || _layout.PlaceOfTable(index) is not { } offsetBytes)
        {
            Find(
                VmdkFindingKind.DirectoryEntryInvalid, $"{name} is 0x{entry:x16}: no table can be there", entryOffset,
                CoverageOf(table));
            return;
        }

        if (_tables!.Overlaps(index, 1))
        {
            Find(
                VmdkFindingKind.TableOverlap, $"{name} is table {index}, which another entry names", entryOffset,
                CoverageOf(table));
            return;
        }

        _tables.Add(index, 1);
        _endBytes = Math.Max(_endBytes, offsetBytes + SeSparseLayout.TableBytes);
        _table.AsSpan(file.File.Read(_table, offsetBytes)).Clear();
        JudgeEntries(table, offsetBytes);
    }

    void JudgeEntries(int table, long tableOffsetBytes)
    {
        long first = (long)table << SeSparseLayout.TableShift;
        long grains = Math.Min(
            SeSparseLayout.TableEntries, (((_capacityBytes - 1) >> SeSparseLayout.GrainShift) + 1) - first);
        for (int index = 0; index < grains; index++)
        {
            ulong entry = BinaryPrimitives.ReadUInt64LittleEndian(_table.AsSpan(index * sizeof(ulong)));
            switch (SeSparseEntry.StateOf(entry))
            {
                case SeSparseState.Allocated:
                    JudgeGrain(entry, first + index, tableOffsetBytes + (index * sizeof(ulong)));
                    break;
                case SeSparseState.Unmapped when _unmapped++ == 0:
                    _firstUnmapped = (tableOffsetBytes + (index * sizeof(ulong)), StretchOf(first + index));
                    break;
                case SeSparseState.Unknown:
                    Find(
                        VmdkFindingKind.TableEntryInvalid, $"grainTable[{table}][{index}] is 0x{entry:x16}, of no form",
                        tableOffsetBytes + (index * sizeof(ulong)), StretchOf(first + index));
                    break;
            }
        }
    }

    void JudgeGrain(ulong entry, long grain, long entryOffset)
    {
        ulong place = SeSparseEntry.GrainOf(entry);
        string name = $"the entry of grain {grain} names grain {place} of the file";
        if (_layout!.PlaceOfGrain(place) is not { } offsetBytes)
        {
            Find(VmdkFindingKind.TableEntryInvalid, $"{name}, where none can be", entryOffset, StretchOf(grain));
            return;
        }

        if (_grains!.Overlaps((long)place, 1))
        {
            Find(VmdkFindingKind.GrainShared, $"{name}, which another grain owns", entryOffset, StretchOf(grain));
        }
        else if (offsetBytes + StretchOf(grain).LengthBytes > file.LengthBytes)
        {
            Find(VmdkFindingKind.GrainCutOff, $"{name}, inside which the file ends", entryOffset, StretchOf(grain));
        }

        _grains.Add((long)place, 1);
        _fragmented += _allocated != 0 && place != _next ? 1 : 0;
        _allocated++;
        _next = place + 1;
        _endBytes = Math.Max(_endBytes, Math.Min(file.LengthBytes, offsetBytes + SeSparseLayout.GrainBytes));
    }

    GuestStretch CoverageOf(int table)
    {
        const long TableGuestBytes = (long)SeSparseLayout.TableEntries << SeSparseLayout.GrainShift;
        long start = table * TableGuestBytes;
        return new GuestStretch(start, Math.Min(TableGuestBytes, _capacityBytes - start));
    }

    GuestStretch StretchOf(long grain)
    {
        long start = grain << SeSparseLayout.GrainShift;
        return new GuestStretch(start, Math.Min(SeSparseLayout.GrainBytes, _capacityBytes - start));
    }

    void Find(VmdkFindingKind kind, string text, long offsetBytes, GuestStretch stretch) => run.Log.Add(
        kind, file.Path, text, offsetBytes, stretch with { OffsetBytes = stretch.OffsetBytes + guestStartBytes });
}
