using System.Buffers.Binary;
using System.IO.Hashing;
using VmdkFast.Storage;

namespace VmdkFast.Checking;

/// <summary>
/// A hash of ranges of a file in which a hole and zeros are the same: a copy may turn one into the other.
/// </summary>
static class RangeHash
{
    const int BlockBytes = 4096;
    const int PieceBytes = 1 << 20;

    internal static UInt128 Of(LocalFile file, IEnumerable<ByteRange> ranges)
    {
        var hash = new XxHash128();
        var piece = new byte[PieceBytes];
        foreach (ByteRange range in ranges)
        {
            long end = Math.Min(range.EndBytes, file.LengthBytes);
            for (long at = range.StartBytes; at < end;)
            {
                ByteRange data = file.NextData(at);
                if (data.LengthBytes == 0 || data.StartBytes >= end)
                {
                    break;
                }

                // Whole blocks, counted from the file's start: where data begin and end is the file system's affair.
                at = Math.Max(at, data.StartBytes & -BlockBytes);
                long stop = Math.Min(end, (data.EndBytes + BlockBytes - 1) & -BlockBytes);
                stop = Math.Min(stop, (at & -BlockBytes) + PieceBytes);
                Span<byte> part = piece.AsSpan(0, (int)(stop - at));
                part[file.Read(part, at)..].Clear();
                Add(hash, part, at);
                at = stop;
            }
        }

        return hash.GetCurrentHashAsUInt128();
    }

    static void Add(XxHash128 hash, ReadOnlySpan<byte> part, long offsetBytes)
    {
        Span<byte> place = stackalloc byte[sizeof(long)];
        while (!part.IsEmpty)
        {
            int length = (int)Math.Min(part.Length, BlockBytes - (offsetBytes & (BlockBytes - 1)));
            if (part[..length].ContainsAnyExcept((byte)0))
            {
                BinaryPrimitives.WriteInt64LittleEndian(place, offsetBytes);
                hash.Append(place);
                hash.Append(part[..length]);
            }

            part = part[length..];
            offsetBytes += length;
        }
    }
}
