using VmdkFast.Storage;

namespace VmdkFast.Tests.Support;

/// <summary>A sparse file in memory: pages exist once written, and holes are found as on a real file system.</summary>
sealed class MemoryFile : ImageFile
{
    internal const int PageBytes = 4096;

    static long s_lastInode;

    readonly Lock _lock = new();
    readonly Dictionary<long, byte[]> _pages = [];
    readonly SortedSet<long> _stored = [];
    long _lengthBytes;

    internal MemoryFile(string path = "memory.vmdk", bool canWrite = true)
    {
        Path = path;
        CanWrite = canWrite;
        Identity = new FileIdentity(ulong.MaxValue, (ulong)Interlocked.Increment(ref s_lastInode));
    }

    /// <summary>A file that holds <paramref name="content"/>.</summary>
    internal MemoryFile(ReadOnlySpan<byte> content, string path = "memory.vmdk", bool canWrite = true)
        : this(path, canWrite) => Store(content, 0);

    internal override string Path { get; }

    internal override FileIdentity Identity { get; }

    internal override bool CanWrite { get; }

    internal override long LengthBytes => Volatile.Read(ref _lengthBytes);

    internal override long AllocatedBytes
    {
        get
        {
            lock (_lock)
            {
                return (long)_pages.Count * PageBytes;
            }
        }
    }

    /// <summary>Calls of <see cref="Read"/> and <see cref="TryReadWithoutWaiting"/> so far.</summary>
    internal long Reads { get; private set; }

    internal long BytesRead { get; private set; }

    internal long Writes { get; private set; }

    internal long Barriers { get; private set; }

    internal override int Read(Span<byte> destination, long offsetBytes)
    {
        lock (_lock)
        {
            int count = (int)Math.Clamp(_lengthBytes - offsetBytes, 0, destination.Length);
            Reads++;
            BytesRead += count;
            Span<byte> rest = destination[..count];
            while (!rest.IsEmpty)
            {
                (long page, long within) = Math.DivRem(offsetBytes, PageBytes);
                int step = (int)Math.Min(rest.Length, PageBytes - within);
                if (_pages.TryGetValue(page, out byte[]? bytes))
                {
                    bytes.AsSpan((int)within, step).CopyTo(rest);
                }
                else
                {
                    rest[..step].Clear();
                }

                rest = rest[step..];
                offsetBytes += step;
            }

            return count;
        }
    }

    internal override bool TryReadWithoutWaiting(Span<byte> destination, long offsetBytes) =>
        Read(destination, offsetBytes) == destination.Length;

    internal override void Write(ReadOnlySpan<byte> source, long offsetBytes)
    {
        ThrowUnlessWritable();
        lock (_lock)
        {
            Writes++;
            Store(source, offsetBytes);
        }
    }

    internal override void Barrier()
    {
        lock (_lock)
        {
            Barriers++;
        }
    }

    internal override void Grow(long lengthBytes)
    {
        ThrowUnlessWritable();
        lock (_lock)
        {
            _lengthBytes = Math.Max(_lengthBytes, lengthBytes);
        }
    }

    internal override void Truncate(long lengthBytes)
    {
        ThrowUnlessWritable();
        lock (_lock)
        {
            if (lengthBytes < _lengthBytes)
            {
                // What lies behind the cut must read as zeros should the file grow again.
                Clear(lengthBytes, _lengthBytes);
                _lengthBytes = lengthBytes;
            }
        }
    }

    internal override void PunchHole(long offsetBytes, long lengthBytes)
    {
        ThrowUnlessWritable();
        lock (_lock)
        {
            Clear(offsetBytes, offsetBytes + Math.Min(lengthBytes, _lengthBytes - offsetBytes));
        }
    }

    internal override ByteRange NextData(long offsetBytes)
    {
        lock (_lock)
        {
            if (_stored.GetViewBetween(offsetBytes / PageBytes, long.MaxValue) is not { Count: > 0 } later
                || later.Min * PageBytes >= _lengthBytes || offsetBytes >= _lengthBytes)
            {
                return new ByteRange(_lengthBytes, _lengthBytes);
            }

            long end = later.Min;
            while (_pages.ContainsKey(end))
            {
                end++;
            }

            return new ByteRange(
                Math.Max(offsetBytes, later.Min * PageBytes), Math.Min(end * PageBytes, _lengthBytes));
        }
    }

    public override void Dispose()
    {
    }

    /// <summary>All bytes, for comparing.</summary>
    internal byte[] ToArray()
    {
        byte[] all = new byte[LengthBytes];
        Read(all, 0);
        return all;
    }

    void Store(ReadOnlySpan<byte> source, long offsetBytes)
    {
        _lengthBytes = Math.Max(_lengthBytes, offsetBytes + source.Length);
        while (!source.IsEmpty)
        {
            (long page, long within) = Math.DivRem(offsetBytes, PageBytes);
            int step = (int)Math.Min(source.Length, PageBytes - within);
            if (!_pages.TryGetValue(page, out byte[]? bytes))
            {
                _pages.Add(page, bytes = new byte[PageBytes]);
                _stored.Add(page);
            }

            source[..step].CopyTo(bytes.AsSpan((int)within));
            source = source[step..];
            offsetBytes += step;
        }
    }

    void Clear(long startBytes, long endBytes)
    {
        long first = startBytes / PageBytes;
        long last = (endBytes - 1) / PageBytes;
        foreach (long page in _stored.Where(page => page >= first && page <= last).ToArray())
        {
            int from = (int)Math.Max(0, startBytes - (page * PageBytes));
            int to = (int)Math.Min(PageBytes, endBytes - (page * PageBytes));
            _pages[page].AsSpan(from..to).Clear();
            if (to - from == PageBytes)
            {
                _pages.Remove(page);
                _stored.Remove(page);
            }
        }
    }

    void ThrowUnlessWritable()
    {
        if (!CanWrite)
        {
            throw new InvalidOperationException($"'{Path}' was opened for reading only.");
        }
    }
}
