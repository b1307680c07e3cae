using System.IO.Compression;

namespace VmdkFast.Compression;

/// <summary>The framework's zlib: always there.</summary>
/// <remarks>
/// .NET 10 has no span-based inflater, so each grain makes a <see cref="ZLibStream"/>; inflating a 64 KiB grain takes
/// some 85 µs, the stream's making about 1 µs of it.
/// </remarks>
sealed class ZlibCodec : GrainCodec
{
    internal static ZlibCodec Instance { get; } = new();

    internal override string Name => "zlib";

    internal override unsafe int Inflate(ReadOnlySpan<byte> source, Span<byte> destination)
    {
        fixed (byte* start = source)
        {
            if (start is null)
            {
                return -1;
            }

            using var compressed = new UnmanagedMemoryStream(start, source.Length);
            using var inflater = new ZLibStream(compressed, CompressionMode.Decompress);
            try
            {
                int produced = inflater.ReadAtLeast(destination, destination.Length, throwOnEndOfStream: false);

                // One byte more: too much data is damage, and the checksum is looked at only at the end.
                Span<byte> beyond = stackalloc byte[1];
                return inflater.Read(beyond) == 0 ? produced : -1;
            }
            catch (InvalidDataException)
            {
                return -1;
            }
        }
    }

    internal override unsafe int Deflate(ReadOnlySpan<byte> source, Span<byte> destination, int level)
    {
        fixed (byte* start = destination)
        {
            using var compressed = new UnmanagedMemoryStream(start, 0, destination.Length, FileAccess.Write);
            try
            {
                using (var deflater = new ZLibStream(
                    compressed, new ZLibCompressionOptions { CompressionLevel = level }, leaveOpen: true))
                {
                    deflater.Write(source);
                }

                return (int)compressed.Length;
            }
            catch (NotSupportedException)
            {
                // How a stream over fixed memory says that it is full.
                return -1;
            }
        }
    }
}
