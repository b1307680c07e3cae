using VmdkFast.Extents;

namespace VmdkFast.Reading;

/// <summary>What a read has to do, in order: at most 256 steps at a time, refilled for longer reads.</summary>
/// <remarks>One for each thread that reads, used again and again; nothing of it outlives a read.</remarks>
sealed class ReadPlan
{
    const int MaxSteps = 256;

    [ThreadStatic]
    static ReadPlan? s_spare;

    readonly Mapping[] _steps = new Mapping[MaxSteps];
    long[] _unallocatedUntil = [];

    internal ReadOnlySpan<Mapping> Steps => _steps.AsSpan(0, Count);

    internal int Count { get; private set; }

    /// <summary>This thread's plan, or a new one when a read is planned within a read.</summary>
    internal static ReadPlan Rent(int depth)
    {
        ReadPlan plan = s_spare ?? new ReadPlan();
        s_spare = null;
        if (plan._unallocatedUntil.Length < depth)
        {
            plan._unallocatedUntil = new long[depth];
        }
        else
        {
            plan._unallocatedUntil.AsSpan().Clear();
        }

        return plan;
    }

    internal void Return()
    {
        // The steps hold files and caches: a plan at rest must not keep a closed disk alive.
        _steps.AsSpan(0, Count).Clear();
        Count = 0;
        s_spare = this;
    }

    /// <summary>Fills the plan with the next steps of a read.</summary>
    /// <returns>Bytes that the steps cover, at least 1.</returns>
    internal long Fill(Layer top, long offsetBytes, long lengthBytes)
    {
        Count = 0;
        long planned = 0;
        while (planned < lengthBytes)
        {
            ChainMap.TryResolve(
                top, offsetBytes + planned, lengthBytes - planned, mayLoad: true, _unallocatedUntil,
                out Mapping mapping);
            if (Count > 0 && _steps[Count - 1].Continues(mapping))
            {
                _steps[Count - 1] = _steps[Count - 1].Join(mapping);
            }
            else if (Count < MaxSteps)
            {
                _steps[Count++] = mapping;
            }
            else
            {
                break;
            }

            planned += mapping.LengthBytes;
        }

        return planned;
    }
}
