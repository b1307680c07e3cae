using System.Buffers;
using System.Buffers.Binary;
using VmdkFast.Format;
using VmdkFast.Storage;

namespace VmdkFast.Extents;

/// <summary>Reads the 64-bit directory and tables of a space-efficient sparse extent as 32-bit entries.</summary>
/// <remarks>
/// The cache keeps 32 bits for an entry, half the memory: 0 nothing is here, 1 zeros, <see cref="FarGrain"/> "look
/// into the file", everything between the grain's index plus 2. So grains up to the file's first 16 TiB need no second
/// look; farther ones get one, and those that cannot be are judged when they are used, not when their table loads.
/// </remarks>
sealed class SeSparseTableSource(ImageFile file, SeSparseLayout layout)
    : GrainTableSource(SeSparseLayout.TableBytes)
{
    /// <summary>The entry of a grain that this extent does not hold.</summary>
    internal const uint NoGrain = 0;

    /// <summary>The entry of a grain of zeros.</summary>
    internal const uint ZeroGrain = 1;

    /// <summary>The entry of grain 0; grain 1 follows.</summary>
    internal const uint FirstGrain = 2;

    /// <summary>The entry of a grain whose place the entry cannot express, or which has none.</summary>
    internal const uint FarGrain = uint.MaxValue;

    // Two tables: a window of a scan is translated in pieces that stay in the processor's cache.
    const int PieceBytes = 64 << 10;

    /// <inheritdoc/>
    internal override void LoadDirectory(int firstIndex, Span<uint> entries) =>
        Read<DirectoryFold>(DirectoryEntryOffset(firstIndex), entries, "grainDirectory");

    /// <inheritdoc/>
    internal override void LoadTable(int tableIndex, uint directoryEntry, Span<uint> entries)
    {
        if (!IsPossibleTable(directoryEntry))
        {
            throw ImpossibleTable(tableIndex);
        }

        ReadTables(TableOffsetBytes(directoryEntry), entries);
        Telemetry.TableLoads.Add(1);
    }

    /// <inheritdoc/>
    internal override bool IsPossibleTable(uint directoryEntry) =>
        directoryEntry is not (0 or uint.MaxValue) && layout.PlaceOfTable(directoryEntry - 1) is not null;

    /// <inheritdoc/>
    internal override long TableOffsetBytes(uint directoryEntry) =>
        layout.TablesOffsetBytes + ((directoryEntry - 1L) * TableBytes);

    /// <inheritdoc/>
    internal override void ReadTables(long offsetBytes, Span<uint> entries) =>
        Read<TableFold>(offsetBytes, entries, "grainTable");

    /// <summary>Where a grain lies whose 32-bit entry cannot say it; throws where no grain can lie.</summary>
    /// <param name="grainIndex">Index of the grain in the extent.</param>
    internal long FindGrain(long grainIndex)
    {
        int tableIndex = (int)(grainIndex >> SeSparseLayout.TableShift);
        int index = (int)grainIndex & (SeSparseLayout.TableEntries - 1);
        ulong directoryEntry = ReadEntry(DirectoryEntryOffset(tableIndex));
        if (!SeSparseEntry.TryReadTable(directoryEntry, out uint table)
            || layout.PlaceOfTable(table) is not { } tableOffsetBytes)
        {
            throw ImpossibleTable(tableIndex);
        }

        long entryOffsetBytes = tableOffsetBytes + ((long)index * sizeof(ulong));
        ulong entry = ReadEntry(entryOffsetBytes);
        SeSparseState state = SeSparseEntry.StateOf(entry);
        if (state == SeSparseState.Allocated && layout.PlaceOfGrain(SeSparseEntry.GrainOf(entry)) is { } place)
        {
            return place;
        }

        throw new VmdkException(
            VmdkErrorCode.TableInvalid, file.Path,
            state == SeSparseState.Allocated
                ? $"a grain table entry for guest byte {grainIndex << SeSparseLayout.GrainShift} points where no grain "
                    + "can be"
                : $"a grain table entry for guest byte {grainIndex << SeSparseLayout.GrainShift} has no known form",
            entryOffsetBytes, $"grainTable[{tableIndex}][{index}]", $"0x{entry:x16}",
            state == SeSparseState.Allocated
                ? $"a grain from byte {layout.GrainsOffsetBytes} to {layout.GrainsEndBytes}"
                : "0, or 1, 2 or 3 in the highest four bits");
    }

    // One instance of the loop for each form of entry, the form compiled into it.
    interface IFold
    {
        static abstract uint Fold(ulong entry, VmdkUnmappedGrains unmapped);
    }

    readonly struct DirectoryFold : IFold
    {
        public static uint Fold(ulong entry, VmdkUnmappedGrains unmapped) =>
            entry == 0 ? 0
            : SeSparseEntry.TryReadTable(entry, out uint index) && index < uint.MaxValue - 1 ? index + 1
            : uint.MaxValue;
    }

    readonly struct TableFold : IFold
    {
        public static uint Fold(ulong entry, VmdkUnmappedGrains unmapped)
        {
            switch (SeSparseEntry.StateOf(entry))
            {
                case SeSparseState.Unallocated:
                    return NoGrain;
                case SeSparseState.Zero:
                    return ZeroGrain;
                case SeSparseState.Unmapped:
                    return unmapped == VmdkUnmappedGrains.Zero ? ZeroGrain : NoGrain;
                case SeSparseState.Allocated:
                    ulong grain = SeSparseEntry.GrainOf(entry);
                    return grain < FarGrain - FirstGrain ? (uint)grain + FirstGrain : FarGrain;
                default:
                    return FarGrain;
            }
        }
    }

    void Read<TFold>(long offsetBytes, Span<uint> entries, string field)
        where TFold : struct, IFold
    {
        byte[] piece = ArrayPool<byte>.Shared.Rent(Math.Min(PieceBytes, entries.Length * sizeof(ulong)));
        try
        {
            while (!entries.IsEmpty)
            {
                int count = Math.Min(entries.Length, PieceBytes / sizeof(ulong));
                Span<byte> bytes = piece.AsSpan(0, count * sizeof(ulong));
                ReadBytes(offsetBytes, bytes, field);
                for (int i = 0; i < count; i++)
                {
                    entries[i] = TFold.Fold(
                        BinaryPrimitives.ReadUInt64LittleEndian(bytes[(i * sizeof(ulong))..]), layout.UnmappedGrains);
                }

                entries = entries[count..];
                offsetBytes += bytes.Length;
            }
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(piece);
        }
    }

    void ReadBytes(long offsetBytes, Span<byte> bytes, string field)
    {
        int read = file.Read(bytes, offsetBytes);
        if (read < bytes.Length)
        {
            VmdkException.Throw(
                VmdkErrorCode.Truncated, file.Path, "the file ends inside a table", offsetBytes, field,
                $"{read} bytes", $"{bytes.Length} bytes");
        }
    }

    ulong ReadEntry(long offsetBytes)
    {
        Span<byte> entry = stackalloc byte[sizeof(ulong)];
        ReadBytes(offsetBytes, entry, "grainTable");
        return BinaryPrimitives.ReadUInt64LittleEndian(entry);
    }

    long DirectoryEntryOffset(int tableIndex) => layout.DirectoryOffsetBytes + ((long)tableIndex * sizeof(ulong));

    VmdkException ImpossibleTable(int tableIndex)
    {
        ulong entry = ReadEntry(DirectoryEntryOffset(tableIndex));
        bool named = SeSparseEntry.TryReadTable(entry, out _);
        return new VmdkException(
            VmdkErrorCode.TableInvalid, file.Path,
            named
                ? "a grain directory entry points where no grain table can be"
                : "a grain directory entry has no known form",
            DirectoryEntryOffset(tableIndex), $"grainDirectory[{tableIndex}]", $"0x{entry:x16}",
            named
                ? $"a table from byte {layout.TablesOffsetBytes} to {layout.TablesEndBytes}"
                : "0, or 10000000 in the high half");
    }
}
