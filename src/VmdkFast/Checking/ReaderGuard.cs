using VmdkFast.Storage;

namespace VmdkFast.Checking;

/// <summary>
/// What a reader finds in a sparse file before a repair, and whether it would still find it afterwards.
/// Not thread-safe.
/// </summary>
sealed class ReaderGuard
{
    const int PieceBytes = 64 << 10;

    readonly VmdkLimits _limits;
    readonly ReaderView? _before;
    readonly SpaceMap _data;
    readonly SpaceMap _shared;
    long _endBytes;

    /// <param name="file">The file as it is.</param>
    /// <param name="limits">What a reader goes by.</param>
    /// <param name="original">What the file was before the first round; null in the first.</param>
    internal ReaderGuard(ImageFile file, VmdkLimits limits, OriginalUse? original)
    {
        _limits = limits;
        _before = ReaderView.Open(file, limits);
        _data = new SpaceMap(Sector.CountFor(file.LengthBytes));
        _shared = new SpaceMap(Sector.CountFor(file.LengthBytes));
        if (_before is not null)
        {
            Survey(_before, static _ => false, Note, _data.Add);
            NoteTables(_before);
        }

        Original = original ?? new OriginalUse(file.LengthBytes, _data);
    }

    /// <summary>What the file was before the first round.</summary>
    internal OriginalUse Original { get; }

    /// <summary>Whether a change writes over bytes of the disk.</summary>
    internal bool LiesOverData(PlannedChange change)
    {
        // A grain that the file's end cuts off reads as zeros there: what is appended must not become its end.
        if (change.Phase == ChangePhase.Append)
        {
            return change.OffsetBytes < _endBytes;
        }

        long sector = change.OffsetBytes >> Sector.Shift;
        return change.LengthBytes > 0
            && _data.Overlaps(sector, Sector.CountFor(change.OffsetBytes + change.LengthBytes) - sector);
    }

    /// <summary>How what can be read now reads in a file as a plan would leave it.</summary>
    /// <param name="planned">The file with its changes.</param>
    /// <param name="proved">
    /// Whether a proof says where a table is, whatever a reader takes for it now; null when none is proved.
    /// </param>
    /// <param name="replaced">Tables that are proved to be none: what a reader finds by them is not looked at.</param>
    /// <param name="isOnlyDamage">
    /// Whether the image has one corruption, and nothing odd besides: then a grain that runs into another's may also
    /// give way to nothing, which its copy says. With two of them the copy may be the other one; and a grain that
    /// nothing uses may be what both entries have lost.
    /// </param>
    internal ReadingChange Compare(
        PlannedFile planned, Func<int, bool>? proved, HashSet<int> replaced, bool isOnlyDamage)
    {
        if (_before is null)
        {
            return ReadingChange.None;
        }

        if (ReaderView.Open(planned, _limits) is not { } after || after.TableEntries != _before.TableEntries
            || after.Tables != _before.Tables)
        {
            return ReadingChange.Unfounded;
        }

        var change = ReadingChange.None;
        SpaceMap owned = OwnedBeside(_before, proved);
        var old = new long[_before.TableEntries];
        var now = new long[_before.TableEntries];
        for (int table = 0; table < _before.Tables; table++)
        {
            if ((_before.DirectoryEntry(table) | after.DirectoryEntry(table)) == 0 || replaced.Contains(table))
            {
                continue;
            }

            _before.Resolve(table, old);
            after.Resolve(table, now);
            int count = _before.CountOf(table);
            for (int i = 0; i < count; i++)
            {
                long grain = ((long)table * old.Length) + i;
                if (old[i] == now[i] || IsSame(grain, old[i], now[i], after))
                {
                    continue;
                }

                bool isFounded = old[i] != ReaderView.Refused
                    && (proved?.Invoke(table) == true ? IsFree(grain, now[i], after, owned)
                        : old[i] == 0 ? IsFree(grain, now[i], after, owned, Original.Data)
                        : IsFounded(grain, old[i], now[i], after, isOnlyDamage));
                if (!isFounded)
                {
                    return ReadingChange.Unfounded;
                }

                change = ReadingChange.Founded;
            }
        }

        return change;
    }

    // A grain that a reader refuses where it is cannot become worse, unless the file has grown over where it leads:
    // then it would read as what was appended, which is another's.
    bool IsSame(long grain, long old, long now, ReaderView after)
    {
        if (old == ReaderView.Refused)
        {
            return now <= 0 || (now << Sector.Shift) < Original.LengthBytes;
        }

        long length = old > 0 ? _before!.LengthOf(grain, old) : 0;
        return old > 0 && (length == 0 || (now > 0 && IsEqual(after, old, now, length)));
    }

    // Nowhere may become somewhere: a grain that nobody else owns outweighs an empty entry, if a reader takes it. What
    // the repair has appended, or taken from somebody in an earlier round, is no such grain.
    bool IsFree(long grain, long now, ReaderView after, SpaceMap owned, SpaceMap? ownedBefore = null) =>
        now is 0 or ReaderView.Zeros || (IsOriginal(grain, now, after, out long length)
            && !owned.Overlaps(now, length) && ownedBefore?.Overlaps(now, length) != true);

    // Read with another grain's bytes, or from where no grain can begin.
    bool IsFounded(long grain, long old, long now, ReaderView after, bool isOnlyDamage)
    {
        ReaderView view = _before!;
        // A stored grain whose marker says that it belongs here, and that inflates, is what was written here.
        if (old == ReaderView.Zeros || (view.HasMarkers && view.IsReadable(grain, old)))
        {
            return false;
        }

        long length = view.LengthOf(grain, old);
        bool isMisplaced = view.IsAligned && old % view.GrainSectors != 0;
        return (_shared.Overlaps(old, length) && (now > 0 || (isOnlyDamage && now != ReaderView.Refused)))
            || (isMisplaced && IsItsRealPlace(grain, old, now, length, after));
    }

    // Where grains begin at multiples of their size, one that does not may give way to one that does, and that nobody
    // else owns; never to nothing.
    bool IsItsRealPlace(long grain, long old, long now, long oldLength, ReaderView after)
    {
        if (now % _before!.GrainSectors != 0 || !IsOriginal(grain, now, after, out long length))
        {
            return false;
        }

        for (long at = now; at < now + length; at++)
        {
            bool isOwn = at >= old && at < old + oldLength && !_shared.Overlaps(at, 1);
            if (!isOwn && (_data.Overlaps(at, 1) || Original.Data.Overlaps(at, 1)))
            {
                return false;
            }
        }

        return true;
    }

    bool IsOriginal(long grain, long now, ReaderView after, out long lengthSectors)
    {
        lengthSectors = now > 0 ? after.LengthOf(grain, now) : 0;
        return lengthSectors > 0 && (now << Sector.Shift) < Original.LengthBytes && after.IsReadable(grain, now);
    }

    bool IsEqual(ReaderView after, long old, long now, long lengthSectors)
    {
        var left = new byte[Math.Min(PieceBytes, lengthSectors << Sector.Shift)];
        var right = new byte[left.Length];
        for (long done = 0; done < lengthSectors << Sector.Shift; done += left.Length)
        {
            left.AsSpan(_before!.File.Read(left, (old << Sector.Shift) + done)).Clear();
            right.AsSpan(after.File.Read(right, (now << Sector.Shift) + done)).Clear();
            if (!left.AsSpan().SequenceEqual(right))
            {
                return false;
            }
        }

        return true;
    }

    SpaceMap OwnedBeside(ReaderView view, Func<int, bool>? proved)
    {
        if (proved is null)
        {
            return _data;
        }

        var owned = new SpaceMap(_data.LengthSectors);
        Survey(view, proved, owned.Add, owned.Add);
        return owned;
    }

    // Also what entries behind the disk's end name: a disk that was longer once, or whose header was damaged.
    static void Survey(
        ReaderView view, Func<int, bool> isLeftOut, Action<long, long> note, Action<long, long> noteBehindEnd)
    {
        var grains = new long[view.TableEntries];
        for (int table = 0; table < view.Tables; table++)
        {
            if (view.DirectoryEntry(table) == 0 || isLeftOut(table))
            {
                continue;
            }

            view.Resolve(table, grains);
            int count = view.CountOf(table);
            for (int i = 0; i < grains.Length; i++)
            {
                if (grains[i] > 0)
                {
                    long length = view.LengthOf(((long)table * grains.Length) + i, grains[i]);
                    (i < count ? note : noteBehindEnd)(grains[i], length);
                }
            }
        }
    }

    // A grain that lies over a table is not what was written there, or the table is none.
    void NoteTables(ReaderView view)
    {
        for (int table = 0; table < view.Tables; table++)
        {
            if (view.DirectoryEntry(table) != 0 && view.TableSector(table) is > 0 and long sector)
            {
                _shared.Add(sector, view.TableSectors);
            }
        }
    }

    // Of two grains at one place at most one is what was written there.
    void Note(long sector, long lengthSectors)
    {
        long end = sector + lengthSectors;
        long known = Math.Min(end, _data.LengthSectors);
        for (long at = _data.NextUsed(sector, known); at < known; at = _data.NextUsed(at + 1, known))
        {
            _shared.Add(at, 1);
        }

        _data.Add(sector, lengthSectors);
        _endBytes = Math.Max(_endBytes, end << Sector.Shift);
    }
}

/// <summary>What a file was before the first round of a repair.</summary>
/// <param name="LengthBytes">Its length: the rest was appended by the repair.</param>
/// <param name="Data">Where a reader found grains.</param>
sealed record OriginalUse(long LengthBytes, SpaceMap Data);

/// <summary>What a plan does to what a reader finds.</summary>
enum ReadingChange
{
    /// <summary>All that can be read reads the same; more may be readable.</summary>
    None,

    /// <summary>Something reads differently, and there is a reason to think that it was wrong.</summary>
    Founded,

    /// <summary>Something reads differently, or not at all, for no such reason.</summary>
    Unfounded,
}
