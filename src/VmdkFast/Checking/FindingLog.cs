namespace VmdkFast.Checking;

/// <summary>Gathers findings, and the steps of a repair that they lead to. Not thread-safe.</summary>
/// <param name="maxFindings">Findings that are kept; the rest is counted.</param>
/// <param name="wantsSteps">Whether a repair will follow.</param>
sealed class FindingLog(int maxFindings, bool wantsSteps)
{
    // 64 MiB of them; what is left over is found by the next round.
    const int MaxSteps = 1 << 19;

    readonly List<VmdkFinding> _findings = [];
    readonly List<RepairStep> _steps = [];
    readonly long[] _bySeverity = new long[Enum.GetValues<VmdkFindingSeverity>().Length];
    long _omitted;

    internal IReadOnlyList<VmdkFinding> Findings => _findings;

    /// <summary>What would set right what was found; complete when all has been looked at.</summary>
    internal IReadOnlyList<RepairStep> Steps => this[VmdkFindingSeverity.Leak] == 0 ? _steps
        : [.. _steps.Select(static step => step.LostIfUnused is { } lost
            ? step with { Class = RepairClass.Drop, Lost = lost }
            : step)];

    internal long Omitted => _omitted;

    internal long this[VmdkFindingSeverity severity] => _bySeverity[(int)severity];

    /// <summary>Notes a finding.</summary>
    /// <param name="kind">What it is.</param>
    /// <param name="file">Where.</param>
    /// <param name="text">What is wrong.</param>
    /// <param name="offsetBytes">The place; null when there is no single one.</param>
    /// <param name="guest">The range of the disk; null when there is none.</param>
    /// <param name="amount">How many times it counts.</param>
    internal void Add(
        VmdkFindingKind kind, string file, string text, long? offsetBytes = null, GuestStretch? guest = null,
        long amount = 1)
    {
        VmdkFindingSeverity severity = FindingSeverities.Of(kind);
        _bySeverity[(int)severity] += amount;
        if (_findings.Count == maxFindings)
        {
            _omitted++;
            return;
        }

        _findings.Add(new VmdkFinding
        {
            Kind = kind,
            Severity = severity,
            Path = file,
            OffsetBytes = offsetBytes,
            GuestOffsetBytes = guest?.OffsetBytes,
            GuestLengthBytes = guest?.LengthBytes ?? 0,
            Text = text,
        });
    }

    /// <summary>Notes what a refusal says.</summary>
    internal void Add(VmdkFindingKind kind, VmdkException refusal) =>
        Add(kind, refusal.Path, refusal.MessageBehindPath, refusal.OffsetBytes);

    /// <summary>
    /// Notes of a file, or of a range of the disk, what a refusal says, which may be about another file.
    /// </summary>
    internal void Add(VmdkFindingKind kind, string file, VmdkException refusal, GuestStretch? guest = null) =>
        Add(kind, file, refusal.Path == file ? refusal.MessageBehindPath : refusal.Message, null, guest);

    /// <summary>Forgets all steps for a file but those that only mark it clean: a better one replaces them.</summary>
    internal void Withdraw(CheckedFile file) =>
        _steps.RemoveAll(step => step.File == file && step.Class != RepairClass.CallClean);

    /// <summary>Forgets that space of a file may be given back.</summary>
    internal void WithdrawFree(CheckedFile file) => _steps.RemoveAll(step => step.File == file && step is FreeStep);

    /// <summary>Forgets that a file may be marked clean.</summary>
    internal void WithdrawCallClean(CheckedFile file) =>
        _steps.RemoveAll(step => step.File == file && step.Class == RepairClass.CallClean);

    /// <summary>Notes a step that would set right what was found.</summary>
    internal void Propose(RepairStep step)
    {
        if (wantsSteps && _steps.Count < MaxSteps)
        {
            _steps.Add(step);
        }
    }
}

/// <summary>A range of the disk.</summary>
readonly record struct GuestStretch(long OffsetBytes, long LengthBytes);
