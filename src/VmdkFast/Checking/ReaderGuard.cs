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

    internal ReaderGuard(ImageFile file, VmdkLimits limits)
    {
        _limits = limits;
        _before = ReaderView.Open(file, limits);
        _data = new SpaceMap(Sector.CountFor(file.LengthBytes));
        _shared = new SpaceMap(Sector.CountFor(file.LengthBytes));
        if (_before is not null)
        {
            Survey(_before);
        }
    }

    /// <summary>Whether a change writes over bytes of the disk.</summary>
    internal bool LiesOverData(PlannedChange change) => change.Phase != ChangePhase.Append
        && change.LengthBytes > 0 && _data.Overlaps(
            change.OffsetBytes >> Sector.Shift,
            Sector.CountFor(change.OffsetBytes + change.LengthBytes) - (change.OffsetBytes >> Sector.Shift));

    /// <summary>Whether all that can be read now reads the same in a file as a plan would leave it.</summary>
    /// <param name="planned">The file with its changes.</param>
    /// <param name="proved">Whether a proof says where a table is, whatever a reader takes for it now.</param>
    internal bool ReadsTheSame(PlannedFile planned, Func<int, bool> proved)
    {
        if (_before is null)
        {
            return true;
        }

        if (ReaderView.Open(planned, _limits) is not { } after || after.TableEntries != _before.TableEntries
            || after.Tables != _before.Tables)
        {
            return false;
        }

        var old = new long[_before.TableEntries];
        var now = new long[_before.TableEntries];
        for (int table = 0; table < _before.Tables; table++)
        {
            if ((_before.DirectoryEntry(table) | after.DirectoryEntry(table)) == 0 || proved(table))
            {
                continue;
            }

            _before.Resolve(table, old);
            after.Resolve(table, now);
            for (int i = 0; i < old.Length; i++)
            {
                if (old[i] != now[i] && !IsAllowed(((long)table * old.Length) + i, old[i], now[i], after))
                {
                    return false;
                }
            }
        }

        return true;
    }

    // Refused, or read with another grain's bytes: only better can come. Nowhere may become somewhere, for a grain that
    // nobody else owns outweighs an empty entry.
    bool IsAllowed(long grain, long old, long now, ReaderView after)
    {
        if (old is 0 or ReaderView.Refused)
        {
            return old != 0 || now != ReaderView.Refused;
        }

        long length = old == 1 ? 0 : _before!.LengthOf(grain, old);
        if (old == 1 || length == 0)
        {
            return old != 1;
        }

        // Where grains begin at multiples of their size, one that does not is no grain.
        bool isMisplaced = _before!.IsAligned && old % _before.GrainSectors != 0;
        return isMisplaced || _shared.Overlaps(old, length) || (now > 1 && IsEqual(after, old, now, length));
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

    // Two grains at one place, or one that lies over a table: at most one of both is what was written there.
    void Survey(ReaderView view)
    {
        var grains = new long[view.TableEntries];
        for (int table = 0; table < view.Tables; table++)
        {
            if (view.DirectoryEntry(table) == 0)
            {
                continue;
            }

            view.Resolve(table, grains);
            for (int i = 0; i < grains.Length; i++)
            {
                if (grains[i] > 1)
                {
                    Note(grains[i], view.LengthOf(((long)table * grains.Length) + i, grains[i]));
                }
            }
        }

        for (int table = 0; table < view.Tables; table++)
        {
            if (view.DirectoryEntry(table) != 0 && view.TableSector(table) is > 0 and long sector)
            {
                _shared.Add(sector, view.TableSectors);
            }
        }
    }

    void Note(long sector, long lengthSectors)
    {
        long end = sector + lengthSectors;
        for (long at = sector; at < end; at++)
        {
            if (_data.Overlaps(at, 1))
            {
                _shared.Add(at, 1);
            }
        }

        _data.Add(sector, lengthSectors);
    }
}
