using System.Buffers;
using VmdkFast.Extents;
using VmdkFast.Reading;

namespace VmdkFast.Streaming;

/// <summary>Of a piece for a child, what its base does not hold anyway. Thread-safe.</summary>
/// <param name="content">The base, its parents included.</param>
/// <param name="reader">Reads it.</param>
/// <param name="unitBytes">What is compared and written as a whole: a grain of the child.</param>
sealed class BaseComparison(Layer content, DiskReader reader, int unitBytes)
{
    static readonly byte[] s_zeros = new byte[DiskPiece.UsualMaxBytes];

    /// <summary>Writes the units of a piece that differ from the base.</summary>
    internal void Write(DiskPiece piece, WriterTarget target, CancellationToken cancellationToken)
    {
        if (!piece.IsZero)
        {
            WriteDifferences(piece.Bytes, piece.OffsetBytes, target, cancellationToken);
            return;
        }

        // Zeros may be terabytes long: only where the base stores something, it is read.
        long endBytes = Math.Min(piece.EndBytes, content.LengthBytes);
        for (long offsetBytes = piece.OffsetBytes; offsetBytes < endBytes;)
        {
            cancellationToken.ThrowIfCancellationRequested();
            ChainMap.TryResolve(content, offsetBytes, endBytes - offsetBytes, mayLoad: true, [], out Mapping mapping);
            if (mapping.Kind is MappingKind.Zero or MappingKind.Unallocated)
            {
                offsetBytes += mapping.LengthBytes;
                continue;
            }

            offsetBytes &= -(long)unitBytes;
            int length = (int)Math.Min(s_zeros.Length, piece.EndBytes - offsetBytes);
            WriteDifferences(s_zeros.AsSpan(0, length), offsetBytes, target, cancellationToken);
            offsetBytes += length;
        }
    }

    void WriteDifferences(
        ReadOnlySpan<byte> bytes, long offsetBytes, WriterTarget target, CancellationToken cancellationToken)
    {
        byte[] rented = ArrayPool<byte>.Shared.Rent(bytes.Length);
        try
        {
            Span<byte> held = rented.AsSpan(0, bytes.Length);
            int length = (int)Math.Clamp(content.LengthBytes - offsetBytes, 0, held.Length);
            reader.Read(held[..length], offsetBytes, cancellationToken);
            held[length..].Clear();
            for (int start = 0; start < bytes.Length;)
            {
                int end = start;
                while (end < bytes.Length && Differs(bytes, held, end))
                {
                    end += unitBytes;
                }

                if (end > start)
                {
                    int runBytes = Math.Min(end, bytes.Length) - start;
                    target.WriteRuns(bytes.Slice(start, runBytes), offsetBytes + start, cancellationToken);
                }

                start = Math.Max(end, start + unitBytes);
            }
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(rented);
        }
    }

    bool Differs(ReadOnlySpan<byte> bytes, ReadOnlySpan<byte> held, int start)
    {
        int length = Math.Min(unitBytes, bytes.Length - start);
        return !bytes.Slice(start, length).SequenceEqual(held.Slice(start, length));
    }
}
