namespace VmdkFast;

/// <summary>A repair was cancelled between two rounds, when it had changed something already.</summary>
/// <remarks>
/// What was begun is carried out, so the image is no worse than before; what a further round would have set right is
/// still wrong. A repair that is cancelled before its first change throws a plain
/// <see cref="OperationCanceledException"/>.
/// </remarks>
public sealed class VmdkRepairCancelledException : OperationCanceledException
{
    internal VmdkRepairCancelledException(string journalPath, OperationCanceledException cause)
        : base(
            $"cancelled after the repair had made changes; the journal '{journalPath}' takes them back", cause,
            cause.CancellationToken) =>
        JournalPath = journalPath;

    /// <summary>The journal with which <see cref="VmdkImage.UndoRepairAsync"/> takes the changes back.</summary>
    public string JournalPath { get; }
}
