using System.Buffers.Binary;
using System.IO.Compression;

namespace VmdkFast.Tests.Support;

/// <summary>Makes the zlib data of a grain.</summary>
static class GrainDeflater
{
    /// <summary>Deflates; level 0 is written here, block by block, so that its size is known to the byte.</summary>
    public static byte[] Deflate(ReadOnlySpan<byte> data, int level, int storedBlockBytes)
    {
        if (level == 0)
        {
            return Store(data, storedBlockBytes);
        }

        using var buffer = new MemoryStream();
        using (var zlib = new ZLibStream(buffer, new ZLibCompressionOptions { CompressionLevel = level }, true))
        {
            zlib.Write(data);
        }

        return buffer.ToArray();
    }

    static byte[] Store(ReadOnlySpan<byte> data, int blockBytes)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan(blockBytes, 65535);
        ArgumentOutOfRangeException.ThrowIfLessThan(blockBytes, 1);
        using var buffer = new MemoryStream();
        buffer.Write([0x78, 0x01]);
        Span<byte> head = stackalloc byte[5];
        for (int offset = 0; offset < data.Length; offset += blockBytes)
        {
            ReadOnlySpan<byte> block = data.Slice(offset, Math.Min(blockBytes, data.Length - offset));
            head[0] = offset + block.Length == data.Length ? (byte)1 : (byte)0;
            BinaryPrimitives.WriteUInt16LittleEndian(head[1..], (ushort)block.Length);
            BinaryPrimitives.WriteUInt16LittleEndian(head[3..], (ushort)~block.Length);
            buffer.Write(head);
            buffer.Write(block);
        }

        BinaryPrimitives.WriteUInt32BigEndian(head, Adler32(data));
        buffer.Write(head[..4]);
        return buffer.ToArray();
    }

    static uint Adler32(ReadOnlySpan<byte> data)
    {
        uint low = 1;
        uint high = 0;
        foreach (byte value in data)
        {
            low = (low + value) % 65521;
            high = (high + low) % 65521;
        }

        return (high << 16) | low;
    }
}
