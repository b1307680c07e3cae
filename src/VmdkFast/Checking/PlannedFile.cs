using VmdkFast.Storage;

namespace VmdkFast.Checking;

/// <summary>A file as the changes of a plan would leave it; nothing is written. Not thread-safe to make.</summary>
/// <remarks>Memory is 4 bytes for each change of a page of 4 KiB, beside the plan itself.</remarks>
sealed class PlannedFile : ImageFile
{
    const int PageShift = 12;

    readonly ImageFile _file;
    readonly List<PlannedChange> _changes = [];
    readonly Dictionary<long, List<int>> _pages = [];
    readonly long[] _order;
    readonly long _keptBytes;

    /// <param name="file">The file as it is.</param>
    /// <param name="changes">Changes of this file, in the order in which they would be made.</param>
    internal PlannedFile(ImageFile file, IEnumerable<PlannedChange> changes)
    {
        _file = file;
        _keptBytes = file.LengthBytes;
        LengthBytes = file.LengthBytes;
        foreach (PlannedChange change in changes)
        {
            if (change.Cuts)
            {
                _keptBytes = Math.Min(_keptBytes, change.OffsetBytes);
                LengthBytes = Math.Min(LengthBytes, change.OffsetBytes);
            }
            else
            {
                Add(change);
                LengthBytes = Math.Max(LengthBytes, change.OffsetBytes + change.LengthBytes);
            }
        }

        _order = [.. _pages.Keys.Order()];
    }

    /// <inheritdoc/>
    internal override string Path => _file.Path;

    /// <inheritdoc/>
    internal override FileIdentity Identity => _file.Identity;

    /// <inheritdoc/>
    internal override bool CanWrite => false;

    /// <inheritdoc/>
    internal override bool IsDevice => _file.IsDevice;

    /// <inheritdoc/>
    internal override long LengthBytes { get; }

    /// <inheritdoc/>
    internal override long AllocatedBytes => _file.AllocatedBytes;

    /// <inheritdoc/>
    internal override int Read(Span<byte> destination, long offsetBytes)
    {
        int length = (int)Math.Clamp(LengthBytes - offsetBytes, 0, destination.Length);
        Span<byte> wanted = destination[..length];
        ReadKept(wanted, offsetBytes);
        for (int at = IndexOf(offsetBytes); at < _order.Length && _order[at] << PageShift < offsetBytes + length; at++)
        {
            foreach (int index in _pages[_order[at]])
            {
                // A change of several pages is listed in each, and its part of each is laid over by itself.
                long page = _order[at] << PageShift;
                Lay(_changes[index], wanted, offsetBytes, page, page + (1 << PageShift));
            }
        }

        return length;
    }

    /// <inheritdoc/>
    internal override bool TryReadWithoutWaiting(Span<byte> destination, long offsetBytes) => false;

    /// <inheritdoc/>
    internal override ByteRange NextData(long offsetBytes)
    {
        ByteRange kept = _file.NextData(offsetBytes);
        int at = IndexOf(offsetBytes);
        long page = at < _order.Length ? _order[at] << PageShift : long.MaxValue;
        (long start, long end) = kept.LengthBytes != 0 && kept.StartBytes <= Math.Max(page, offsetBytes)
            ? (kept.StartBytes, kept.EndBytes)
            : page != long.MaxValue ? (Math.Max(page, offsetBytes), page + (1 << PageShift))
            : (LengthBytes, LengthBytes);
        return new ByteRange(Math.Min(start, LengthBytes), Math.Min(end, LengthBytes));
    }

    /// <inheritdoc/>
    internal override void Write(ReadOnlySpan<byte> source, long offsetBytes) => throw ReadOnly();

    /// <inheritdoc/>
    internal override void Barrier() => throw ReadOnly();

    /// <inheritdoc/>
    internal override void Grow(long lengthBytes) => throw ReadOnly();

    /// <inheritdoc/>
    internal override void Truncate(long lengthBytes) => throw ReadOnly();

    /// <inheritdoc/>
    internal override void PunchHole(long offsetBytes, long lengthBytes) => throw ReadOnly();

    /// <summary>Does nothing: the file belongs to the check.</summary>
    public override void Dispose()
    {
    }

    static InvalidOperationException ReadOnly() => new("A planned file is only read.");

    void Add(PlannedChange change)
    {
        int index = _changes.Count;
        _changes.Add(change);
        long end = change.OffsetBytes + change.LengthBytes;
        for (long page = change.OffsetBytes >> PageShift; page << PageShift < end; page++)
        {
            if (!_pages.TryGetValue(page, out List<int>? indexes))
            {
                _pages.Add(page, indexes = []);
            }

            indexes.Add(index);
        }
    }

    // The first listed page that reaches behind an offset.
    int IndexOf(long offsetBytes)
    {
        int found = Array.BinarySearch(_order, offsetBytes >> PageShift);
        return found >= 0 ? found : ~found;
    }

    void ReadKept(Span<byte> destination, long offsetBytes)
    {
        int kept = (int)Math.Clamp(_keptBytes - offsetBytes, 0, destination.Length);
        int read = kept == 0 ? 0 : _file.Read(destination[..kept], offsetBytes);
        destination[read..].Clear();
    }

    void Lay(PlannedChange change, Span<byte> destination, long offsetBytes, long start, long end)
    {
        start = Math.Max(Math.Max(start, offsetBytes), change.OffsetBytes);
        end = Math.Min(Math.Min(end, offsetBytes + destination.Length), change.OffsetBytes + change.LengthBytes);
        if (start >= end)
        {
            return;
        }

        Span<byte> part = destination.Slice((int)(start - offsetBytes), (int)(end - start));
        if (change.Bytes is { } bytes)
        {
            bytes.AsSpan((int)(start - change.OffsetBytes), part.Length).CopyTo(part);
        }
        else if (change.Phase == ChangePhase.Free)
        {
            part.Clear();
        }
        else
        {
            ReadKept(part, change.SourceOffsetBytes + (start - change.OffsetBytes));
        }
    }
}
