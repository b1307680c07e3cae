using System.Buffers.Binary;

namespace VmdkFast.Checking;

/// <summary>
/// Judges a sector of a table against the same sector of its copy: a sector is what a disk loses. Not thread-safe.
/// </summary>
/// <remarks>
/// Where one of the two has impossible entries, and else none of its own that the other has not, while all of the
/// other's are possible, it was lost as a whole: one finding, one step. Entry by entry, 8 MiB of noise over tables were
/// 1.3 million of each, and what had been another table's sector looked like damage of two kinds.
/// </remarks>
sealed class LostSectorCheck(SparseSubject subject, GrainCheck grains)
{
    /// <summary>How many entries a sector has.</summary>
    internal const int Entries = Sector.Bytes / sizeof(uint);

    readonly SparseShape _shape = subject.Shape;
    readonly HashSet<uint> _named = [];

    /// <summary>Takes the grains of the sector that was not lost.</summary>
    /// <param name="first">The first entry.</param>
    /// <param name="primary">The entries of the table that is read.</param>
    /// <param name="copy">Those of its copy.</param>
    /// <returns>False, and nothing is done, when neither was lost as a whole, or nobody knows which.</returns>
    internal bool TrySettle(in EntryPlace first, ReadOnlySpan<uint> primary, ReadOnlySpan<uint> copy)
    {
        // The grains of a stream say themselves where they belong.
        if (_shape.Markers || primary.SequenceEqual(copy))
        {
            return false;
        }

        bool isPrimary = IsLost(first.Grain, primary, copy);
        if (!isPrimary && !IsLost(first.Grain, copy, primary))
        {
            return false;
        }

        Report(first, isPrimary, isPrimary ? primary : copy, isPrimary ? copy : primary);
        return true;
    }

    bool IsLost(long grain, ReadOnlySpan<uint> entries, ReadOnlySpan<uint> others)
    {
        int impossible = 0;
        int differing = 0;
        _named.Clear();
        for (int i = 0; i < entries.Length; i++)
        {
            if (entries[i] == others[i])
            {
                continue;
            }

            differing++;
            bool isPossible = grains.IsPossible(grain + i, entries[i]);
            impossible += isPossible ? 0 : 1;
            if ((isPossible && !_shape.IsPlaceless(entries[i])) || !grains.IsPossible(grain + i, others[i])
                || (!_shape.IsPlaceless(others[i]) && !_named.Add(others[i])))
            {
                return false;
            }
        }

        return impossible > 0 && differing > 1;
    }

    void Report(in EntryPlace first, bool isPrimary, ReadOnlySpan<uint> lost, ReadOnlySpan<uint> right)
    {
        int from = lost.CommonPrefixLength(right);
        int to = lost.Length;
        while (lost[to - 1] == right[to - 1])
        {
            to--;
        }

        int differing = 0;
        bool losesAny = false;
        for (int i = from; i < to; i++)
        {
            differing += lost[i] != right[i] ? 1 : 0;
            losesAny |= isPrimary && lost[i] != right[i] && right[i] <= 1;
            if (lost[i] != right[i])
            {
                grains.Take(first.At(i), right[i]);
            }
        }

        EntryPlace start = first.At(from);
        long offset = isPrimary ? start.OffsetBytes : start.CopyOffsetBytes;
        GuestStretch guest = GuestOf(start.Grain, first.At(to - 1).Grain);
        string name = $"grainTable[{start.Table}][{start.Index}..{start.Index + to - from - 1}]";
        subject.Find(
            isPrimary ? VmdkFindingKind.TableEntryInvalid : VmdkFindingKind.CopyInvalid,
            $"{name}: {differing} entries {(isPrimary ? "" : "of the copy ")}are wrong, and none of the other table's",
            offset, guest, differing);
        subject.Log.Propose(new WriteStep(
            subject.File, RepairClass.Restore, $"{name}: {(isPrimary ? "from the copy" : "to the copy")}", offset,
            Bytes(right[from..to]))
        {
            LostIfUnused = losesAny ? guest : null,
            ProvedTable = isPrimary ? start.Table : null,
        });
    }

    GuestStretch GuestOf(long firstGrain, long lastGrain)
    {
        GuestStretch first = subject.GuestOfGrain(firstGrain);
        GuestStretch last = subject.GuestOfGrain(lastGrain);
        return first with { LengthBytes = last.OffsetBytes + last.LengthBytes - first.OffsetBytes };
    }

    static byte[] Bytes(ReadOnlySpan<uint> entries)
    {
        var bytes = new byte[entries.Length * sizeof(uint)];
        for (int i = 0; i < entries.Length; i++)
        {
            BinaryPrimitives.WriteUInt32LittleEndian(bytes.AsSpan(i * sizeof(uint)), entries[i]);
        }

        return bytes;
    }
}
