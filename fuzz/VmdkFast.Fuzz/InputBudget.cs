namespace VmdkFast.Fuzz;

/// <summary>What one input may cost; more is a finding like any other.</summary>
/// <remarks>
/// All that was allocated meanwhile counts, also what was collected again: an upper bound of what was held. AFL++
/// bounds the time, and the heap's own limit (fuzz/run.sh) what is held.
/// </remarks>
readonly struct InputBudget
{
    readonly long _allocatedBefore;
    readonly long _maxBytes;

    InputBudget(long maxBytes)
    {
        _maxBytes = maxBytes;
        _allocatedBefore = Allocated;
    }

    /// <summary>Whether other threads count: in a process where nothing runs but the target.</summary>
    internal static bool CountsAllThreads { get; set; }

    static long Allocated =>
        CountsAllThreads ? GC.GetTotalAllocatedBytes() : GC.GetAllocatedBytesForCurrentThread();

    internal static InputBudget Start(long maxBytes) => new(maxBytes);

    /// <summary>Throws when more was allocated since the start.</summary>
    internal void Check()
    {
        long allocated = Allocated - _allocatedBefore;
        DisagreementException.ThrowUnless(
            allocated <= _maxBytes, $"one input allocates {allocated} bytes, more than {_maxBytes}");
    }
}
