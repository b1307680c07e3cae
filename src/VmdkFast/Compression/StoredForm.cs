using System.Buffers.Binary;

namespace VmdkFast.Compression;

/// <summary>A grain as zlib data without compression: stored blocks of the largest size.</summary>
/// <remarks>
/// Written here and not by a codec, because zlib-ng cuts stored blocks smaller than it must, and a grain of random
/// bytes then exceeds the room that readers have.
/// </remarks>
static class StoredForm
{
    const int HeaderBytes = 2;
    const int ChecksumBytes = 4;
    const int BlockHeaderBytes = 5;
    const int MaxBlockBytes = ushort.MaxValue;

    // The smallest window, the fastest level, no dictionary; a multiple of 31, as RFC 1950 wants it.
    const ushort Header = 0x7801;

    /// <summary>Bytes of the stored form of <paramref name="grainBytes"/>.</summary>
    internal static int LengthBytes(int grainBytes)
    {
        int blocks = Math.Max(1, (int)(((long)grainBytes + MaxBlockBytes - 1) / MaxBlockBytes));
        return checked(HeaderBytes + (blocks * BlockHeaderBytes) + grainBytes + ChecksumBytes);
    }

    /// <summary>Writes the stored form; the room is at least <see cref="LengthBytes"/>.</summary>
    /// <returns>Bytes written.</returns>
    internal static int Write(ReadOnlySpan<byte> source, Span<byte> destination)
    {
        BinaryPrimitives.WriteUInt16BigEndian(destination, Header);
        int written = HeaderBytes;
        uint checksum = Adler32(source);
        bool isLast;
        do
        {
            int length = Math.Min(source.Length, MaxBlockBytes);
            isLast = length == source.Length;
            destination[written] = isLast ? (byte)1 : (byte)0;
            BinaryPrimitives.WriteUInt16LittleEndian(destination[(written + 1)..], (ushort)length);
            BinaryPrimitives.WriteUInt16LittleEndian(destination[(written + 3)..], (ushort)~length);
            source[..length].CopyTo(destination[(written + BlockHeaderBytes)..]);
            written += BlockHeaderBytes + length;
            source = source[length..];
        }
        while (!isLast);

        BinaryPrimitives.WriteUInt32BigEndian(destination[written..], checksum);
        return written + ChecksumBytes;
    }

    // RFC 1950, section 9. 5,552 bytes are the most that a sum of 32 bits holds without a remainder.
    static uint Adler32(ReadOnlySpan<byte> data)
    {
        const uint Modulus = 65521;
        const int StepBytes = 5552;
        uint low = 1;
        uint high = 0;
        while (!data.IsEmpty)
        {
            ReadOnlySpan<byte> step = data[..Math.Min(data.Length, StepBytes)];
            foreach (byte value in step)
            {
                low += value;
                high += low;
            }

            low %= Modulus;
            high %= Modulus;
            data = data[step.Length..];
        }

        return (high << 16) | low;
    }
}
