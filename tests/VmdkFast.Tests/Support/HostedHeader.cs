using System.Buffers.Binary;

namespace VmdkFast.Tests.Support;

/// <summary>The 512 bytes at the start of a hosted sparse extent ("KDMV"), as the technote gives them.</summary>
public sealed record HostedHeader
{
    public const uint Magic = 0x564D444B;
    public const ulong DirectoryAtEnd = ulong.MaxValue;
    public const uint NewLineTestFlag = 1;
    public const uint RedundantFlag = 2;
    public const uint ZeroGrainFlag = 4;
    public const uint CompressedFlag = 1 << 16;
    public const uint MarkersFlag = 1 << 17;

    public uint Version { get; init; } = 1;
    public uint Flags { get; init; } = NewLineTestFlag;
    public ulong CapacitySectors { get; init; }
    public ulong GrainSectors { get; init; } = 128;
    public ulong DescriptorSector { get; init; }
    public ulong DescriptorSectors { get; init; }
    public uint TableEntries { get; init; } = 512;
    public ulong RedundantDirectorySector { get; init; }
    public ulong DirectorySector { get; init; }
    public ulong OverheadSectors { get; init; }
    public byte UncleanShutdown { get; init; }
    public ushort CompressAlgorithm { get; init; }

    public byte[] ToBytes()
    {
        byte[] bytes = new byte[512];
        Span<byte> b = bytes;
        BinaryPrimitives.WriteUInt32LittleEndian(b, Magic);
        BinaryPrimitives.WriteUInt32LittleEndian(b[4..], Version);
        BinaryPrimitives.WriteUInt32LittleEndian(b[8..], Flags);
        BinaryPrimitives.WriteUInt64LittleEndian(b[12..], CapacitySectors);
        BinaryPrimitives.WriteUInt64LittleEndian(b[20..], GrainSectors);
        BinaryPrimitives.WriteUInt64LittleEndian(b[28..], DescriptorSector);
        BinaryPrimitives.WriteUInt64LittleEndian(b[36..], DescriptorSectors);
        BinaryPrimitives.WriteUInt32LittleEndian(b[44..], TableEntries);
        BinaryPrimitives.WriteUInt64LittleEndian(b[48..], RedundantDirectorySector);
        BinaryPrimitives.WriteUInt64LittleEndian(b[56..], DirectorySector);
        BinaryPrimitives.WriteUInt64LittleEndian(b[64..], OverheadSectors);
        b[72] = UncleanShutdown;
        b[73] = (byte)'\n';
        b[74] = (byte)' ';
        b[75] = (byte)'\r';
        b[76] = (byte)'\n';
        BinaryPrimitives.WriteUInt16LittleEndian(b[77..], CompressAlgorithm);
        return bytes;
    }

    /// <summary>Reads a header (or a footer, at its offset) back.</summary>
    public static HostedHeader Read(string path, long offsetBytes = 0)
    {
        byte[] bytes = Patch.ReadBytes(path, offsetBytes, 512);
        ReadOnlySpan<byte> b = bytes;
        if (BinaryPrimitives.ReadUInt32LittleEndian(b) != Magic || !b.Slice(73, 4).SequenceEqual("\n \r\n"u8))
        {
            throw new InvalidDataException($"No hosted sparse header at byte {offsetBytes} of {path}.");
        }

        return new HostedHeader
        {
            Version = BinaryPrimitives.ReadUInt32LittleEndian(b[4..]),
            Flags = BinaryPrimitives.ReadUInt32LittleEndian(b[8..]),
            CapacitySectors = BinaryPrimitives.ReadUInt64LittleEndian(b[12..]),
            GrainSectors = BinaryPrimitives.ReadUInt64LittleEndian(b[20..]),
            DescriptorSector = BinaryPrimitives.ReadUInt64LittleEndian(b[28..]),
            DescriptorSectors = BinaryPrimitives.ReadUInt64LittleEndian(b[36..]),
            TableEntries = BinaryPrimitives.ReadUInt32LittleEndian(b[44..]),
            RedundantDirectorySector = BinaryPrimitives.ReadUInt64LittleEndian(b[48..]),
            DirectorySector = BinaryPrimitives.ReadUInt64LittleEndian(b[56..]),
            OverheadSectors = BinaryPrimitives.ReadUInt64LittleEndian(b[64..]),
            UncleanShutdown = b[72],
            CompressAlgorithm = BinaryPrimitives.ReadUInt16LittleEndian(b[77..]),
        };
    }

    /// <summary>Overwrites the header of a finished file.</summary>
    public void WriteTo(string path, long offsetBytes = 0) => Patch.WriteBytes(path, offsetBytes, ToBytes());
}
