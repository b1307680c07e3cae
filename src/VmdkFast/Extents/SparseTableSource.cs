using System.Buffers.Binary;
using System.Runtime.InteropServices;
using VmdkFast.Storage;

namespace VmdkFast.Extents;

/// <summary>
/// Reads the directory and the tables of a sparse extent, and finds the redundant copy of a bad entry.
/// </summary>
/// <remarks>
/// The primary structures are the truth. The redundant ones are asked only where the primary one is impossible:
/// beyond the file or inside the header. Using them is slow on purpose (no cache): a healthy image never comes here.
/// </remarks>
sealed class SparseTableSource(ImageFile file, SparseLayout layout)
    : GrainTableSource(layout.TableEntries * sizeof(uint))
{
    // A directory entry of a table that is in memory only: never a place in the file.
    const uint RecoveredTable = 1;

    /// <inheritdoc/>
    internal override void LoadDirectory(int firstIndex, Span<uint> entries)
    {
        if (layout.Recovered is not { } recovered)
        {
            ReadEntries(layout.DirectoryOffsetBytes + ((long)firstIndex * sizeof(uint)), entries, "grainDirectory");
            return;
        }

        for (int i = 0; i < entries.Length; i++)
        {
            entries[i] = recovered.HasTable(firstIndex + i, layout.TableShift) ? RecoveredTable : 0;
        }
    }

    /// <inheritdoc/>
    internal override void LoadTable(int tableIndex, uint directoryEntry, Span<uint> entries)
    {
        if (layout.Recovered is { } recovered)
        {
            recovered.FillTable(tableIndex, layout.TableShift, entries);
            return;
        }

        long offsetBytes = IsPossibleTable(directoryEntry)
            ? TableOffsetBytes(directoryEntry)
            : RecoverTable(tableIndex, directoryEntry);
        ReadTables(offsetBytes, entries);
        Telemetry.TableLoads.Add(1);
    }

    /// <inheritdoc/>
    internal override bool IsPossibleTable(uint directoryEntry) =>
        directoryEntry != 0 && layout.Recovered is null
        && TableOffsetBytes(directoryEntry) + TableBytes <= file.LengthBytes;

    /// <inheritdoc/>
    internal override long TableOffsetBytes(uint directoryEntry) => (long)directoryEntry << Sector.Shift;

    /// <inheritdoc/>
    internal override void ReadTables(long offsetBytes, Span<uint> entries) =>
        ReadEntries(offsetBytes, entries, "grainTable");

    /// <summary>The redundant copy of a table entry whose primary is impossible; throws when there is none.</summary>
    internal uint RecoverEntry(long grainIndex, uint found)
    {
        int tableIndex = (int)(grainIndex >> layout.TableShift);
        int index = (int)grainIndex & (layout.TableEntries - 1);
        if (layout.RedundantDirectoryOffsetBytes != 0)
        {
            uint table = ReadEntry(layout.RedundantDirectoryOffsetBytes + ((long)tableIndex * sizeof(uint)));
            if (IsPossibleTable(table))
            {
                uint copy = ReadEntry(((long)table << Sector.Shift) + ((long)index * sizeof(uint)));
                if (copy <= (layout.ZeroGrains ? 1u : 0u) || IsPossibleGrain(copy))
                {
                    Telemetry.Note("redundant grain table entry used", file.Path);
                    return copy;
                }
            }
        }

        uint primary = ReadEntry(layout.DirectoryOffsetBytes + ((long)tableIndex * sizeof(uint)));
        throw new VmdkException(
            VmdkErrorCode.TableInvalid, file.Path,
            $"a grain table entry for guest byte {grainIndex << layout.GrainShift} points where no grain can be",
            ((long)primary << Sector.Shift) + ((long)index * sizeof(uint)), $"grainTable[{tableIndex}][{index}]",
            $"sector {found}", $"a sector from {layout.FirstUsableSector} to {(file.LengthBytes - 1) >> Sector.Shift}");
    }

    /// <summary>Whether a grain can be at an entry: not past the end of the file, not in the header.</summary>
    internal bool IsPossibleGrain(uint entry) =>
        entry >= layout.FirstUsableSector && (long)entry << Sector.Shift < file.LengthBytes;

    long RecoverTable(int tableIndex, uint found)
    {
        if (layout.RedundantDirectoryOffsetBytes != 0)
        {
            uint copy = ReadEntry(layout.RedundantDirectoryOffsetBytes + ((long)tableIndex * sizeof(uint)));
            if (IsPossibleTable(copy))
            {
                Telemetry.Note("redundant grain table used", file.Path);
                return (long)copy << Sector.Shift;
            }
        }

        throw new VmdkException(
            VmdkErrorCode.TableInvalid, file.Path, "a grain directory entry points where no grain table can be",
            layout.DirectoryOffsetBytes + ((long)tableIndex * sizeof(uint)), $"grainDirectory[{tableIndex}]",
            $"sector {found}", $"a table of {TableBytes} bytes inside the file's {file.LengthBytes}");
    }

    uint ReadEntry(long offsetBytes)
    {
        Span<uint> entry = stackalloc uint[1];
        ReadEntries(offsetBytes, entry, "grainTable");
        return entry[0];
    }

    /// <summary>Fills entries from a place in the file, whatever the machine's byte order.</summary>
    /// <param name="offsetBytes">Where the first entry begins.</param>
    /// <param name="entries">All of them must be in the file.</param>
    /// <param name="field">What they are, for messages.</param>
    internal void ReadEntries(long offsetBytes, Span<uint> entries, string field)
    {
        Span<byte> bytes = MemoryMarshal.AsBytes(entries);
        int read = file.Read(bytes, offsetBytes);
        if (read < bytes.Length)
        {
            VmdkException.Throw(
                VmdkErrorCode.Truncated, file.Path, "the file ends inside a table", offsetBytes, field,
                $"{read} bytes", $"{bytes.Length} bytes");
        }

        if (!BitConverter.IsLittleEndian)
        {
            BinaryPrimitives.ReverseEndianness(entries, entries);
        }
    }
}
