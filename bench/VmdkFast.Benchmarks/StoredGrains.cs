using Microsoft.Win32.SafeHandles;
using VmdkFast.Compression;
using VmdkFast.Format;

namespace VmdkFast.Benchmarks;

/// <summary>The compressed data of a stream's grains in memory, for inflating alone.</summary>
sealed class StoredGrains
{
    readonly List<(long OffsetBytes, byte[] Data)> _grains = [];
    readonly GrainCodec _codec;

    /// <param name="disk">A disk of compressed grains with markers.</param>
    /// <param name="offsetsBytes">Where on the disk the grains begin.</param>
    /// <param name="codec">Inflates; null for the best one.</param>
    internal StoredGrains(VmdkDisk disk, IEnumerable<long> offsetsBytes, GrainCodec? codec = null)
    {
        _codec = codec ?? GrainCodec.Of(VmdkCodec.Auto);
        using SafeFileHandle file = File.OpenHandle(disk.Path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite);
        Span<byte> marker = stackalloc byte[GrainMarker.SizeBytes];
        foreach (long offset in offsetsBytes)
        {
            VmdkRun run = disk.Map(offset, Sector.Bytes).First();
            if (run.Kind != VmdkRunKind.Compressed)
            {
                throw new InvalidOperationException($"{disk.Path} has no compressed grain at {offset}.");
            }

            RandomAccess.Read(file, marker, run.FileOffsetBytes!.Value);
            byte[] data = new byte[GrainMarker.Read(marker).DataBytes];
            RandomAccess.Read(file, data, run.FileOffsetBytes.Value + marker.Length);
            _grains.Add((offset, data));
        }
    }

    internal int Count => _grains.Count;

    internal long OffsetOf(int grain) => _grains[grain].OffsetBytes;

    /// <summary>Inflates grains one after the other into the buffer, which has the size of a grain.</summary>
    /// <returns>Bytes produced.</returns>
    internal long Inflate(int first, int count, Span<byte> buffer)
    {
        long total = 0;
        for (int grain = first; grain < first + count; grain++)
        {
            total += _codec.Inflate(_grains[grain].Data, buffer);
        }

        return total;
    }
}
