using System.Buffers.Binary;
using BenchmarkDotNet.Attributes;
using VmdkFast.Format;

namespace VmdkFast.Benchmarks;

/// <summary>All numbers of a sparse header: the generated reader against reads written by hand.</summary>
[BytesPerOperation(SparseHeader.SizeBytes)]
public class HeaderParsing
{
    const int Headers = 1024;

    readonly byte[] _bytes = new byte[Headers * SparseHeader.SizeBytes];

    [GlobalSetup]
    public void Setup() => new Random(512).NextBytes(_bytes);

    [Benchmark(Baseline = true, OperationsPerInvoke = Headers)]
    public ulong ByHand()
    {
        ulong sum = 0;
        for (int at = 0; at < _bytes.Length; at += SparseHeader.SizeBytes)
        {
            ReadOnlySpan<byte> header = _bytes.AsSpan(at, SparseHeader.SizeBytes);
            sum += BinaryPrimitives.ReadUInt32LittleEndian(header)
                + BinaryPrimitives.ReadUInt32LittleEndian(header[4..])
                + BinaryPrimitives.ReadUInt32LittleEndian(header[8..])
                + BinaryPrimitives.ReadUInt64LittleEndian(header[12..])
                + BinaryPrimitives.ReadUInt64LittleEndian(header[20..])
                + BinaryPrimitives.ReadUInt64LittleEndian(header[28..])
                + BinaryPrimitives.ReadUInt64LittleEndian(header[36..])
                + BinaryPrimitives.ReadUInt32LittleEndian(header[44..])
                + BinaryPrimitives.ReadUInt64LittleEndian(header[48..])
                + BinaryPrimitives.ReadUInt64LittleEndian(header[56..])
                + BinaryPrimitives.ReadUInt64LittleEndian(header[64..])
                + header[72]
                + BinaryPrimitives.ReadUInt32LittleEndian(header[73..])
                + BinaryPrimitives.ReadUInt16LittleEndian(header[77..]);
        }

        return sum;
    }

    [Benchmark(OperationsPerInvoke = Headers)]
    public ulong Generated()
    {
        ulong sum = 0;
        for (int at = 0; at < _bytes.Length; at += SparseHeader.SizeBytes)
        {
            SparseHeader header = SparseHeader.Read(_bytes.AsSpan(at, SparseHeader.SizeBytes));
            sum += header.Magic + header.Version + (uint)header.Flags + header.CapacitySectors
                + header.GrainSizeSectors + header.DescriptorOffsetSectors + header.DescriptorSizeSectors
                + header.GrainTableEntries + header.RedundantDirectoryOffsetSectors + header.DirectoryOffsetSectors
                + header.OverheadSectors + header.UncleanShutdown + header.NewlineTest + header.CompressAlgorithm;
        }

        return sum;
    }
}
