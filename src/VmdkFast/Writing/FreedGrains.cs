using VmdkFast.Caching;

namespace VmdkFast.Writing;

/// <summary>Grains that a table pointed to and no longer points to, on their way to be used again.</summary>
/// <remarks>
/// A freed grain may be reused only when its un-mapping is durable (or a crash would show one block's bytes under
/// another), and when nobody is left who read the old entry (or he would read the new owner's bytes). The first is the
/// flush's business; the second is an epoch of the gate: whoever could have seen the old entry had entered before.
/// </remarks>
sealed class FreedGrains(OperationGate gate)
{
    /// <summary>Freed space that is kept for reuse; the blocks of what goes beyond are given back.</summary>
    const long KeptBytes = 64L << 20;

    readonly Lock _lock = new();
    List<(SparseWriter Owner, uint Sector)> _waiting = [];
    List<(SparseWriter Owner, uint Sector)> _draining = [];
    int _drainingParity = -1;

    /// <summary>Takes grains whose un-mapping has just become durable.</summary>
    internal void AddDurable(IEnumerable<(SparseWriter Owner, uint Sector)> freed)
    {
        lock (_lock)
        {
            _waiting.AddRange(freed);
            Turn();
        }
    }

    /// <summary>Gives out what nobody can still be reading; never waits.</summary>
    internal void Reclaim()
    {
        lock (_lock)
        {
            Turn();
        }
    }

    void Turn()
    {
        if (_drainingParity >= 0 && gate.IsQuiet(_drainingParity))
        {
            _drainingParity = -1;
            SparseWriter[] owners = [.. _draining.Select(freed => freed.Owner).Distinct()];
            foreach ((SparseWriter owner, uint sector) in _draining)
            {
                owner.Allocator.GiveBack(sector);
            }

            // Before the punching, which may fail: a grain that is given back twice gets two owners.
            _draining.Clear();
            foreach (SparseWriter owner in owners)
            {
                owner.Punch(owner.Allocator.TakeFreeBeyond(KeptBytes));
            }
        }

        // Only one epoch is waited for at a time: with two, an operation of the first would hide in the third's parity.
        if (_drainingParity < 0 && _waiting.Count > 0)
        {
            (_waiting, _draining) = (_draining, _waiting);
            _drainingParity = gate.Advance();
        }
    }
}
