using System.Buffers.Binary;
using System.Runtime.InteropServices;
using VmdkFast.Format;

namespace VmdkFast.Streaming;

/// <summary>
/// What the grain tables in front of a stream name, as a sum: enough to know at the end whether every grain came from
/// where it should.
/// </summary>
/// <remarks>
/// QEMU writes no end-of-stream marker, so only the tables tell a whole stream from one that was cut between two
/// grains. The tables of 62 TiB are 4 GiB, which nobody wants in memory; the directory is a five-hundredth of that.
/// </remarks>
sealed class FrontTables
{
    const int ChunkEntries = 16 << 10;

    /// <summary>Grains that the tables name.</summary>
    internal GrainSum Named { get; private set; }

    /// <summary>Reads directory and tables on the way to the first marker.</summary>
    /// <returns>
    /// Null when they do not lie one behind the other as all known writers put them; nothing is wrong with that.
    /// </returns>
    internal static FrontTables? Read(
        StreamInput input, StreamShape shape, long directorySector, long overheadSectors, bool zeroGrains)
    {
        if (directorySector << Sector.Shift < input.PositionBytes
            || directorySector + shape.DirectorySectors > overheadSectors)
        {
            return null;
        }

        input.Skip((directorySector << Sector.Shift) - input.PositionBytes);
        var front = new FrontTables();
        uint[] table = new uint[shape.TableEntries];
        List<uint> directory = ReadDirectory(input, shape.DirectoryEntries);
        for (int index = 0; index < directory.Count; index++)
        {
            if (directory[index] == 0)
            {
                continue;
            }

            long offsetBytes = (long)directory[index] << Sector.Shift;
            if (offsetBytes < input.PositionBytes || directory[index] + shape.TableSectors > overheadSectors)
            {
                return null;
            }

            input.Skip(offsetBytes - input.PositionBytes);
            if (!ReadEntries(input, table))
            {
                return null;
            }

            if (table.AsSpan().ContainsAnyExcept(0u))
            {
                front.Add(table, (long)index * shape.TableEntries, zeroGrains);
            }
        }

        return front;
    }

    /// <summary>Fills entries from the stream; false when it ends.</summary>
    internal static bool ReadEntries(StreamInput input, Span<uint> entries)
    {
        Span<byte> bytes = MemoryMarshal.AsBytes(entries);
        if (input.Read(bytes) < bytes.Length)
        {
            return false;
        }

        if (!BitConverter.IsLittleEndian)
        {
            BinaryPrimitives.ReverseEndianness(entries, entries);
        }

        return true;
    }

    // Grows with what really comes: a header may claim a directory of 128 MiB.
    static List<uint> ReadDirectory(StreamInput input, int entries)
    {
        var directory = new List<uint>();
        uint[] chunk = new uint[Math.Min(entries, ChunkEntries)];
        while (directory.Count < entries)
        {
            Span<uint> part = chunk.AsSpan(0, Math.Min(chunk.Length, entries - directory.Count));
            if (!ReadEntries(input, part))
            {
                break;
            }

            directory.AddRange(part);
        }

        return directory;
    }

    void Add(ReadOnlySpan<uint> table, long firstGrain, bool zeroGrains)
    {
        GrainSum sum = Named;
        for (int i = 0; i < table.Length; i++)
        {
            if (table[i] > (zeroGrains ? 1u : 0u))
            {
                sum = sum.With(firstGrain + i, table[i]);
            }
        }

        Named = sum;
    }
}
