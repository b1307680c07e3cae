using System.Globalization;
using VmdkFast.Storage;

namespace VmdkFast.Checking;

/// <summary>
/// Repairs an image in rounds of check, plan, journal and changes, until a check proposes nothing more.
/// </summary>
sealed class RepairRun(string path, VmdkRepairOptions options) : IDisposable
{
    // A damaged directory hides damaged tables, and these hide shared grains; nothing hides more.
    const int MaxRounds = 5;
    const int PieceBytes = 1 << 20;

    // Repairs of one image within a second; more than that is no accident.
    const int MaxJournalNames = 1000;

    readonly List<ImageCheck> _checks = [];
    readonly List<VmdkRepairChange> _changes = [];
    readonly List<VmdkLostRange> _lost = [];
    readonly Dictionary<FileIdentity, OriginalUse> _originals = [];
    UndoJournal? _journal;

    /// <summary>Stands a double before each file that is changed; null for none.</summary>
    internal Func<LocalFile, ImageFile>? Wrap { get; init; }

    /// <summary>Makes the plan, and carries it out if that was asked for.</summary>
    internal VmdkRepairResult Run(IProgress<VmdkProgress>? progress, CancellationToken cancellationToken)
    {
        try
        {
            VmdkRepairResult result = RunRounds(progress, cancellationToken);
            _journal?.Finish();
            return result;
        }
        catch (OperationCanceledException stop) when (_journal is { HasRound: true })
        {
            FinishIfPossible(_journal);
            throw new VmdkRepairCancelledException(_journal.Path, stop);
        }
        catch (VmdkException failure) when (_journal is { HasRound: true })
        {
            throw new VmdkException(
                failure.Code, failure.Path,
                $"the repair was cut short; the journal '{_journal.Path}' takes it back ({failure.Message})",
                inner: failure);
        }
    }

    VmdkRepairResult RunRounds(IProgress<VmdkProgress>? progress, CancellationToken cancellationToken)
    {
        VmdkCheckResult? before = null;
        VmdkCheckResult after;
        IReadOnlyList<RepairStep> leftOut;
        IReadOnlyList<RepairStep> proposed;
        for (int round = 0; ; round++)
        {
            // The locks of the first round hold until the end; a second open of a file would meet them.
            VmdkCheckOptions how = round == 0 ? options.Check : options.Check with { ForceShare = true };
            var run = new CheckRun(how, wantsSteps: true, progress) { DropsLost = options.DropLost };
            var check = new ImageCheck(run, options.Apply ? FileAccessMode.ReadWrite : FileAccessMode.Read);
            _checks.Add(check);
            check.Run(path, cancellationToken);
            after = run.Finish(path);
            before ??= after;
            var guard = new RepairGuard(path, after, before, options, _originals);
            RepairPlan plan = guard.Choose(run.Log.Steps, cancellationToken);
            (leftOut, proposed) = (guard.LeftOut, run.Log.Steps);
            if (plan.Changes.Count == 0 || round == MaxRounds)
            {
                break;
            }

            _changes.AddRange(plan.Changes.Select(change => change.ToChange()));
            TakeBack(plan.BroughtBack);
            _lost.AddRange(plan.Lost);
            if (!options.Apply)
            {
                break;
            }

            Carry(plan);
        }

        return new VmdkRepairResult
        {
            Before = before,
            After = options.Apply ? after : null,
            Changes = _changes,
            Lost = _lost,
            LeftOut = [.. leftOut.Select(step => $"{step.File.Path}: {step.Reason}").Distinct()],
            Remedies = RepairRemedies.Of(_checks[^1].Top!, proposed, after, options),
            JournalPath = _journal?.Path,
        };
    }

    // An earlier round gave up an entry that could not be right; its grain has turned up.
    void TakeBack(IReadOnlyList<GuestStretch> back)
    {
        GuestStretch[] stretches = [.. back.OrderBy(static stretch => stretch.OffsetBytes)];
        long[] starts = Array.ConvertAll(stretches, static stretch => stretch.OffsetBytes);
        _lost.RemoveAll(lost =>
        {
            int found = Array.BinarySearch(starts, lost.OffsetBytes);
            int index = found < 0 ? ~found - 1 : found;
            return index >= 0 && lost.OffsetBytes + lost.LengthBytes
                <= stretches[index].OffsetBytes + stretches[index].LengthBytes;
        });
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _journal?.Dispose();
        foreach (ImageCheck check in _checks)
        {
            check.Dispose();
        }
    }

    // Not cancelled from here on: half a round is what the journal is for, but nobody should need it.
    void Carry(RepairPlan plan)
    {
        _journal ??= CreateJournal();
        _journal.Save(plan.Changes);
        CarryOut(plan);
    }

    UndoJournal CreateJournal()
    {
        LocalFile image = _checks[0].Top!.Local;
        string name = options.JournalPath ?? string.Create(
            CultureInfo.InvariantCulture, $"{path}.undo-{DateTime.UtcNow:yyyyMMddTHHmmss}");
        for (int number = 1; ; number++)
        {
            try
            {
                return UndoJournal.Create(number == 1 ? name : $"{name}-{number}", image);
            }
            catch (VmdkException taken) when (taken.Code == VmdkErrorCode.TargetRefused
                && options.JournalPath is null && number < MaxJournalNames)
            {
            }
        }
    }

    // Without its last word the journal takes back as well, it only cannot tell what is written meanwhile.
    static void FinishIfPossible(UndoJournal journal)
    {
        try
        {
            journal.Finish();
        }
        catch (VmdkException)
        {
        }
    }

    void CarryOut(RepairPlan plan)
    {
        var files = plan.Changes.Select(change => change.File).Distinct()
            .ToDictionary(file => file, file => Wrap?.Invoke(file.Local) ?? file.Local);
        foreach (IGrouping<ChangePhase, PlannedChange> phase in plan.Changes.GroupBy(change => change.Phase))
        {
            foreach (PlannedChange change in phase)
            {
                Carry(change, files[change.File]);
            }

            foreach (CheckedFile file in phase.Select(change => change.File).Distinct())
            {
                files[file].Barrier();
            }
        }
    }

    static void Carry(PlannedChange change, ImageFile file)
    {
        if (change.Cuts)
        {
            file.Truncate(change.OffsetBytes);
        }
        else if (change.Bytes is { } bytes)
        {
            file.Write(bytes, change.OffsetBytes);
        }
        else if (change.Phase == ChangePhase.Free)
        {
            file.PunchHole(change.OffsetBytes, change.LengthBytes);
        }
        else
        {
            Copy(change, file);
        }
    }

    static void Copy(PlannedChange change, ImageFile file)
    {
        var piece = new byte[Math.Min(change.LengthBytes, PieceBytes)];
        for (long done = 0; done < change.LengthBytes;)
        {
            Span<byte> part = piece.AsSpan(0, (int)Math.Min(piece.Length, change.LengthBytes - done));
            part[file.Read(part, change.SourceOffsetBytes + done)..].Clear();
            file.Write(part, change.OffsetBytes + done);
            done += part.Length;
        }
    }
}
