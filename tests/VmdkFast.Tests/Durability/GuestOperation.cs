using System.Runtime.InteropServices;
using VmdkFast.Tests.Support;

namespace VmdkFast.Tests.Durability;

/// <summary>One request of a guest. What it writes says of every sector which request wrote it.</summary>
/// <param name="Kind">What is asked.</param>
/// <param name="Id">Unlike that of any other request, above 0.</param>
/// <param name="OffsetBytes">Where.</param>
/// <param name="LengthBytes">How much, whole sectors.</param>
sealed record GuestOperation(OperationKind Kind, int Id, long OffsetBytes = 0, int LengthBytes = 0)
{
    internal long FirstSector => OffsetBytes / Sector.Bytes;

    internal long EndSector => (OffsetBytes + LengthBytes) / Sector.Bytes;

    /// <summary>The bytes that this request writes.</summary>
    internal byte[] Content()
    {
        byte[] content = new byte[LengthBytes];
        for (long sector = FirstSector; sector < EndSector; sector++)
        {
            Fill(content.AsSpan((int)(sector - FirstSector) * Sector.Bytes, Sector.Bytes), Id, sector);
        }

        return content;
    }

    /// <summary>The request that wrote a sector, when the sector is whole; null for anything else.</summary>
    internal static int? WriterOf(ReadOnlySpan<byte> bytes, long sector)
    {
        ReadOnlySpan<ulong> words = MemoryMarshal.Cast<byte, ulong>(bytes);
        ulong id = words[0];
        return id is > 0 and <= int.MaxValue && words[1] == (ulong)sector
            && !words[2..].ContainsAnyExcept(SplitMix.Mix(id ^ ((ulong)sector << 32)))
            ? (int)id
            : null;
    }

    /// <summary>Does it, the synchronous way.</summary>
    internal void Do(VmdkDisk disk)
    {
        switch (Kind)
        {
            case OperationKind.Write or OperationKind.DurableWrite:
                disk.Write(Content(), OffsetBytes, Kind == OperationKind.DurableWrite);
                break;
            case OperationKind.WriteZeroes:
                disk.WriteZeroes(OffsetBytes, LengthBytes);
                break;
            case OperationKind.Discard:
                disk.Discard(OffsetBytes, LengthBytes);
                break;
            default:
                disk.Flush();
                break;
        }
    }

    static void Fill(Span<byte> bytes, int id, long sector)
    {
        Span<ulong> words = MemoryMarshal.Cast<byte, ulong>(bytes);
        words.Fill(SplitMix.Mix((ulong)id ^ ((ulong)sector << 32)));
        words[0] = (ulong)id;
        words[1] = (ulong)sector;
    }
}
