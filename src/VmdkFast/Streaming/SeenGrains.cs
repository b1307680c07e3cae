using VmdkFast.Format;
using VmdkFast.Storage;

namespace VmdkFast.Streaming;

/// <summary>
/// Which grains of a stream came, and whether the tables and the directory that come behind them say the same.
/// </summary>
/// <remarks>
/// Memory grows with what the stream really held, never with what its header claims: some 200 bytes for each table
/// that has grains, and 8 for each grain until its table came.
/// </remarks>
sealed class SeenGrains(StreamShape shape, string path, bool tablesBehind, bool zeroGrains)
{
    readonly Dictionary<int, SeenTable> _tables = [];
    readonly Dictionary<uint, SeenTable> _bySector = [];
    readonly HashSet<uint> _emptyTables = [];
    readonly HashSet<uint> _directories = [];

    /// <summary>All grains that came.</summary>
    internal GrainSum Sum { get; private set; }

    /// <summary>Whether a directory came at a sector.</summary>
    internal bool HasDirectoryAt(ulong sector) => sector <= uint.MaxValue && _directories.Contains((uint)sector);

    /// <summary>Whether a grain came already.</summary>
    internal bool Contains(long grain) =>
        _tables.TryGetValue((int)(grain / shape.TableEntries), out SeenTable? table)
        && table.Contains((int)(grain % shape.TableEntries));

    /// <summary>Notes a grain that did not come before.</summary>
    internal void Add(long grain, long streamOffsetBytes)
    {
        long sector = streamOffsetBytes >> Sector.Shift;
        if (sector > uint.MaxValue)
        {
            throw new VmdkException(
                VmdkErrorCode.LimitExceeded, path, "a grain lies beyond 2 TiB, where no table can point",
                streamOffsetBytes);
        }

        int index = (int)(grain / shape.TableEntries);
        if (!_tables.TryGetValue(index, out SeenTable? table))
        {
            table = new SeenTable(index);
            _tables.Add(index, table);
            if (tablesBehind)
            {
                // What tells whose a table is that comes later: its smallest entry.
                _bySector.Add((uint)sector, table);
            }
        }

        if (table.Sector != 0)
        {
            throw new VmdkException(
                VmdkErrorCode.TableInvalid, path, "a grain comes behind the table that it belongs to",
                streamOffsetBytes, "grainTable", $"grain {grain} after table {index}", "all grains before their table");
        }

        table.Add((int)(grain % shape.TableEntries), tablesBehind ? (uint)sector : 0);
        Sum = Sum.With(grain, (uint)sector);
    }

    /// <summary>Compares a table that came with the grains that came.</summary>
    internal void CheckTable(ReadOnlySpan<uint> entries, long offsetBytes)
    {
        uint minimum = zeroGrains ? 1u : 0u;
        uint first = uint.MaxValue;
        foreach (uint entry in entries)
        {
            first = entry > minimum ? Math.Min(first, entry) : first;
        }

        if (first == uint.MaxValue)
        {
            _emptyTables.Add((uint)(offsetBytes >> Sector.Shift));
            return;
        }

        if (!_bySector.TryGetValue(first, out SeenTable? table))
        {
            throw Invalid(offsetBytes, "grainTable", $"a grain at sector {first}", "grains that came");
        }

        if (table.FindDifference(entries, minimum) is { } difference)
        {
            throw Invalid(
                offsetBytes + (difference * sizeof(uint)), $"grainTable[{table.Index}][{difference}]",
                $"sector {entries[difference]}", "where that grain came, or 0 when it did not");
        }

        table.Close((uint)(offsetBytes >> Sector.Shift));
    }

    /// <summary>Begins a directory, whose entries come one after the other.</summary>
    internal void BeginDirectory(long offsetBytes)
    {
        _directories.Add((uint)(offsetBytes >> Sector.Shift));
    }

    /// <summary>Compares entries of a directory with the tables that came.</summary>
    /// <param name="entries">Some of them.</param>
    /// <param name="firstIndex">Index of the first one.</param>
    /// <param name="offsetBytes">Where it is.</param>
    internal void CheckDirectory(ReadOnlySpan<uint> entries, int firstIndex, long offsetBytes)
    {
        for (int i = 0; i < entries.Length; i++)
        {
            bool hasGrains = _tables.TryGetValue(firstIndex + i, out SeenTable? table);
            bool fits = hasGrains
                ? table!.IsAt(entries[i])
                : entries[i] == 0 || _emptyTables.Contains(entries[i]);
            if (!fits)
            {
                throw Invalid(
                    offsetBytes + (i * sizeof(uint)), $"grainDirectory[{firstIndex + i}]", $"sector {entries[i]}",
                    hasGrains ? $"a table that came: {table!.Sector}" : "0, since no grain of it came");
            }
        }
    }

    /// <summary>The stretches of the extent that no grain came for, ascending.</summary>
    internal IEnumerable<ByteRange> Gaps()
    {
        long nextGrain = 0;
        foreach (SeenTable table in _tables.Values.OrderBy(table => table.Index))
        {
            long first = (long)table.Index * shape.TableEntries;
            for (int index = 0; index < shape.TableEntries; index++)
            {
                if (!table.Contains(index))
                {
                    continue;
                }

                if (first + index > nextGrain)
                {
                    yield return new ByteRange(nextGrain * shape.GrainBytes, (first + index) * shape.GrainBytes);
                }

                nextGrain = first + index + 1;
            }
        }

        if (nextGrain * shape.GrainBytes < shape.CapacityBytes)
        {
            yield return new ByteRange(nextGrain * shape.GrainBytes, shape.CapacityBytes);
        }
    }

    VmdkException Invalid(long offsetBytes, string field, string found, string wanted) =>
        new(VmdkErrorCode.TableInvalid, path, "a table contradicts the grains that came before it", offsetBytes, field,
            found, wanted);

    // One table's grains: a bit for each, and the places of them until the table itself came.
    sealed class SeenTable(int index)
    {
        const int WordBits = 64;

        readonly ulong[] _bits = new ulong[8];
        Dictionary<int, uint>? _sectors;
        uint _copySector;

        internal int Index => index;

        /// <summary>Where the table came; 0 when it has not.</summary>
        internal uint Sector { get; private set; }

        internal bool Contains(int grain) => (_bits[grain / WordBits] >> (grain % WordBits) & 1) != 0;

        internal bool IsAt(uint sector) => sector != 0 && (sector == Sector || sector == _copySector);

        internal void Add(int grain, uint sector)
        {
            _bits[grain / WordBits] |= 1UL << (grain % WordBits);
            if (sector != 0)
            {
                (_sectors ??= []).Add(grain, sector);
            }
        }

        internal int? FindDifference(ReadOnlySpan<uint> entries, uint minimum)
        {
            for (int i = 0; i < entries.Length; i++)
            {
                uint wanted = 0;
                _sectors?.TryGetValue(i, out wanted);
                if ((entries[i] > minimum ? entries[i] : 0) != wanted)
                {
                    return i;
                }
            }

            return null;
        }

        // A second copy, of a redundant directory, is compared with the same grains.
        internal void Close(uint sector)
        {
            _copySector = Sector;
            Sector = sector;
        }
    }
}
