using System.Buffers.Binary;
using System.Globalization;

namespace VmdkFast.Inspecting;

/// <summary>Counts the entries of a grain directory and of its tables, and shows the first of them.</summary>
/// <remarks>
/// A directory is read piece by piece and each table on its own, so memory does not depend on what a header claims.
/// </remarks>
sealed class TableInspection(FoundStructures found, CancellationToken cancellationToken)
{
    const int ShownEntries = 8;
    const int PieceBytes = 1 << 16;
    const uint ZeroGrain = 1;

    // 32 TiB of guest disk with the usual grain; the time that a hostile directory can take is bounded by it.
    const int MaxTables = 1 << 20;

    readonly byte[] _piece = new byte[PieceBytes];

    internal required ulong DirectoryEntries { get; init; }

    internal required int TableEntries { get; init; }

    internal required ulong GrainSectors { get; init; }

    internal required bool ZeroGrains { get; init; }

    /// <summary>Adds a structure for the directory and one for all of its tables.</summary>
    internal void Show(string directoryName, string tablesName, ulong offsetSectors)
    {
        if (offsetSectors == 0 || offsetSectors > Sector.MaxSectors
            || Sector.ToBytes(offsetSectors) >= found.File.LengthBytes)
        {
            string place = offsetSectors == 0 ? "nowhere" : $"at sector {offsetSectors}, not within the file";
            found.Problem($"the {directoryName} is {place}", 0);
            return;
        }

        long offsetBytes = Sector.ToBytes(offsetSectors);
        var counts = new Counts();
        WalkDirectory(offsetBytes, directoryName, counts);
        found.Add(
            directoryName, offsetBytes, "Where the grain tables are, one entry each, in sectors.",
            [
                Counted("Entries", DirectoryEntries, null),
                Counted("EntriesInUse", counts.Tables, null),
                Counted("EntriesBeyondFile", counts.TablesBeyondFile, null),
                .. counts.FirstTables,
            ]);
        if (counts.Tables == 0)
        {
            return;
        }

        ulong stored = counts.Grains * GrainSectors;
        found.Add(
            tablesName, counts.FirstTableOffsetBytes, "Where the grains are, one entry each, in sectors.",
            [
                Counted("TablesRead", counts.TablesRead, null),
                Counted("GrainsAllocated", counts.Grains, FieldNote.Sectors(stored)),
                Counted("GrainsZero", counts.ZeroGrains, null),
                Counted("GrainsBeyondFile", counts.GrainsBeyondFile, null),
                .. counts.FirstGrains,
            ]);
        if (counts.Tables - counts.TablesBeyondFile > counts.TablesRead)
        {
            found.Problem($"only the first {counts.TablesRead} of the {tablesName} were counted", offsetBytes);
        }
    }

    void WalkDirectory(long offsetBytes, string directoryName, Counts counts)
    {
        var table = new byte[TableEntries * sizeof(uint)];
        for (ulong index = 0; index < DirectoryEntries;)
        {
            cancellationToken.ThrowIfCancellationRequested();
            long at = offsetBytes + ((long)index * sizeof(uint));
            int wanted = (int)Math.Min(PieceBytes, (DirectoryEntries - index) * sizeof(uint));
            ReadOnlySpan<byte> piece = _piece.AsSpan(0, found.File.Read(_piece.AsSpan(0, wanted), at));
            for (int i = 0; i + sizeof(uint) <= piece.Length; i += sizeof(uint), index++)
            {
                uint entry = BinaryPrimitives.ReadUInt32LittleEndian(piece[i..]);
                if (entry != 0)
                {
                    CountTable(index, entry, at + i - offsetBytes, table, counts);
                }
            }

            if (piece.Length < wanted)
            {
                found.Problem($"the file ends inside the {directoryName}", at);
                return;
            }
        }
    }

    void CountTable(ulong index, uint entry, long entryOffsetBytes, byte[] table, Counts counts)
    {
        long offsetBytes = Sector.ToBytes(entry);
        bool within = offsetBytes < found.File.LengthBytes;
        counts.Tables++;
        counts.TablesBeyondFile += within ? 0UL : 1;
        if (counts.FirstTables.Count < ShownEntries)
        {
            counts.FirstTables.Add(Entry($"[{index}]", entryOffsetBytes, entry, $"byte {offsetBytes}", within));
        }

        if (!within || counts.TablesRead == MaxTables)
        {
            return;
        }

        cancellationToken.ThrowIfCancellationRequested();
        if (counts.TablesRead++ == 0)
        {
            counts.FirstTableOffsetBytes = offsetBytes;
        }

        int read = found.File.Read(table, offsetBytes);
        for (int i = 0; i + sizeof(uint) <= read; i += sizeof(uint))
        {
            uint grain = BinaryPrimitives.ReadUInt32LittleEndian(table.AsSpan(i));
            if (grain != 0)
            {
                CountGrain((index * (ulong)TableEntries) + (ulong)(i / sizeof(uint)), grain, offsetBytes + i, counts);
            }
        }
    }

    void CountGrain(ulong number, uint entry, long entryOffsetBytes, Counts counts)
    {
        if (ZeroGrains && entry == ZeroGrain)
        {
            counts.ZeroGrains++;
            return;
        }

        bool within = Sector.ToBytes(entry) < found.File.LengthBytes;
        counts.Grains++;
        counts.GrainsBeyondFile += within ? 0UL : 1;
        if (counts.FirstGrains.Count < ShownEntries)
        {
            counts.FirstGrains.Add(Entry(
                $"grain {number}", entryOffsetBytes - counts.FirstTableOffsetBytes, entry,
                $"disk sector {number * GrainSectors} at byte {Sector.ToBytes(entry)}", within));
        }
    }

    static VmdkField Entry(string name, long offsetBytes, uint entry, string note, bool within) =>
        new(name, offsetBytes, entry.ToString(CultureInfo.InvariantCulture),
            within ? note : $"{note}, beyond the end of the file", "");

    static VmdkField Counted(string name, ulong value, string? note) =>
        new(name, null, value.ToString(CultureInfo.InvariantCulture), note, "");

    sealed class Counts
    {
        internal ulong Tables;
        internal ulong TablesBeyondFile;
        internal ulong TablesRead;
        internal ulong Grains;
        internal ulong ZeroGrains;
        internal ulong GrainsBeyondFile;
        internal long FirstTableOffsetBytes;

        internal List<VmdkField> FirstTables { get; } = [];

        internal List<VmdkField> FirstGrains { get; } = [];
    }
}
