namespace VmdkFast.Tests.Durability;

/// <summary>
/// What each sector may hold after a power cut: what it held at the last flush that returned, and everything that was
/// asked for since. And what it may hold now.
/// </summary>
/// <remarks>
/// A value is the number of the request that wrote the sector, <see cref="Zero"/>, or <see cref="Original"/> for what
/// the disk held before the first request. A discard may leave what was there, or make it zeros; never anything else,
/// so that a parent does not come back.
/// </remarks>
sealed class SectorOracle
{
    internal const int Zero = 0;
    internal const int Original = -1;

    static readonly int[] s_original = [Original];

    readonly Dictionary<long, Values> _sectors = [];
    readonly HashSet<long> _unflushed = [];

    sealed class Values
    {
        internal int[] Flushed { get; set; } = s_original;

        internal int[] Current { get; set; } = s_original;

        internal List<int> Since { get; } = [];
    }

    /// <summary>Sectors that any request has named.</summary>
    internal IEnumerable<long> Sectors => _sectors.Keys;

    /// <summary>A request begins: from now on a cut may leave what it writes.</summary>
    internal void Begin(GuestOperation operation)
    {
        for (long sector = operation.FirstSector; sector < operation.EndSector; sector++)
        {
            Of(sector).Since.Add(Written(operation));
            _unflushed.Add(sector);
        }
    }

    /// <summary>A request has returned.</summary>
    internal void End(GuestOperation operation)
    {
        if (operation.Kind == OperationKind.Flush)
        {
            foreach (long sector in _unflushed)
            {
                Settle(_sectors[sector]);
            }

            _unflushed.Clear();
            return;
        }

        for (long sector = operation.FirstSector; sector < operation.EndSector; sector++)
        {
            Values values = Of(sector);
            values.Current = operation.Kind == OperationKind.Discard
                ? [.. values.Current.Append(Zero).Distinct()]
                : [Written(operation)];
            if (operation.Kind == OperationKind.DurableWrite)
            {
                Settle(values);
                _unflushed.Remove(sector);
            }
        }
    }

    /// <summary>A request has failed: any part of it may have been done.</summary>
    internal void Fail(GuestOperation operation)
    {
        for (long sector = operation.FirstSector; sector < operation.EndSector; sector++)
        {
            Values values = Of(sector);
            values.Current = [.. values.Current.Append(Written(operation)).Distinct()];
        }
    }

    /// <summary>A sector was seen on the disk when nothing was pending: this is what it holds, durably.</summary>
    internal void Observe(long sector, int value)
    {
        Values values = Of(sector);
        values.Flushed = values.Current = [value];
        values.Since.Clear();
    }

    /// <summary>A copy that goes its own way.</summary>
    internal SectorOracle Clone()
    {
        var clone = new SectorOracle();
        foreach ((long sector, Values values) in _sectors)
        {
            Values copy = clone.Of(sector);
            copy.Flushed = values.Flushed;
            copy.Current = values.Current;
            copy.Since.AddRange(values.Since);
        }

        clone._unflushed.UnionWith(_unflushed);
        return clone;
    }

    /// <summary>Whether a sector may hold a value after a cut at this moment.</summary>
    internal bool MaySurvive(long sector, int value) =>
        _sectors.TryGetValue(sector, out Values? values)
            ? values.Flushed.Contains(value) || values.Since.Contains(value)
            : value == Original;

    /// <summary>Whether a read at this moment may give a value.</summary>
    internal bool MayRead(long sector, int value) =>
        _sectors.TryGetValue(sector, out Values? values) ? values.Current.Contains(value) : value == Original;

    /// <summary>All that a sector may hold after a cut, as text.</summary>
    internal string Describe(long sector) => _sectors.TryGetValue(sector, out Values? values)
        ? $"flushed {{{string.Join(", ", values.Flushed)}}}, since {{{string.Join(", ", values.Since)}}}"
        : "never written";

    static void Settle(Values values)
    {
        values.Flushed = values.Current;
        values.Since.Clear();
    }

    static int Written(GuestOperation operation) =>
        operation.Kind is OperationKind.Write or OperationKind.DurableWrite ? operation.Id : Zero;

    Values Of(long sector)
    {
        if (!_sectors.TryGetValue(sector, out Values? values))
        {
            _sectors.Add(sector, values = new Values());
        }

        return values;
    }
}
