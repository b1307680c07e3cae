namespace VmdkFast.Tests.Durability;

/// <summary>Reads sectors of a disk and says which values they hold.</summary>
/// <param name="original">What the disk held before the first request.</param>
sealed class DiskReading(byte[] original)
{
    const int MaxRunSectors = 256;

    /// <summary>Neither zeros nor the original nor whole bytes of any request.</summary>
    internal const int Foreign = -2;

    readonly byte[] _buffer = new byte[MaxRunSectors * Sector.Bytes];

    /// <summary>Reads the given sectors, neighbours in one call.</summary>
    /// <param name="disk">The disk.</param>
    /// <param name="sectors">Ascending.</param>
    /// <param name="seen">Gets each sector with the values that it may be said to hold.</param>
    internal void Read(VmdkDisk disk, IReadOnlyList<long> sectors, Action<long, SeenValues> seen)
    {
        for (int first = 0; first < sectors.Count;)
        {
            int next = first + 1;
            while (next < sectors.Count && next - first < MaxRunSectors && sectors[next] == sectors[next - 1] + 1)
            {
                next++;
            }

            int count = (next - first) * Sector.Bytes;
            disk.Read(_buffer.AsSpan(0, count), sectors[first] * Sector.Bytes);
            for (int i = first; i < next; i++)
            {
                seen(sectors[i], See(_buffer.AsSpan((i - first) * Sector.Bytes, Sector.Bytes), sectors[i]));
            }

            first = next;
        }
    }

    SeenValues See(ReadOnlySpan<byte> bytes, long sector)
    {
        bool zero = !bytes.ContainsAnyExcept((byte)0);
        bool isOriginal = bytes.SequenceEqual(original.AsSpan((int)sector * Sector.Bytes, Sector.Bytes));
        int writer = zero ? SectorOracle.Zero
            : GuestOperation.WriterOf(bytes, sector) ?? (isOriginal ? SectorOracle.Original : Foreign);
        return new SeenValues(writer, isOriginal);
    }
}
