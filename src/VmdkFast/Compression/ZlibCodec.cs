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

            using var compressed = new WatchedMemory(start, source.Length);
            using var inflater = new ZLibStream(compressed, CompressionMode.Decompress);
            try
            {
                int produced = inflater.ReadAtLeast(destination, destination.Length, throwOnEndOfStream: false);

                // One byte more: too much data is damage, and the checksum is looked at only at the end.
                Span<byte> beyond = stackalloc byte[1];
                return inflater.Read(beyond) == 0 && !compressed.IsAskedForMore ? produced : -1;
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

    /// <summary>Compressed data that notices when the inflater wants more than there is.</summary>
    /// <remarks>
    /// The framework's stream takes the end of its source for the end of its data, and leaves the checksum out; other
    /// inflaters refuse such a grain.
    /// </remarks>
    sealed unsafe class WatchedMemory(byte* start, long lengthBytes) : UnmanagedMemoryStream(start, lengthBytes)
    {
        internal bool IsAskedForMore { get; private set; }

        public override int Read(byte[] buffer, int offset, int count) => Note(base.Read(buffer, offset, count));

        public override int Read(Span<byte> buffer)
        {
            int count = (int)Math.Min(buffer.Length, Length - Position);
            new ReadOnlySpan<byte>(PositionPointer, count).CopyTo(buffer);
            Position += count;
            return Note(count);
        }

        int Note(int count)
        {
            IsAskedForMore |= count == 0;
            return count;
        }
    }
}
