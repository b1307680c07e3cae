using System.Buffers.Binary;
using VmdkFast.Caching;
using VmdkFast.Compression;
using VmdkFast.Format;
using VmdkFast.Storage;

namespace VmdkFast.Extents;

/// <summary>Where the stored form of a grain lies: all that is needed to inflate it.</summary>
readonly record struct StoredGrain(CompressedGrains Grains, long GrainIndex, long FileOffsetBytes, int StoredBytesHint);

/// <summary>
/// The compressed grains of one extent: fetched by one read, checked, inflated, and kept for a while.
/// </summary>
/// <remarks>
/// A stored grain is a marker (sector address and length, or only the length in files without markers) and zlib data
/// behind it. The data may be larger than the grain: up to two grains are read, as QEMU does. Thread-safe.
/// </remarks>
sealed class CompressedGrains
{
    // A first read where the table gives no hint: most grains of real images fit, and 16 KiB copy in 1 µs.
    const int FirstReadBytes = 16 << 10;

    // 2^31 directory entries at most, of 512 grains each, and the one that keeps a key from being 0.
    const int GrainIndexBits = 41;

    [ThreadStatic]
    static byte[]? s_stored;

    readonly ImageFile _file;
    readonly GrainCodec _codec;
    readonly long _capacityBytes;
    readonly bool _markers;
    readonly long _keyBase;

    /// <param name="file">The file that holds the grains.</param>
    /// <param name="codec">Inflates them.</param>
    /// <param name="grainBytes">Size of an inflated grain.</param>
    /// <param name="capacityBytes">Capacity of the extent; only its last grain may inflate to less.</param>
    /// <param name="markers">Whether a grain's data follows a full marker, or only its length.</param>
    /// <param name="fileNumber">A number of this file's own among those that share the cache.</param>
    /// <param name="cache">Keeps inflated grains; null when they are too large to be kept.</param>
    internal CompressedGrains(
        ImageFile file, GrainCodec codec, long grainBytes, long capacityBytes, bool markers, int fileNumber,
        BlockCache<StoredGrain>? cache)
    {
        _file = file;
        _codec = codec;
        GrainBytes = grainBytes;
        _capacityBytes = capacityBytes;
        _markers = markers;
        _keyBase = (long)fileNumber << GrainIndexBits;
        Cache = cache;
    }

    /// <summary>Size of an inflated grain.</summary>
    internal long GrainBytes { get; }

    /// <summary>The largest stored form that is accepted; an int holds it, also that of a grain of 1 GiB.</summary>
    internal long MaxStoredBytes => Math.Min((2 * GrainBytes) + Sector.Bytes, int.MaxValue);

    /// <summary>Keeps inflated grains; null when they are too large to be kept.</summary>
    internal BlockCache<StoredGrain>? Cache { get; }

    /// <summary>Whether a full marker stands before a grain's data, or only its length.</summary>
    internal bool HasMarkers => _markers;

    /// <summary>Length of what stands before a grain's data.</summary>
    internal int PrefixBytes => _markers ? GrainMarker.SizeBytes : sizeof(uint);

    /// <summary>The cache's key of a grain: unique among the files of a disk, never 0.</summary>
    /// <remarks>
    /// Not the place in the file, though it is shorter: where a damaged table gives one place to two grains, the
    /// second would be served what only the first may have, or be refused, depending on what was read before.
    /// </remarks>
    internal long KeyOf(long grainIndex) => _keyBase | (grainIndex + 1);

    /// <summary>Inflates a whole grain into <paramref name="block"/>, whose length is the grain's.</summary>
    internal void Inflate(in StoredGrain grain, Span<byte> block)
    {
        ReadOnlySpan<byte> data = Fetch(grain);
        Telemetry.Inflations.Add(1);
        int produced = _codec.Inflate(data, block);
        long neededBytes = Math.Min(GrainBytes, _capacityBytes - (grain.GrainIndex * GrainBytes));
        if (produced < neededBytes)
        {
            string found = produced < 0 ? "damaged data, or too much of it" : $"{produced} bytes";
            throw Invalid(
                grain, "a compressed grain does not inflate", PrefixBytes, "data", found, $"{neededBytes} bytes");
        }

        block[produced..].Clear();
    }

    /// <summary>
    /// The length of a grain's zlib data, which begins <paramref name="dataOffsetBytes"/> into the file.
    /// </summary>
    internal int Locate(in StoredGrain grain, out long dataOffsetBytes)
    {
        Span<byte> prefix = stackalloc byte[GrainMarker.SizeBytes];
        int read = _file.Read(prefix[..PrefixBytes], grain.FileOffsetBytes);
        int dataBytes = CheckPrefix(grain, prefix[..read]);
        dataOffsetBytes = grain.FileOffsetBytes + PrefixBytes;
        return dataBytes;
    }

    internal ImageFile File => _file;

    internal VmdkException Invalid(
        in StoredGrain grain, string problem, int offsetInGrain, string field, string found, string wanted) =>
        new(VmdkErrorCode.GrainInvalid, _file.Path,
            $"{problem} (guest byte {grain.GrainIndex * GrainBytes} of the extent)",
            grain.FileOffsetBytes + offsetInGrain, field, found, wanted);

    ReadOnlySpan<byte> Fetch(in StoredGrain grain)
    {
        int firstRead = grain.StoredBytesHint > 0 ? grain.StoredBytesHint : FirstReadBytes;
        byte[] stored = Buffer(firstRead);
        int have = _file.Read(stored.AsSpan(0, firstRead), grain.FileOffsetBytes);
        int wanted = PrefixBytes + CheckPrefix(grain, stored.AsSpan(0, have));
        if (have < wanted)
        {
            stored = Buffer(wanted);
            have += _file.Read(stored.AsSpan(have, wanted - have), grain.FileOffsetBytes + have);
            if (have < wanted)
            {
                throw new VmdkException(
                    VmdkErrorCode.Truncated, _file.Path, "the file ends inside a compressed grain",
                    grain.FileOffsetBytes, "size", $"{have} bytes", $"{wanted} bytes");
            }
        }

        return stored.AsSpan(PrefixBytes, wanted - PrefixBytes);
    }

    int CheckPrefix(in StoredGrain grain, ReadOnlySpan<byte> stored)
    {
        if (stored.Length < PrefixBytes)
        {
            throw new VmdkException(
                VmdkErrorCode.Truncated, _file.Path, "the file ends inside a grain marker", grain.FileOffsetBytes,
                "marker", $"{stored.Length} bytes", $"{PrefixBytes} bytes");
        }

        uint dataBytes;
        if (_markers)
        {
            var marker = GrainMarker.Read(stored);
            dataBytes = marker.DataBytes;
            ulong wantedLba = (ulong)(grain.GrainIndex * (GrainBytes >> Sector.Shift));
            if (marker.LbaSectors != wantedLba)
            {
                throw Invalid(
                    grain, "a grain marker belongs to another place", 0, "lba", $"sector {marker.LbaSectors}",
                    $"sector {wantedLba}");
            }
        }
        else
        {
            dataBytes = BinaryPrimitives.ReadUInt32LittleEndian(stored);
        }

        if (dataBytes == 0 || dataBytes > MaxStoredBytes - PrefixBytes)
        {
            throw Invalid(
                grain, "a compressed grain has an impossible length", PrefixBytes - sizeof(uint), "size",
                $"{dataBytes} bytes", $"1 to {MaxStoredBytes - PrefixBytes} bytes");
        }

        return (int)dataBytes;
    }

    static byte[] Buffer(int lengthBytes)
    {
        byte[]? buffer = s_stored;
        if (buffer is null || buffer.Length < lengthBytes)
        {
            byte[] larger = GC.AllocateUninitializedArray<byte>(
                (int)System.Numerics.BitOperations.RoundUpToPowerOf2((uint)lengthBytes));
            buffer?.CopyTo(larger, 0);
            s_stored = buffer = larger;
        }

        return buffer;
    }

    /// <summary>Lets a cache inflate what it lacks.</summary>
    internal sealed class Filler : IBlockFiller<StoredGrain>
    {
        internal static Filler Instance { get; } = new();

        /// <inheritdoc/>
        public void Fill(in StoredGrain context, Span<byte> block) => context.Grains.Inflate(context, block);
    }
}
