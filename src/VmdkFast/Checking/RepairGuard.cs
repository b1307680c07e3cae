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

    readonly Dictionary<CheckedFile, ReaderGuard> _readers = [];
    readonly List<RepairStep> _kept = [];
    readonly List<RepairStep> _leftOut = [];
    int _trials;

    /// <summary>Steps that would have made something worse.</summary>
    internal IReadOnlyList<RepairStep> LeftOut => _leftOut;

    /// <summary>The plan of those steps that make nothing worse, also together.</summary>
    internal RepairPlan Choose(IReadOnlyList<RepairStep> steps, CancellationToken cancellationToken)
    {
        RepairStep[] allowed = [.. steps.Where(step => RepairPlan.Make([step], found, options).Changes.Count > 0)];
        RepairStep[] harmless = [.. allowed.Where(step => !LiesOverData(step))];
        _leftOut.AddRange(allowed.Except(harmless, ReferenceEqualityComparer.Instance).Cast<RepairStep>());
        foreach (IGrouping<CheckedFile, RepairStep> file in harmless.GroupBy(step => step.File))
        {
            Choose([.. file], cancellationToken);
        }

        return RepairPlan.Make(_kept, found, options);
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

    // What is appended piece by piece is of use only as a whole.
    static bool IsPartOfWhole(RepairStep step) =>
        step is CutStep || (step is WriteStep write && write.OffsetBytes >= write.File.LengthBytes);

    bool LiesOverData(RepairStep step) =>
        RepairPlan.Make([step], found, options).Changes.Any(change => ReaderOf(change.File).LiesOverData(change));

    bool IsHarmless(IReadOnlyList<RepairStep> steps, CancellationToken cancellationToken)
    {
        var plan = RepairPlan.Make(steps, found, options);
        var planned = plan.Changes.GroupBy(change => change.File).ToDictionary(
            file => file.Key.Local.Identity, file => new PlannedFile(file.Key.Local, file));
        bool readsTheSame = true;
        foreach (CheckedFile file in plan.Changes.Select(change => change.File).Distinct())
        {
            RepairStep[] own = [.. steps.Where(step => step.File == file)];
            HashSet<int> tables = [.. own.Select(step => step.ProvedTable).OfType<int>()];
            ReadingChange change = ReaderOf(file).Compare(
                planned[file.Local.Identity],
                own.Any(step => step.ProvesDirectory) ? static _ => true : tables.Count == 0 ? null : tables.Contains,
                isOnlyDamage: first is { Corruptions: 1, Warnings: 0, Leaks: 0 });
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
        result is { Warnings: 0, OmittedFindings: 0 }
        && result.Findings.Where(finding => finding.Severity == VmdkFindingSeverity.Corruption)
            .DistinctBy(finding => finding.Kind).Take(2).Count() == 1;

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
