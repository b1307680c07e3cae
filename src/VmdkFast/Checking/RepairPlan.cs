using VmdkFast.Writing;

namespace VmdkFast.Checking;

/// <summary>Turns what a check proposes into changes of files. Reads and writes nothing.</summary>
sealed class RepairPlan
{
    readonly VmdkRepairOptions _options;
    readonly RepairGround _ground;
    readonly Dictionary<CheckedFile, long> _ends = [];
    readonly List<PlannedChange> _changes = [];
    readonly List<VmdkLostRange> _lost = [];
    readonly HashSet<long> _lostOffsets = [];
    readonly List<GuestStretch> _broughtBack = [];

    RepairPlan(VmdkRepairOptions options, RepairGround ground)
    {
        _options = options;
        _ground = ground;
    }

    /// <summary>The changes in the order in which they are to be made.</summary>
    internal IReadOnlyList<PlannedChange> Changes => _changes;

    internal IReadOnlyList<VmdkLostRange> Lost => _lost;

    /// <summary>What can be read again, as far as the steps know it.</summary>
    internal IReadOnlyList<GuestStretch> BroughtBack => _broughtBack;

    /// <summary>Makes the plan.</summary>
    /// <param name="steps">What the check proposes.</param>
    /// <param name="ground">What the checks found.</param>
    /// <param name="options">What is allowed.</param>
    internal static RepairPlan Make(
        IReadOnlyList<RepairStep> steps, RepairGround ground, VmdkRepairOptions options)
    {
        var plan = new RepairPlan(options, ground);
        foreach (RepairStep step in steps)
        {
            if (plan.IsAllowed(step.Class) && step is not FreeStep)
            {
                plan.Add(step);
            }
        }

        foreach (FreeStep free in steps.OfType<FreeStep>())
        {
            if (plan.IsAllowed(free))
            {
                plan.AddFree(free);
            }
        }

        plan._changes.Sort(static (a, b) => a.Phase.CompareTo(b.Phase));
        return plan;
    }

    bool IsAllowed(FreeStep free) =>
        IsAllowed(RepairClass.Free) && (free.Class == RepairClass.Free || _options.DropLost);

    bool IsAllowed(RepairClass kind) => kind switch
    {
        RepairClass.Free => _ground.MayFree,
        _ when _options.Scope == VmdkRepairScope.Leaks => false,
        RepairClass.AcceptParent => _options.AcceptParent,
        RepairClass.Drop => _options.DropLost,
        RepairClass.CallClean => _ground.IsSound,
        _ => true,
    };

    void Add(RepairStep step)
    {
        if (!step.File.File.CanWrite && _options.Apply)
        {
            return;
        }

        if (step.Lost is { } lost && _lostOffsets.Add(lost.OffsetBytes))
        {
            _lost.Add(new VmdkLostRange(lost.OffsetBytes, lost.LengthBytes));
        }

        if (step.BroughtBack is { } back)
        {
            _broughtBack.Add(back);
        }

        switch (step)
        {
            case CutStep cut:
                _ends[cut.File] = cut.LengthBytes;
                _changes.Add(new PlannedChange(
                    cut.File, ChangePhase.Cut, cut.LengthBytes, cut.File.LengthBytes - cut.LengthBytes, cut.Reason)
                { Cuts = true });
                break;
            case WriteStep write:
                bool appends = write.OffsetBytes >= EndOf(write.File);
                _changes.Add(new PlannedChange(
                    write.File, appends ? ChangePhase.Append : ChangePhase.Write, write.OffsetBytes, write.Bytes.Length,
                    write.Reason)
                { Bytes = write.Bytes });
                if (appends)
                {
                    _ends[write.File] = write.OffsetBytes + write.Bytes.Length;
                }

                break;
            case CopyStep copy:
                AddCopy(copy);
                break;
        }
    }

    void AddCopy(CopyStep copy)
    {
        long sector = Sector.CountFor(EndOf(copy.File));
        sector = (sector + copy.AlignSectors - 1) / copy.AlignSectors * copy.AlignSectors;
        if (sector + Sector.CountFor(copy.LengthBytes) > uint.MaxValue)
        {
            // No entry can point there; what could be repaired otherwise still is.
            return;
        }

        long offsetBytes = sector << Sector.Shift;
        _changes.Add(new PlannedChange(copy.File, ChangePhase.Append, offsetBytes, copy.LengthBytes, copy.Reason)
        {
            SourceOffsetBytes = copy.SourceOffsetBytes,
        });
        foreach (long entry in copy.EntryOffsetsBytes)
        {
            _changes.Add(new PlannedChange(copy.File, ChangePhase.Write, entry, sizeof(uint), copy.Reason)
            {
                Bytes = SparseMarks.Bytes((uint)sector),
            });
        }

        _ends[copy.File] = offsetBytes + copy.LengthBytes;
    }

    void AddFree(FreeStep free)
    {
        if (!free.File.File.CanWrite && _options.Apply)
        {
            return;
        }

        bool isTail = free.OffsetBytes + free.LengthBytes >= EndOf(free.File) && !_ends.ContainsKey(free.File);
        if (isTail && free.MayCut)
        {
            _changes.Add(new PlannedChange(
                free.File, ChangePhase.Free, free.OffsetBytes, free.LengthBytes, free.Reason)
            { Cuts = true });
        }
        else if (free.MayPunch)
        {
            _changes.Add(new PlannedChange(
                free.File, ChangePhase.Free, free.OffsetBytes, free.LengthBytes, free.Reason));
        }
    }

    long EndOf(CheckedFile file) => _ends.TryGetValue(file, out long end) ? end : file.LengthBytes;
}
