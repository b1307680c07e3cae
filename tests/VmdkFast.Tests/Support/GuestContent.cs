using System.IO.Hashing;
using System.Security.Cryptography;

namespace VmdkFast.Tests.Support;

/// <summary>
/// The naive model of a disk: a length, and the ranges that were written over a background of zeros. It is the
/// answer that every image made from it must give. Memory grows with the data, not with the length, so a
/// disk of 62 TiB costs what was written to it. Not thread-safe while it is written.
/// </summary>
public sealed class GuestContent
{
    const int PageBytes = 4096;
    const int ChunkBytes = 1 << 20;

    readonly Dictionary<long, byte[]> _pages = [];
    readonly List<GuestRange> _written = [];

    /// <param name="lengthBytes">Length of the disk, a multiple of 512.</param>
    public GuestContent(long lengthBytes)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(lengthBytes);
        ArgumentOutOfRangeException.ThrowIfNotEqual(lengthBytes % 512, 0);
        LengthBytes = lengthBytes;
    }

    public long LengthBytes { get; }

    public long LengthSectors => LengthBytes / 512;

    /// <summary>What was written (zeros too), ascending, merged, never overlapping.</summary>
    public IReadOnlyList<GuestRange> WrittenRanges => _written;

    /// <summary>Makes a disk with its first and last sector and a number of random ranges written.</summary>
    public static GuestContent Scattered(
        long lengthBytes, int seed, int rangeCount = 24, long maxRangeBytes = 200 * 1024)
    {
        var content = new GuestContent(lengthBytes);
        var random = new SplitMix((ulong)seed * 1_000_003);
        long sectors = content.LengthSectors;
        for (int i = 0; i < rangeCount; i++)
        {
            long first = random.NextBelow(sectors);
            long count = Math.Min(1 + random.NextBelow(Math.Max(1, maxRangeBytes / 512)), sectors - first);
            content.Fill(first * 512, count * 512, (ContentPattern)random.NextBelow(5), seed + i);
        }

        content.Fill(0, 512, ContentPattern.Stamp, seed);
        content.Fill(lengthBytes - 512, 512, ContentPattern.Stamp, seed);
        return content;
    }

    /// <summary>Writes a pattern. Returns the same disk, so that calls can be chained.</summary>
    public GuestContent Fill(long offsetBytes, long lengthBytes, ContentPattern pattern, int seed = 1)
    {
        CheckRange(offsetBytes, lengthBytes);
        if (pattern == ContentPattern.Zeros)
        {
            ClearPages(offsetBytes, lengthBytes);
            AddWritten(new GuestRange(offsetBytes, lengthBytes));
            return this;
        }

        byte[] chunk = new byte[Math.Min(lengthBytes, ChunkBytes)];
        for (long done = 0; done < lengthBytes; done += chunk.Length)
        {
            Span<byte> part = chunk.AsSpan(0, (int)Math.Min(chunk.Length, lengthBytes - done));
            ContentPatterns.Fill(pattern, seed, offsetBytes + done, part);
            Write(offsetBytes + done, part);
        }

        return this;
    }

    public void Write(long offsetBytes, ReadOnlySpan<byte> data)
    {
        CheckRange(offsetBytes, data.Length);
        AddWritten(new GuestRange(offsetBytes, data.Length));
        while (data.Length > 0)
        {
            int inPage = (int)(offsetBytes % PageBytes);
            int length = Math.Min(PageBytes - inPage, data.Length);
            long page = offsetBytes / PageBytes;
            if (!_pages.TryGetValue(page, out byte[]? bytes))
            {
                bytes = new byte[PageBytes];
                _pages.Add(page, bytes);
            }

            data[..length].CopyTo(bytes.AsSpan(inPage));
            data = data[length..];
            offsetBytes += length;
        }
    }

    /// <summary>Reads; beyond the end of the disk there are zeros, as in the last grain of an image.</summary>
    public void Read(long offsetBytes, Span<byte> destination)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(offsetBytes);
        while (destination.Length > 0)
        {
            int inPage = (int)(offsetBytes % PageBytes);
            Span<byte> part = destination[..Math.Min(PageBytes - inPage, destination.Length)];
            if (_pages.TryGetValue(offsetBytes / PageBytes, out byte[]? bytes))
            {
                bytes.AsSpan(inPage, part.Length).CopyTo(part);
            }
            else
            {
                part.Clear();
            }

            destination = destination[part.Length..];
            offsetBytes += part.Length;
        }
    }

    public byte[] Read(long offsetBytes, int lengthBytes)
    {
        byte[] bytes = new byte[lengthBytes];
        Read(offsetBytes, bytes);
        return bytes;
    }

    /// <summary>Offset of the first byte of <paramref name="actual"/> that the disk does not hold, or -1.</summary>
    public long FirstDifference(long offsetBytes, ReadOnlySpan<byte> actual)
    {
        byte[] expected = Read(offsetBytes, actual.Length);
        int same = actual.CommonPrefixLength(expected);
        return same == actual.Length ? -1 : offsetBytes + same;
    }

    /// <summary>A copy, shortened or lengthened when a length is given.</summary>
    public GuestContent Clone(long? lengthBytes = null)
    {
        var copy = new GuestContent(lengthBytes ?? LengthBytes);
        foreach (GuestRange range in _written.Where(range => range.OffsetBytes < copy.LengthBytes))
        {
            CopyRange(copy, range.OffsetBytes, Math.Min(range.EndBytes, copy.LengthBytes));
        }

        return copy;
    }

    /// <summary>XxHash128 of every byte of the disk. For small disks: it runs through the zeros too.</summary>
    public UInt128 Hash()
    {
        var hash = new XxHash128();
        ReadAll(hash.Append);
        return hash.GetCurrentHashAsUInt128();
    }

    /// <summary>SHA-256 of every byte of the disk, lower-case hex. For small disks.</summary>
    public string Sha256()
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        ReadAll(hash.AppendData);
        return Convert.ToHexStringLower(hash.GetHashAndReset());
    }

    /// <summary>Writes the disk as a raw file with holes where nothing was written.</summary>
    public void WriteRaw(string path)
    {
        using var file = new SectorFile(path);
        file.SetLength(LengthBytes);
        foreach (GuestRange range in _written)
        {
            ForEachChunk(range.OffsetBytes, range.EndBytes, file.WriteBytes);
        }
    }

    void CopyRange(GuestContent copy, long startBytes, long endBytes)
    {
        ForEachChunk(startBytes, endBytes, (offsetBytes, bytes) =>
        {
            if (bytes.ContainsAnyExcept((byte)0))
            {
                copy.Write(offsetBytes, bytes);
            }
        });
        copy.AddWritten(new GuestRange(startBytes, endBytes - startBytes));
    }

    void ReadAll(ReadOnlySpanAction take) => ForEachChunk(0, LengthBytes, (_, bytes) => take(bytes));

    void ForEachChunk(long startBytes, long endBytes, ChunkAction take)
    {
        byte[] chunk = new byte[Math.Min(ChunkBytes, endBytes - startBytes)];
        for (long offset = startBytes; offset < endBytes; offset += chunk.Length)
        {
            Span<byte> part = chunk.AsSpan(0, (int)Math.Min(chunk.Length, endBytes - offset));
            Read(offset, part);
            take(offset, part);
        }
    }

    void ClearPages(long offsetBytes, long lengthBytes)
    {
        foreach ((long page, byte[] bytes) in _pages)
        {
            long start = Math.Max(offsetBytes, page * PageBytes);
            long end = Math.Min(offsetBytes + lengthBytes, (page + 1) * PageBytes);
            if (start < end)
            {
                bytes.AsSpan((int)(start % PageBytes), (int)(end - start)).Clear();
            }
        }
    }

    void AddWritten(GuestRange range)
    {
        if (range.LengthBytes == 0)
        {
            return;
        }

        // The first range that could touch the new one: all before it end earlier.
        int low = 0;
        int high = _written.Count;
        while (low < high)
        {
            int middle = (low + high) / 2;
            (low, high) = _written[middle].EndBytes < range.OffsetBytes ? (middle + 1, high) : (low, middle);
        }

        int last = low;
        long start = range.OffsetBytes;
        long end = range.EndBytes;
        while (last < _written.Count && _written[last].OffsetBytes <= end)
        {
            start = Math.Min(start, _written[last].OffsetBytes);
            end = Math.Max(end, _written[last].EndBytes);
            last++;
        }

        _written.RemoveRange(low, last - low);
        _written.Insert(low, new GuestRange(start, end - start));
    }

    void CheckRange(long offsetBytes, long lengthBytes)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(offsetBytes);
        ArgumentOutOfRangeException.ThrowIfNegative(lengthBytes);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(offsetBytes + lengthBytes, LengthBytes);
    }

    delegate void ReadOnlySpanAction(ReadOnlySpan<byte> bytes);

    delegate void ChunkAction(long offsetBytes, ReadOnlySpan<byte> bytes);
}
