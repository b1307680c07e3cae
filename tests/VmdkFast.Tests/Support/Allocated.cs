namespace VmdkFast.Tests.Support;

/// <summary>The bytes that work allocates each time it is done.</summary>
public static class Allocated
{
    const int Rounds = 5;

    /// <summary>The fewest bytes that the calling thread allocated in one of five rounds of the work.</summary>
    /// <remarks>
    /// Work that allocates does so in every round. One round alone proves nothing: the runtime allocates a little of
    /// its own now and then (tiering), and the counter was seen to jump by what was left of the thread's 8 KiB chunk
    /// (8,136 bytes).
    /// </remarks>
    public static long LeastBytes(Action work)
    {
        long leastBytes = long.MaxValue;
        for (int round = 0; round < Rounds; round++)
        {
            long before = GC.GetAllocatedBytesForCurrentThread();
            work();
            leastBytes = Math.Min(leastBytes, GC.GetAllocatedBytesForCurrentThread() - before);
        }

        return leastBytes;
    }
}
