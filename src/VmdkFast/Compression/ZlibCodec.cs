using System.IO.Compression;

namespace VmdkFast.Compression;

/// <summary>The framework's zlib: always there.</summary>
/// <remarks>
/// .NET 10 has no span-based inflater, so each grain makes a <see cref="ZLibStream"/>; inflating a 64 KiB grain takes
/// some 90 µs, the stream's making about 1 µs and 400 bytes of it. Copied out of the stream, not read from it: reading
/// feeds the inflater 8 KiB at a time, and each time it leaves its fast loop and saves its window, which took 12 %
/// longer. Its zlib-ng differs from zlib in levels: 1 is 30 % larger than 6, and 2 hardly slower but only 7 % larger.
/// </remarks>
sealed class ZlibCodec : GrainCodec
{
    static readonly ZLibCompressionOptions s_fastest = new() { CompressionLevel = 2 };
    static readonly ZLibCompressionOptions s_fast = new() { CompressionLevel = 3 };
    static readonly ZLibCompressionOptions s_default = new() { CompressionLevel = 6 };
    static readonly ZLibCompressionOptions s_small = new() { CompressionLevel = 7 };
    static readonly ZLibCompressionOptions s_smallest = new() { CompressionLevel = 9 };

    // The inflater's output goes through a buffer of the framework: a whole grain at once, and room for its end.
    const int MaxCopyBytes = 128 << 10;

    [ThreadStatic]
    static FixedRoom? s_room;

    [ThreadStatic]
    static FixedRoom? s_inflated;

    internal static ZlibCodec Instance { get; } = new();

    internal override string Name => "zlib";

    internal override unsafe int Inflate(ReadOnlySpan<byte> source, Span<byte> destination)
    {
        FixedRoom room = s_room ??= new FixedRoom();
        FixedRoom inflated = s_inflated ??= new FixedRoom();
        fixed (byte* from = source, to = destination)
        {
            room.Reset(from, source.Length);
            inflated.Reset(to, destination.Length, throwsWhenExceeded: true);
            using var inflater = new ZLibStream(room, CompressionMode.Decompress, leaveOpen: true);
            try
            {
                inflater.CopyTo(inflated, Math.Min(destination.Length + 1, MaxCopyBytes));

                // An inflater that has not met the end of its data asks for more of it.
                Span<byte> beyond = stackalloc byte[1];
                return inflater.Read(beyond) == 0 && !room.IsExceeded ? inflated.UsedBytes : -1;
            }
            catch (Exception damage) when (IsDamage(damage))
            {
                return -1;
            }
        }
    }

    /// <summary>Whether inflating failed for what the data is; anything else is no fault of the image.</summary>
    /// <remarks>
    /// For data that wants a preset dictionary the framework throws an exception of its own, which is internal there
    /// and an <see cref="IOException"/>. A file that fails to be read is told by <see cref="VmdkException"/>.
    /// </remarks>
    internal static bool IsDamage(Exception exception) =>
        exception is InvalidDataException or (IOException and not VmdkException);

    internal override unsafe int Deflate(ReadOnlySpan<byte> source, Span<byte> destination, VmdkCompression compression)
    {
        FixedRoom room = s_room ??= new FixedRoom();
        ZLibCompressionOptions options = OptionsOf(compression);
        fixed (byte* start = destination)
        {
            room.Reset(start, destination.Length);
            using (var deflater = new ZLibStream(room, options, leaveOpen: true))
            {
                deflater.Write(source);
            }

            return room.IsExceeded ? -1 : room.UsedBytes;
        }
    }

    static ZLibCompressionOptions OptionsOf(VmdkCompression compression) => compression switch
    {
        VmdkCompression.Fastest => s_fastest,
        VmdkCompression.Fast => s_fast,
        VmdkCompression.Default => s_default,
        VmdkCompression.Small => s_small,
        VmdkCompression.Smallest => s_smallest,
        _ => throw new ArgumentOutOfRangeException(nameof(compression), compression, null),
    };
}
