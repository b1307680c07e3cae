using System.Buffers.Binary;

namespace VmdkFast.Tests.Durability;

/// <summary>
/// Looks at the directories and tables of sparse files with an eye of its own: what must be true of them at any
/// moment, and what must be true after a writer has closed them.
/// </summary>
static class StructureAudit
{
    const uint HostedMagic = 0x564D444B;
    const uint CowdMagic = 0x44574F43;
    const int HostedUncleanOffset = 72;
    const int CowdUncleanOffset = 1648;

    /// <summary>Complains of every sparse file of a folder that is not as it must be.</summary>
    /// <param name="folder">The image's folder.</param>
    /// <param name="closed">
    /// The files that the last writer changed, and then closed: their copies agree, and their mark is gone.
    /// </param>
    internal static IEnumerable<string> Check(string folder, params IReadOnlyCollection<string> closed)
    {
        foreach (string path in Directory.EnumerateFiles(folder))
        {
            byte[] bytes = ReadAll(path);
            bool isClosed = closed.Contains(Path.GetFileName(path));
            uint magic = bytes.Length < 2048 ? 0 : Word(bytes, 0);
            IEnumerable<string> complaints = magic switch
            {
                HostedMagic when (Word(bytes, 8) & 0x10000) == 0 => Hosted(bytes, isClosed),
                CowdMagic => Cowd(bytes, isClosed),
                _ => [],
            };
            foreach (string complaint in complaints)
            {
                yield return $"{Path.GetFileName(path)}: {complaint}";
            }
        }
    }

    static IEnumerable<string> Hosted(byte[] file, bool closed)
    {
        long capacity = (long)Long(file, 12);
        var tables = new TableWalk(
            file,
            GrainSectors: (uint)Long(file, 20),
            TableEntries: (int)Word(file, 44),
            DirectoryEntries: (int)((capacity + ((long)Long(file, 20) * Word(file, 44)) - 1)
                / ((long)Long(file, 20) * Word(file, 44))),
            OverheadSectors: (long)Long(file, 64),
            ZeroGrains: (Word(file, 8) & 4) != 0);
        long redundant = (Word(file, 8) & 2) != 0 ? (long)Long(file, 48) : 0;
        var primary = tables.Read((long)Long(file, 56));
        foreach (string complaint in tables.Judge(primary, "primary"))
        {
            yield return complaint;
        }

        if (redundant != 0)
        {
            var copy = tables.Read(redundant);
            // Without the mark nobody looks at the copies again: then they must agree, at any moment.
            bool agree = closed || file[HostedUncleanOffset] == 0;
            foreach (string complaint in agree ? TableWalk.Compare(primary, copy) : tables.Judge(copy, "copy"))
            {
                yield return complaint;
            }
        }

        if (closed && file[HostedUncleanOffset] != 0)
        {
            yield return "left unclean";
        }
    }

    static IEnumerable<string> Cowd(byte[] file, bool closed)
    {
        var tables = new TableWalk(
            file, Word(file, 16), 4096, (int)Word(file, 24), OverheadSectors: 4, ZeroGrains: false);
        var primary = tables.Read(Word(file, 20));
        foreach (string complaint in tables.Judge(primary, "primary"))
        {
            yield return complaint;
        }

        bool settled = closed || Word(file, CowdUncleanOffset) == 0;
        if (settled && Word(file, 28) < tables.EndSector(primary))
        {
            yield return $"freeSector {Word(file, 28)} lies in front of {tables.EndSector(primary)}";
        }

        if (closed && Word(file, CowdUncleanOffset) != 0)
        {
            yield return "left unclean";
        }
    }

    // Shared with the process that may have it open for writing.
    static byte[] ReadAll(string path)
    {
        using var stream = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
        byte[] bytes = new byte[stream.Length];
        stream.ReadExactly(bytes);
        return bytes;
    }

    static uint Word(byte[] bytes, long offset) => BinaryPrimitives.ReadUInt32LittleEndian(bytes.AsSpan((int)offset));

    static ulong Long(byte[] bytes, int offset) => BinaryPrimitives.ReadUInt64LittleEndian(bytes.AsSpan(offset));

    /// <summary>The tables of one file.</summary>
    sealed record TableWalk(
        byte[] File, uint GrainSectors, int TableEntries, int DirectoryEntries, long OverheadSectors, bool ZeroGrains)
    {
        int TableSectors => ((TableEntries * 4) + Sector.Bytes - 1) / Sector.Bytes;

        internal SortedDictionary<int, (uint Sector, uint[] Entries)> Read(long directorySector)
        {
            var tables = new SortedDictionary<int, (uint, uint[])>();
            for (int table = 0; table < DirectoryEntries; table++)
            {
                uint sector = Word(File, (directorySector * Sector.Bytes) + (table * 4));
                if (sector == 0)
                {
                    continue;
                }

                uint[] entries = new uint[TableEntries];
                for (int i = 0; i < entries.Length; i++)
                {
                    long offset = ((long)sector * Sector.Bytes) + (i * 4);
                    entries[i] = offset + 4 <= File.Length ? Word(File, offset) : uint.MaxValue;
                }

                tables.Add(table, (sector, entries));
            }

            return tables;
        }

        internal IEnumerable<string> Judge(SortedDictionary<int, (uint Sector, uint[] Entries)> tables, string copy)
        {
            var owners = new Dictionary<uint, string>();
            foreach ((int table, (uint sector, uint[] entries)) in tables)
            {
                for (uint i = 0; i < TableSectors; i++)
                {
                    owners[sector + i] = $"table {table}";
                }
            }

            foreach ((int table, (_, uint[] entries)) in tables)
            {
                for (int i = 0; i < entries.Length; i++)
                {
                    uint entry = entries[i];
                    if (entry == 0 || (entry == 1 && ZeroGrains))
                    {
                        continue;
                    }

                    if (entry < OverheadSectors || ((long)entry + GrainSectors) * Sector.Bytes > File.Length)
                    {
                        yield return $"{copy} table {table} entry {i}: sector {entry} of {File.Length / Sector.Bytes}";
                    }
                    else if (!owners.TryAdd(entry, $"table {table} entry {i}"))
                    {
                        yield return $"{copy} table {table} entry {i}: sector {entry} is also {owners[entry]}";
                    }
                }
            }
        }

        internal static IEnumerable<string> Compare(
            SortedDictionary<int, (uint Sector, uint[] Entries)> primary,
            SortedDictionary<int, (uint Sector, uint[] Entries)> copy)
        {
            if (!primary.Keys.SequenceEqual(copy.Keys))
            {
                yield return "the directories name different tables";
                yield break;
            }

            foreach ((int table, (_, uint[] entries)) in primary)
            {
                if (!entries.AsSpan().SequenceEqual(copy[table].Entries))
                {
                    yield return $"the copies of table {table} differ";
                }
            }
        }

        internal long EndSector(SortedDictionary<int, (uint Sector, uint[] Entries)> tables) =>
            tables.Values.SelectMany(table => table.Entries.Append(0u)).Max() + GrainSectors;
    }
}
