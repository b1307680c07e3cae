using System.Buffers.Binary;

namespace VmdkFast.Tests.Support;

/// <summary>Reads and overwrites single values in a finished file: the way to plant and to find damage.</summary>
public static class Patch
{
    public static byte[] ReadBytes(string path, long offsetBytes, int lengthBytes)
    {
        using var file = File.OpenHandle(path);
        byte[] bytes = new byte[lengthBytes];
        for (int done = 0; done < lengthBytes;)
        {
            int count = RandomAccess.Read(file, bytes.AsSpan(done), offsetBytes + done);
            if (count == 0)
            {
                throw new EndOfStreamException($"{path} ends before {offsetBytes + lengthBytes}.");
            }

            done += count;
        }

        return bytes;
    }

    public static uint ReadUInt32(string path, long offsetBytes) =>
        BinaryPrimitives.ReadUInt32LittleEndian(ReadBytes(path, offsetBytes, 4));

    public static ulong ReadUInt64(string path, long offsetBytes) =>
        BinaryPrimitives.ReadUInt64LittleEndian(ReadBytes(path, offsetBytes, 8));

    public static void WriteBytes(string path, long offsetBytes, ReadOnlySpan<byte> bytes)
    {
        using var file = new SectorFile(path, keep: true);
        file.WriteBytes(offsetBytes, bytes);
    }

    public static void WriteUInt32(string path, long offsetBytes, uint value)
    {
        Span<byte> bytes = stackalloc byte[4];
        BinaryPrimitives.WriteUInt32LittleEndian(bytes, value);
        WriteBytes(path, offsetBytes, bytes);
    }

    public static void WriteUInt64(string path, long offsetBytes, ulong value)
    {
        Span<byte> bytes = stackalloc byte[8];
        BinaryPrimitives.WriteUInt64LittleEndian(bytes, value);
        WriteBytes(path, offsetBytes, bytes);
    }

    /// <summary>Cuts or extends a file.</summary>
    public static void SetLength(string path, long lengthBytes)
    {
        using var file = new SectorFile(path, keep: true);
        file.SetLength(lengthBytes);
    }
}
