namespace VmdkFast.Caching;

/// <summary>The memory that all tables of a disk may take, and the clock that decides who leaves.</summary>
/// <remarks>Only misses come here, each beside an I/O of its own, so a plain lock guards the ring.</remarks>
sealed class TableCache(long budgetBytes)
{
    // However much of the budget the segments take, this many tables fit: a disk must not thrash on one table.
    const int MinTables = 64;

    readonly List<Table> _ring = [];
    readonly Lock _lock = new();
    long _tableBytes;
    long _segmentBytes;
    int _hand;

    /// <summary>Memory of all resident tables and segments, in bytes.</summary>
    internal long ResidentBytes
    {
        get
        {
            lock (_lock)
            {
                return _tableBytes + _segmentBytes;
            }
        }
    }

    /// <summary>Takes a segment's memory out of the budget; segments stay until the disk is closed.</summary>
    /// <remarks>
    /// Tables leave for it at once: a walk over empty segments alone brings no table that would see to it.
    /// </remarks>
    internal void Charge(long segmentBytes)
    {
        lock (_lock)
        {
            _segmentBytes += segmentBytes;
            for (int chances = _ring.Count * 2; chances > 0 && _ring.Count > MinTables && !Fits(0); chances--)
            {
                Advance();
            }
        }
    }

    /// <summary>Makes room for a table that has just been installed in its slot.</summary>
    /// <remarks>
    /// Where two rounds of the clock find no victim, the table leaves its slot again and serves one operation only. If
    /// a writer has found it there meanwhile and holds its lock, it stays, beyond the budget but charged.
    /// </remarks>
    internal void Admit(Table table)
    {
        lock (_lock)
        {
            int chances = _ring.Count * 2;
            while (!Fits(table.CostBytes))
            {
                if (chances-- == 0)
                {
                    if (table.TryEvict())
                    {
                        return;
                    }

                    break;
                }

                Advance();
            }

            _ring.Add(table);
            _tableBytes += table.CostBytes;
        }
    }

    bool Fits(long costBytes) =>
        _ring.Count < MinTables || _segmentBytes + _tableBytes + costBytes <= budgetBytes;

    void Advance()
    {
        if (_hand >= _ring.Count)
        {
            _hand = 0;
        }

        Table candidate = _ring[_hand];
        if (candidate.Used)
        {
            candidate.Used = false;
            _hand++;
        }
        else if (candidate.TryEvict())
        {
            _tableBytes -= candidate.CostBytes;
            _ring[_hand] = _ring[^1];
            _ring.RemoveAt(_ring.Count - 1);
        }
        else
        {
            _hand++;
        }
    }
}
