using VmdkFast.Writing;

namespace VmdkFast.Checking;

/// <summary>
/// Stored grains that no entry names. A stream stores each grain once, so that one whose place is empty was lost by its
/// table, or with it.
/// </summary>
sealed class UnnamedGrains(
    SparseSubject subject, DirectoryCheck directory, GrainCheck grains, StoredGrains stored, FrontTables front,
    MarkerWalk walk, bool wasCutShort)
{
    readonly CheckedFile _file = subject.File;
    readonly SparseShape _shape = subject.Shape;

    /// <summary>Whether a grain was found whose table does not exist.</summary>
    internal bool LacksTable { get; private set; }

    /// <summary>Looks at all of them.</summary>
    /// <param name="cancellationToken">Ends the work between two grains.</param>
    internal void Run(CancellationToken cancellationToken)
    {
        if (_shape.DirectorySector == 0)
        {
            // No table can be found at all, and that has been said.
            return;
        }

        for (int i = 0; i < stored.Count;)
        {
            cancellationToken.ThrowIfCancellationRequested();
            int end = EndOfRun(i);
            if (end > i)
            {
                Report(i, end);
            }

            i = Math.Max(end, i + 1);
        }
    }

    // Grains of one table, one behind the other, all of which no entry names where their own would be.
    int EndOfRun(int start)
    {
        int end = start;
        while (end < stored.Count && stored[end].Grain == stored[start].Grain + (end - start)
            && stored[end].Grain / _shape.TableEntries == stored[start].Grain / _shape.TableEntries && IsSought(end))
        {
            end++;
        }

        return end;
    }

    bool IsSought(int index)
    {
        StoredPlace place = stored[index];
        if (stored.IsNamed(index) || grains.IsDoubted(place.Sector) || !IsPlaceEmpty(place))
        {
            return false;
        }

        bool isDoubled = (index > 0 && stored[index - 1].Grain == place.Grain)
            || (index + 1 < stored.Count && stored[index + 1].Grain == place.Grain);
        if (_shape.DirectoryAtEnd)
        {
            return !isDoubled;
        }

        if (!isDoubled && walk.Inflates(place.Sector))
        {
            return true;
        }

        KeepUnused(place, isDoubled);
        return false;
    }

    // Another grain or a zero may be meant, and what that is worth has been said.
    bool IsPlaceEmpty(in StoredPlace place)
    {
        Span<uint> entry = stackalloc uint[1];
        bool hasNoName = IsNameless((int)(place.Grain / _shape.TableEntries));
        bool isNamed = false;
        foreach (long offsetBytes in EntriesOf(place.Grain))
        {
            _file.ReadEntries(offsetBytes, entry);
            bool isOwn = hasNoName && entry[0] == place.Sector;
            if (!isOwn && (entry[0] != 0 || wasCutShort))
            {
                return false;
            }

            isNamed |= isOwn;
        }

        return isNamed || !wasCutShort;
    }

    // Nobody knows whose it is, so it is left where it is: no free space.
    void KeepUnused(in StoredPlace place, bool isDoubled)
    {
        if (_file.Used.Overlaps(place.Sector, 1))
        {
            return;
        }

        string fault = isDoubled ? "another one claims its place, too" : "it does not inflate";
        subject.Find(
            VmdkFindingKind.LeakedSpace,
            $"a grain for disk sector {place.Grain * _shape.GrainSectors} is named by no table, and {fault}",
            (long)place.Sector << Sector.Shift, subject.GuestOfGrain(place.Grain));
        _file.Used.Add(place.Sector, place.LengthSectors);
    }

    void Report(int start, int end)
    {
        StoredPlace first = stored[start];
        int count = end - start;
        GuestStretch guest = subject.GuestOfGrain(first.Grain);
        GuestStretch last = subject.GuestOfGrain(stored[end - 1].Grain);
        guest = guest with { LengthBytes = last.OffsetBytes + last.LengthBytes - guest.OffsetBytes };
        subject.Find(
            VmdkFindingKind.GrainWithoutEntry,
            (count == 1 ? "the grain" : $"{count} grains from the one")
            + $" for disk sector {first.Grain * _shape.GrainSectors} {(count == 1 ? "is" : "are")} named by no table",
            (long)first.Sector << Sector.Shift, guest, count);
        var bytes = new byte[count * sizeof(uint)];
        for (int i = start; i < end; i++)
        {
            SparseMarks.Bytes(stored[i].Sector).CopyTo(bytes, (i - start) * sizeof(uint));
            stored.SetNamed(i);
            _file.Used.Add(stored[i].Sector, stored[i].LengthSectors);
        }

        int table = (int)(first.Grain / _shape.TableEntries);
        bool hasTable = false;
        foreach (long offsetBytes in EntriesOf(first.Grain))
        {
            hasTable = true;
            subject.Log.Propose(new WriteStep(
                _file, RepairClass.Restore,
                count == 1 ? "the entry that the grain's marker asks for" : $"the entries that {count} markers ask for",
                offsetBytes, bytes)
            { BroughtBack = guest });
        }

        LacksTable |= !hasTable;
        if (hasTable && IsNameless(table))
        {
            front.ProposeNames(table);
        }
    }

    bool IsNameless(int table) => directory.PlacesOf(table) is (0, 0);

    // Where an entry and its copy are, also in a table that no directory names any more.
    IEnumerable<long> EntriesOf(long grain)
    {
        int table = (int)(grain / _shape.TableEntries);
        (long primary, long copy) = directory.PlacesOf(table);
        if (IsNameless(table))
        {
            (primary, copy) = front.PlacesOf(table);
        }

        long index = grain % _shape.TableEntries * sizeof(uint);
        if (primary != 0)
        {
            yield return (primary << Sector.Shift) + index;
        }

        if (copy != 0)
        {
            yield return (copy << Sector.Shift) + index;
        }
    }
}
