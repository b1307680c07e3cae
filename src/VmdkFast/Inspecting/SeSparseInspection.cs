using System.Buffers.Binary;
using System.Globalization;
using VmdkFast.Format;

namespace VmdkFast.Inspecting;

/// <summary>Shows an ESX space-efficient sparse file: both headers, and in short directory and tables.</summary>
sealed class SeSparseInspection(FoundStructures found, VmdkLimits limits, CancellationToken cancellationToken)
{
    const int ShownEntries = 8;
    const int TableBytes = SeSparseHeader.TableSectors * Sector.Bytes;
    const int PieceBytes = TableBytes;

    // 16 TiB of guest disk; the time that a hostile directory can take is bounded by it.
    const int MaxTables = 1 << 20;

    readonly byte[] _piece = new byte[PieceBytes];
    readonly byte[] _table = new byte[TableBytes];
    readonly ulong[] _grains = new ulong[(int)SeSparseState.Unknown + 1];
    readonly List<VmdkField> _firstTables = [];
    readonly List<VmdkField> _firstGrains = [];
    ulong _tables;
    ulong _tablesRead;
    ulong _unknownTables;
    ulong _tablesBeyondFile;
    long _tablesOffsetBytes;
    long _grainsOffsetBytes;

    /// <summary>Shows what follows from the file's first bytes.</summary>
    internal void Show(ReadOnlySpan<byte> start)
    {
        ReadOnlySpan<byte> bytes = start[..Math.Min(start.Length, SeSparseHeader.SizeBytes)];
        found.Add<SeSparseHeader>("header", bytes, 0);
        if (!SeSparseHeader.TryRead(bytes, out SeSparseHeader header))
        {
            return;
        }

        if (PlaceOf("volatile header", header.VolatileHeaderOffsetSectors) is { } volatileOffset)
        {
            Span<byte> sector = stackalloc byte[SeSparseVolatileHeader.SizeBytes];
            found.Add<SeSparseVolatileHeader>(
                "volatile header", sector[..found.File.Read(sector, volatileOffset)], volatileOffset);
        }

        if (header.CapacitySectors == 0
            || PlaceOf("grain directory", header.DirectoryOffsetSectors) is not { } directoryOffset)
        {
            return;
        }

        const ulong Coverage = SeSparseHeader.GrainSectors * (ulong)(TableBytes / sizeof(ulong));
        ulong entries = Math.Min(((header.CapacitySectors - 1) / Coverage) + 1, (ulong)limits.MaxDirectoryEntries);
        _tablesOffsetBytes = PlaceOf("grain tables", header.TablesOffsetSectors) ?? found.File.LengthBytes;
        _grainsOffsetBytes = header.GrainsOffsetSectors <= Sector.MaxSectors
            ? Sector.ToBytes(header.GrainsOffsetSectors)
            : found.File.LengthBytes;
        WalkDirectory(directoryOffset, entries);
        AddCounts(directoryOffset, entries);
    }

    long? PlaceOf(string name, ulong offsetSectors)
    {
        if (offsetSectors != 0 && offsetSectors <= Sector.MaxSectors
            && Sector.ToBytes(offsetSectors) < found.File.LengthBytes)
        {
            return Sector.ToBytes(offsetSectors);
        }

        found.Problem($"sector {offsetSectors}, the place of the {name}, is not within the file", 0);
        return null;
    }

    void WalkDirectory(long offsetBytes, ulong entries)
    {
        for (ulong index = 0; index < entries;)
        {
            cancellationToken.ThrowIfCancellationRequested();
            long at = offsetBytes + ((long)index * sizeof(ulong));
            int wanted = (int)Math.Min(PieceBytes, (entries - index) * sizeof(ulong));
            ReadOnlySpan<byte> piece = _piece.AsSpan(0, found.File.Read(_piece.AsSpan(0, wanted), at));
            for (int i = 0; i + sizeof(ulong) <= piece.Length; i += sizeof(ulong), index++)
            {
                ulong entry = BinaryPrimitives.ReadUInt64LittleEndian(piece[i..]);
                if (entry != 0)
                {
                    CountTable(index, entry, at + i - offsetBytes);
                }
            }

            if (piece.Length < wanted)
            {
                found.Problem("the file ends inside the grain directory", at);
                return;
            }
        }
    }

    void CountTable(ulong index, ulong entry, long entryOffsetBytes)
    {
        cancellationToken.ThrowIfCancellationRequested();
        _tables++;
        bool known = SeSparseEntry.TryReadTable(entry, out uint table);
        long offsetBytes = _tablesOffsetBytes + ((long)table * TableBytes);
        bool within = known && offsetBytes < found.File.LengthBytes;
        _unknownTables += known ? 0UL : 1;
        _tablesBeyondFile += known && !within ? 1UL : 0;
        Note(_firstTables, $"[{index}]", entryOffsetBytes, entry,
            !known ? "of no known form" : within ? $"byte {offsetBytes}" : "beyond the end of the file");
        if (!within || _tablesRead == MaxTables)
        {
            return;
        }

        _tablesRead++;
        int read = found.File.Read(_table, offsetBytes);
        for (int i = 0; i + sizeof(ulong) <= read; i += sizeof(ulong))
        {
            ulong grain = BinaryPrimitives.ReadUInt64LittleEndian(_table.AsSpan(i));
            SeSparseState state = SeSparseEntry.StateOf(grain);
            _grains[(int)state]++;
            if (state != SeSparseState.Unallocated)
            {
                ulong number = (index * (TableBytes / sizeof(ulong))) + (ulong)(i / sizeof(ulong));
                Note(
                    _firstGrains, $"grain {number}", offsetBytes + i - _tablesOffsetBytes, grain,
                    Describe(grain, state));
            }
        }
    }

    string Describe(ulong entry, SeSparseState state)
    {
        if (state != SeSparseState.Allocated)
        {
            return $"{state}";
        }

        UInt128 place = (UInt128)(ulong)_grainsOffsetBytes
            + ((UInt128)SeSparseEntry.GrainOf(entry) * (SeSparseHeader.GrainSectors * Sector.Bytes));
        return place < (UInt128)(ulong)found.File.LengthBytes
            ? $"byte {place}"
            : $"byte {place}, beyond the end of the file";
    }

    void AddCounts(long directoryOffsetBytes, ulong entries)
    {
        found.Add(
            "grain directory", directoryOffsetBytes, "Which grain tables there are, one entry each, by index.",
            [
                Counted("Entries", entries, null),
                Counted("EntriesInUse", _tables, null),
                Counted("EntriesBeyondFile", _tablesBeyondFile, null),
                Counted("EntriesUnknown", _unknownTables, null),
                .. _firstTables,
            ]);
        if (_tables == 0)
        {
            return;
        }

        ulong stored = _grains[(int)SeSparseState.Allocated] * SeSparseHeader.GrainSectors;
        found.Add(
            "grain tables", _tablesOffsetBytes, "Where the grains are, and what the others read as.",
            [
                Counted("TablesRead", _tablesRead, null),
                Counted("GrainsAllocated", _grains[(int)SeSparseState.Allocated], FieldNote.Sectors(stored)),
                Counted("GrainsZero", _grains[(int)SeSparseState.Zero], null),
                Counted("GrainsUnmapped", _grains[(int)SeSparseState.Unmapped], null),
                Counted("GrainsUnknown", _grains[(int)SeSparseState.Unknown], null),
                .. _firstGrains,
            ]);
        if (_tables - _tablesBeyondFile - _unknownTables > _tablesRead)
        {
            found.Problem($"only the first {_tablesRead} of the grain tables were counted", directoryOffsetBytes);
        }
    }

    static void Note(List<VmdkField> fields, string name, long offsetBytes, ulong entry, string note)
    {
        if (fields.Count < ShownEntries)
        {
            fields.Add(new VmdkField(name, offsetBytes, $"0x{entry:x16}", note, ""));
        }
    }

    static VmdkField Counted(string name, ulong value, string? note) =>
        new(name, null, value.ToString(CultureInfo.InvariantCulture), note, "");
}
