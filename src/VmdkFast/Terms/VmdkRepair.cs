namespace VmdkFast;

/// <summary>How much a repair may set right.</summary>
public enum VmdkRepairScope
{
    /// <summary>Everything that can be set right without giving anything up.</summary>
    All,

    /// <summary>Only space that nothing uses is given back.</summary>
    Leaks,
}

/// <summary>How an image is repaired. Immutable; change one with <c>with</c>.</summary>
public sealed record VmdkRepairOptions
{
    /// <summary>A plan of everything that can be set right without giving anything up.</summary>
    public static VmdkRepairOptions Default { get; } = new();

    /// <summary>How the image is checked before and after.</summary>
    public VmdkCheckOptions Check { get; init; } = VmdkCheckOptions.Default;

    /// <summary>Carries the plan out. Default false: the plan is only made.</summary>
    public bool Apply { get; init; }

    /// <summary>How much may be set right. Default <see cref="VmdkRepairScope.All"/>.</summary>
    public VmdkRepairScope Scope { get; init; }

    /// <summary>
    /// Accepts the parent as it is, by writing its content ID into the child. If the parent has really changed, the
    /// child then reads wrong without anybody noticing. Default false.
    /// </summary>
    public bool AcceptParent { get; init; }

    /// <summary>
    /// Gives up what is lost: entries that lead nowhere become empty, so that the rest can be written again. The ranges
    /// of the disk are among <see cref="VmdkRepairResult.Lost"/>. Where there is one copy of the tables, also space
    /// that nothing uses, when nothing else is wrong: which range a lost entry placed there nobody knows. Default
    /// false.
    /// </summary>
    public bool DropLost { get; init; }

    /// <summary>
    /// Makes a lost descriptor anew that a hosted sparse file embeds, from its header: of a disk without a parent,
    /// since whether there was one is not known. An image that has its descriptor keeps it. Default false.
    /// </summary>
    public bool RebuildDescriptor { get; init; }

    /// <summary>
    /// Where the undo journal goes; null for the image's name with <c>.undo-</c> and the time, and a number where that
    /// is taken.
    /// </summary>
    public string? JournalPath { get; init; }

    internal void Validate()
    {
        ArgumentNullException.ThrowIfNull(Check);
        Check.Validate();
        if (Apply && Check.ForceShare)
        {
            throw new ArgumentException("A repair takes the locks of a writer; it cannot share the image.");
        }
    }
}

/// <summary>One change that a repair makes, or would make.</summary>
/// <param name="Path">The file.</param>
/// <param name="OffsetBytes">Where.</param>
/// <param name="LengthBytes">How many bytes.</param>
/// <param name="Action">What happens to them, in a word: write, append, free or cut.</param>
/// <param name="Reason">Why, in one line.</param>
public sealed record VmdkRepairChange(string Path, long OffsetBytes, long LengthBytes, string Action, string Reason);

/// <summary>A range of the disk that a repair gives up.</summary>
/// <param name="OffsetBytes">Its first byte.</param>
/// <param name="LengthBytes">Its length.</param>
public readonly record struct VmdkLostRange(long OffsetBytes, long LengthBytes);

/// <summary>What a caller can allow, or do, that sets right more.</summary>
public enum VmdkRepairRemedy
{
    /// <summary><see cref="VmdkRepairOptions.DropLost"/>: something is lost.</summary>
    DropLost,

    /// <summary><see cref="VmdkRepairOptions.AcceptParent"/>: the parent was changed.</summary>
    AcceptParent,

    /// <summary><see cref="VmdkImage.RebuildDescriptor"/>: the descriptor's file is damaged.</summary>
    RebuildDescriptor,
}

/// <summary>What a repair has done, or would do.</summary>
public sealed record VmdkRepairResult
{
    /// <summary>What the check found before.</summary>
    public required VmdkCheckResult Before { get; init; }

    /// <summary>What the check found afterwards; null when nothing was carried out.</summary>
    public VmdkCheckResult? After { get; init; }

    /// <summary>The changes, in the order in which they are made.</summary>
    public required IReadOnlyList<VmdkRepairChange> Changes { get; init; }

    /// <summary>What of the disk is given up.</summary>
    public required IReadOnlyList<VmdkLostRange> Lost { get; init; }

    /// <summary>
    /// What was left out, in a line each: it would have changed what can be read, or made a corruption more; or it is
    /// in doubt, since other damage stands beside it.
    /// </summary>
    public IReadOnlyList<string> LeftOut { get; init; } = [];

    /// <summary>What would set right some of what remains; none of it was asked for.</summary>
    public IReadOnlyList<VmdkRepairRemedy> Remedies { get; init; } = [];

    /// <summary>The journal that takes everything back; null when nothing was changed.</summary>
    public string? JournalPath { get; init; }
}
