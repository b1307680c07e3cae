namespace VmdkFast.Tests.Durability;

/// <summary>
/// Carries requests out on a disk, one at a time, and remembers at which position of the history each began and
/// ended, so that an oracle can be led to any position afterwards.
/// </summary>
sealed class GuestSession(RecordedHistory history)
{
    readonly List<Moment> _moments = [];

    /// <summary>A request begins, ends or fails.</summary>
    /// <param name="Position">How long the history was.</param>
    /// <param name="Operation">The request.</param>
    /// <param name="Change">What it tells the oracle.</param>
    internal readonly record struct Moment(
        int Position, GuestOperation Operation, Action<SectorOracle, GuestOperation> Change);

    /// <summary>In order of time.</summary>
    internal IReadOnlyList<Moment> Moments => _moments;

    /// <summary>Carries a request out.</summary>
    internal void Do(VmdkDisk disk, GuestOperation operation)
    {
        Note(operation, static (oracle, request) => oracle.Begin(request));
        try
        {
            operation.Do(disk);
        }
        catch
        {
            Note(operation, static (oracle, request) => oracle.Fail(request));
            throw;
        }

        Note(operation, static (oracle, request) => oracle.End(request));
    }

    /// <summary>Closes the disk, which flushes.</summary>
    internal void Close(VmdkDisk disk)
    {
        disk.Dispose();
        Note(new GuestOperation(OperationKind.Flush, 0), static (oracle, request) => oracle.End(request));
    }

    void Note(GuestOperation operation, Action<SectorOracle, GuestOperation> change) =>
        _moments.Add(new Moment(history.Count, operation, change));
}
