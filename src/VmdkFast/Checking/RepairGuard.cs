using VmdkFast.Storage;

namespace VmdkFast.Checking;

/// <summary>
/// Tries a plan before it is carried out: the image is checked as the changes would leave it, and what a reader finds
/// is compared. Steps that would make anything worse are left out. Not thread-safe.
/// </summary>
/// <param name="path">The image.</param>
/// <param name="found">What the check found as things are.</param>
/// <param name="first">What it found before the first round.</param>
/// <param name="options">What is allowed.</param>
/// <param name="originals">What files were before the first round; those that are met first are added.</param>
sealed class RepairGuard(
    string path, VmdkCheckResult found, VmdkCheckResult first, VmdkRepairOptions options,
    Dictionary<FileIdentity, OriginalUse> originals)
{
    // Halving a plan finds one bad step among half a million in 40 trials; what is left then is left out.
    const int MaxTrials = 48;

    readonly RepairGround _ground = RepairGround.Of(first, found);
    readonly Dictionary<CheckedFile, ReaderGuard> _readers = [];
    readonly List<RepairStep> _kept = [];
    readonly List<RepairStep> _leftOut = [];
    int _trials;

    /// <summary>Steps that would have made something worse.</summary>
    internal IReadOnlyList<RepairStep> LeftOut => _leftOut;

    /// <summary>The plan of those steps that make nothing worse, also together.</summary>
    internal RepairPlan Choose(IReadOnlyList<RepairStep> steps, CancellationToken cancellationToken)
    {
        var harmless = new List<RepairStep>();
        foreach (RepairStep step in steps)
        {
            IReadOnlyList<PlannedChange> changes = PlanOf([step]).Changes;
            if (changes.Count > 0 && !IsDone(step))
            {
                bool liesOverData = !step.ReplacesDirectory && changes.Any(LiesOverData);
                (IsPremature(step) || liesOverData ? _leftOut : harmless).Add(step);
            }
        }

        foreach (IGrouping<CheckedFile, RepairStep> file in harmless.GroupBy(static step => step.File))
        {
            Choose([.. file], cancellationToken);
        }

        if (found.IsSound && !_ground.MayFree)
        {
            _leftOut.AddRange(steps.Where(static step => step is FreeStep).Select(static step => step with
            {
                Reason = $"{step.Reason}; another run gives it back, if what was wrong has not lost it",
            }));
        }

        return PlanOf(_kept);
    }

    RepairPlan PlanOf(IReadOnlyList<RepairStep> steps) => RepairPlan.Make(steps, _ground, options);

    // A value that is there already, where two findings lead to one step or a reader does not go by what is written.
    static bool IsDone(RepairStep step)
    {
        if (step is not WriteStep write || write.OffsetBytes + write.Bytes.Length > write.File.LengthBytes)
        {
            return false;
        }

        byte[] there = new byte[write.Bytes.Length];
        return write.File.File.Read(there, write.OffsetBytes) == there.Length
            && there.AsSpan().SequenceEqual(write.Bytes);
    }

    void Choose(RepairStep[] steps, CancellationToken cancellationToken)
    {
        if (steps.Length == 0)
        {
            return;
        }

        cancellationToken.ThrowIfCancellationRequested();
        if (_trials++ < MaxTrials && IsHarmless([.. _kept, .. steps], cancellationToken))
        {
            _kept.AddRange(steps);
        }
        else if (steps.Length == 1 || _trials >= MaxTrials || steps.Any(IsPartOfWhole))
        {
            _leftOut.AddRange(steps);
        }
        else
        {
            Choose(steps[..(steps.Length / 2)], cancellationToken);
            Choose(steps[(steps.Length / 2)..], cancellationToken);
        }
    }

    // What only looks like a table names the same place over and over; nothing is gained by what is written into it.
    bool IsPremature(RepairStep step) => step is CopyStep { PartsOwners: true }
        && (RepairGround.IsOdd(found) || Corruptions(found).Any(kind => kind != VmdkFindingKind.GrainShared));

    // What is appended piece by piece is of use only as a whole.
    static bool IsPartOfWhole(RepairStep step) =>
        step is CutStep || (step is WriteStep write && write.OffsetBytes >= write.File.LengthBytes);

    bool LiesOverData(PlannedChange change) => ReaderOf(change.File).LiesOverData(change);

    bool IsHarmless(IReadOnlyList<RepairStep> steps, CancellationToken cancellationToken)
    {
        RepairPlan plan = PlanOf(steps);
        var planned = plan.Changes.GroupBy(change => change.File).ToDictionary(
            file => file.Key.Local.Identity, file => new PlannedFile(file.Key.Local, file));
        bool readsTheSame = true;
        foreach (CheckedFile file in plan.Changes.Select(change => change.File).Distinct())
        {
            RepairStep[] own = [.. steps.Where(step => step.File == file)];
            if (own.Any(static step => step.ReplacesDirectory))
            {
                continue;
            }

            if (own.Any(static step => step.ProvesHeader))
            {
                readsTheSame = false;
                continue;
            }

            HashSet<int> tables = [.. own.Select(step => step.ProvedTable).OfType<int>()];
            ReadingChange change = ReaderOf(file).Compare(
                planned[file.Local.Identity],
                own.Any(step => step.ProvesDirectory) ? static _ => true : tables.Count == 0 ? null : tables.Contains,
                own.SelectMany(step => step.ReplacedTables ?? new HashSet<int>()).ToHashSet(),
                isOnlyDamage: first is { Corruptions: 1, Leaks: 0 } && !RepairGround.IsOdd(first));
            if (change == ReadingChange.Unfounded)
            {
                return false;
            }

            readsTheSame &= change == ReadingChange.None;
        }

        // What can be read is only changed where that explains all damage that there is, and all of it is of one kind:
        // in an image with more of it two wrong entries may well agree. The kinds are known before a check is made.
        if (!readsTheSame && !HasOneCause(first))
        {
            return false;
        }

        var run = new CheckRun(options.Check with { ForceShare = true }, wantsSteps: false, null);
        using var check = new ImageCheck(
            run, FileAccessMode.Read, file => planned.TryGetValue(file.Identity, out PlannedFile? with) ? with : file);
        check.Run(path, cancellationToken);
        VmdkCheckResult after = run.Finish(path);

        return readsTheSame
            ? after.Corruptions <= found.Corruptions && after.CheckErrors <= found.CheckErrors
            : after is { Corruptions: 0, CheckErrors: 0 };
    }

    // A sector of entries that was lost shows as many findings of one kind.
    static bool HasOneCause(VmdkCheckResult result) =>
        result.OmittedFindings == 0 && !RepairGround.IsOdd(result)
        && Corruptions(result).Distinct().Take(2).Count() == 1;

    static IEnumerable<VmdkFindingKind> Corruptions(VmdkCheckResult result) => result.Findings
        .Where(static finding => finding.Severity == VmdkFindingSeverity.Corruption)
        .Select(static finding => finding.Kind);

    ReaderGuard ReaderOf(CheckedFile file)
    {
        if (!_readers.TryGetValue(file, out ReaderGuard? reader))
        {
            FileIdentity identity = file.Local.Identity;
            reader = new ReaderGuard(file.Local, options.Check.Limits, originals.GetValueOrDefault(identity));
            originals.TryAdd(identity, reader.Original);
            _readers.Add(file, reader);
        }

        return reader;
    }
}
