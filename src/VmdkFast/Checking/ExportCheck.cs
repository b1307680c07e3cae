using VmdkFast.Writing;

namespace VmdkFast.Checking;

/// <summary>
/// An exported stream is written once, so every grain in it has an entry; one without was lost by its table.
/// </summary>
sealed class ExportCheck(SparseSubject subject, DirectoryCheck directory, StoredGrains stored)
{
    /// <summary>Whether a grain was found whose table does not exist.</summary>
    internal bool LacksTable { get; private set; }

    internal void Run()
    {
        if (subject.Shape.DirectorySector == 0)
        {
            // No table can be found at all, and that has been said.
            return;
        }

        for (int i = 0; i < stored.Count; i++)
        {
            StoredPlace place = stored[i];
            if (stored.IsNamed(i) || (i > 0 && stored[i - 1].Grain == place.Grain)
                || (i + 1 < stored.Count && stored[i + 1].Grain == place.Grain))
            {
                continue;
            }

            Judge(i, place);
        }
    }

    void Judge(int index, StoredPlace place)
    {
        SparseShape shape = subject.Shape;
        int table = (int)(place.Grain / shape.TableEntries);
        long tableSector = directory.PlacesOf(table).Primary;
        long entryOffset = (tableSector << Sector.Shift) + (place.Grain % shape.TableEntries * sizeof(uint));
        if (tableSector != 0)
        {
            Span<uint> entry = stackalloc uint[1];
            subject.File.ReadEntries(entryOffset, entry);
            if (entry[0] != 0)
            {
                // Another grain or a zero is meant, and what that is worth has been said.
                return;
            }
        }

        long offsetBytes = (long)place.Sector << Sector.Shift;
        subject.Find(
            VmdkFindingKind.GrainWithoutEntry,
            $"the grain for disk sector {place.Grain * shape.GrainSectors} is named by no "
            + "table", offsetBytes, subject.GuestOfGrain(place.Grain));
        if (tableSector != 0)
        {
            subject.Log.Propose(new WriteStep(
                subject.File, RepairClass.Restore, "the entry that the grain's marker asks for", entryOffset,
                SparseMarks.Bytes(place.Sector)));
        }

        LacksTable |= tableSector == 0;
        stored.SetNamed(index);
        subject.File.Used.Add(place.Sector, place.LengthSectors);
    }
}
