using VmdkFast.Tests.Support;

namespace VmdkFast.Tests.Durability;

/// <summary>
/// One file of a history at one position: what is durable, and of each unit every content that may have reached the
/// disk since.
/// </summary>
/// <param name="unitBytes">What the disk writes whole: 512, or 4,096.</param>
/// <param name="start">The content at the beginning, all durable.</param>
sealed class ReplayedFile(int unitBytes, byte[] start)
{
    readonly SortedDictionary<long, List<Version>> _pending = [];
    readonly List<(long LengthBytes, FileChange Source)> _lengths = [];
    byte[] _durable = start.ToArray();

    /// <summary>One content of a unit. A null array is all zeros.</summary>
    readonly record struct Version(byte[]? Bytes, FileChange Source);

    internal long DurableLengthBytes { get; private set; } = start.Length;

    /// <summary>Lengths that may have become the file's, in order, after the durable one.</summary>
    internal int PendingLengths => _lengths.Count;

    /// <summary>Units with pending content, and of how many versions.</summary>
    internal IEnumerable<(long Unit, int Versions)> Pending => _pending.Select(pair => (pair.Key, pair.Value.Count));

    /// <summary>Units whose durable content has changed since this was last cleared.</summary>
    internal HashSet<long> Settled { get; } = [];

    long LatestLengthBytes => _lengths.Count > 0 ? _lengths[^1].LengthBytes : DurableLengthBytes;

    internal void Apply(FileChange change)
    {
        switch (change.Kind)
        {
            case ChangeKind.Write:
                Overlay(change, change.OffsetBytes, change.LengthBytes, change.Bytes);
                ChangeLength(change, Math.Max(LatestLengthBytes, change.OffsetBytes + change.LengthBytes));
                break;
            case ChangeKind.Grow:
                ChangeLength(change, Math.Max(LatestLengthBytes, change.LengthBytes));
                break;
            case ChangeKind.Punch:
                long endBytes = Math.Min(change.OffsetBytes + change.LengthBytes, LatestLengthBytes);
                Overlay(change, change.OffsetBytes, endBytes - change.OffsetBytes, null);
                break;
            case ChangeKind.Truncate when change.LengthBytes < LatestLengthBytes:
                Overlay(change, change.LengthBytes, LatestLengthBytes - change.LengthBytes, null);
                ChangeLength(change, change.LengthBytes);
                break;
            case ChangeKind.Barrier:
                Settle(change.StartedAt);
                break;
            case ChangeKind.FailedBarrier:
                Lose(change.Seed);
                break;
            default:
                break;
        }
    }

    /// <summary>Length after a cut that the first so many pending changes of it survive.</summary>
    internal long LengthBytes(int survivingVersions) =>
        survivingVersions == 0 ? DurableLengthBytes : _lengths[survivingVersions - 1].LengthBytes;

    /// <summary>A unit's content after a cut that its first so many versions survive.</summary>
    internal void Read(long unit, int survivingVersions, Span<byte> destination)
    {
        destination.Clear();
        if (survivingVersions > 0)
        {
            _pending[unit][survivingVersions - 1].Bytes?.CopyTo(destination);
            return;
        }

        long offset = unit * unitBytes;
        if (offset < _durable.Length)
        {
            int count = (int)Math.Min(unitBytes, _durable.Length - offset);
            _durable.AsSpan((int)offset, count).CopyTo(destination);
        }
    }

    /// <summary>Units at or behind an offset whose durable content is not all zeros.</summary>
    internal IEnumerable<long> NonZeroFrom(long offsetBytes)
    {
        for (long unit = offsetBytes / unitBytes; unit * unitBytes < _durable.Length;)
        {
            int start = (int)(unit * unitBytes);
            int next = _durable.AsSpan(start).IndexOfAnyExcept((byte)0);
            if (next < 0)
            {
                yield break;
            }

            unit = (start + next) / unitBytes;
            yield return unit++;
        }
    }

    void Overlay(FileChange change, long offsetBytes, long lengthBytes, byte[]? bytes)
    {
        for (long done = 0; done < lengthBytes;)
        {
            (long unit, long within) = Math.DivRem(offsetBytes + done, unitBytes);
            int count = (int)Math.Min(unitBytes - within, lengthBytes - done);
            byte[] content = new byte[unitBytes];
            bool known = _pending.TryGetValue(unit, out List<Version>? versions);
            Read(unit, known ? versions!.Count : 0, content);
            bool changes = bytes is not null || content.AsSpan((int)within, count).ContainsAnyExcept((byte)0);
            if (bytes is null)
            {
                content.AsSpan((int)within, count).Clear();
            }
            else
            {
                bytes.AsSpan((int)done, count).CopyTo(content.AsSpan((int)within));
            }

            // Zeros over zeros are no change: a hole of megabytes must not become thousands of pending units.
            if (changes)
            {
                if (!known)
                {
                    _pending.Add(unit, versions = []);
                }

                versions!.Add(new Version(content, change));
            }

            done += count;
        }
    }

    void ChangeLength(FileChange change, long lengthBytes)
    {
        if (lengthBytes != LatestLengthBytes)
        {
            _lengths.Add((lengthBytes, change));
        }
    }

    void Settle(long startedAt)
    {
        foreach (long unit in _pending.Keys.ToArray())
        {
            Settle(unit, _pending[unit].FindLastIndex(version => version.Source.CompletedAt <= startedAt) + 1);
        }

        SettleLength(_lengths.FindLastIndex(length => length.Source.CompletedAt <= startedAt) + 1);
    }

    // Whatever version of a unit had reached the disk by chance is what stays; the rest is forgotten.
    void Lose(ulong seed)
    {
        var random = new SplitMix(seed);
        foreach (long unit in _pending.Keys.ToArray())
        {
            List<Version> versions = _pending[unit];
            Settle(unit, (int)random.NextBelow(versions.Count + 1));
            _pending.Remove(unit);
        }

        SettleLength((int)random.NextBelow(_lengths.Count + 1));
        _lengths.Clear();
    }

    void Settle(long unit, int count)
    {
        if (count == 0)
        {
            return;
        }

        List<Version> versions = _pending[unit];
        long offset = unit * unitBytes;
        if (offset + unitBytes > _durable.Length)
        {
            // Doubled, so that a file that grows unit by unit is not copied for each.
            Array.Resize(ref _durable, (int)Math.Max(offset + unitBytes, _durable.Length * 2L));
        }

        Read(unit, count, _durable.AsSpan((int)offset, unitBytes));
        Settled.Add(unit);
        versions.RemoveRange(0, count);
        if (versions.Count == 0)
        {
            _pending.Remove(unit);
        }
    }

    void SettleLength(int count)
    {
        if (count > 0)
        {
            DurableLengthBytes = _lengths[count - 1].LengthBytes;
            _lengths.RemoveRange(0, count);
        }
    }
}
