namespace VmdkFast.Caching;

/// <summary>Entries of one table that a writer is about to fill: nobody else may allocate for them.</summary>
/// <remarks>Two first writers of one grain meet here, and neither holds a lock over I/O.</remarks>
sealed class Claim(int firstIndex, int count)
{
    readonly Ticket _ticket = new();

    internal int FirstIndex { get; } = firstIndex;

    /// <summary>Entries claimed; guarded by the table's lock.</summary>
    internal int Count { get; set; } = count;

    internal bool Covers(int index) => index >= FirstIndex && index < FirstIndex + Count;

    /// <summary>Wakes whoever waits; the claim has left its table.</summary>
    internal void End() => _ticket.End();

    /// <summary>Waits until the claim has left its table, whether its owner succeeded or not.</summary>
    internal void Wait() => _ticket.Wait();
}
