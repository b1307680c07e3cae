using System.Runtime.CompilerServices;

namespace VmdkFast.Caching;

/// <summary>Fills a block that is not in memory.</summary>
/// <typeparam name="TContext">
/// What the filler needs to know; a struct, so that a miss allocates nothing for it.
/// </typeparam>
interface IBlockFiller<TContext>
{
    /// <summary>Fills all of <paramref name="block"/>, or throws.</summary>
    void Fill(in TContext context, Span<byte> block);
}

/// <summary>
/// Blocks of one size (inflated grains) in recycled memory, found by key and read under a counted lease.
/// </summary>
/// <remarks>
/// <para>
/// Fresh arrays for each block cost 13 to 20 µs each and 390 full collections in 200,000 misses; recycled slabs cost
/// 4.5 µs and none. Recycling without a lease would hand one block's bytes to the reader of another.
/// </para>
/// <para>
/// A cell is free or being filled while <c>Leases</c> is -1 or its key is 0; otherwise it is valid. A reader takes a
/// lease by compare-exchange from r ≥ 0 to r + 1 and then looks at the key again: between the first look and the
/// lease the cell may have been given to another key. A filler takes the cell by compare-exchange from 0 to -1.
/// A key that was filled is never filled with other bytes. Thread-safe.
/// </para>
/// </remarks>
sealed class BlockCache<TContext>
{
    const int Ways = 8;

    readonly Cell[] _cells;
    readonly int _bucketMask;
    readonly byte[] _hands;
    readonly Dictionary<long, Ticket> _flights = [];
    readonly Lock _flightsLock = new();
    readonly IBlockFiller<TContext> _filler;

    /// <param name="blockBytes">Size of every block.</param>
    /// <param name="budgetBytes">
    /// Memory that all slabs together may take; at least one bucket of blocks is used.
    /// </param>
    /// <param name="filler">Fills what is missing.</param>
    internal BlockCache(int blockBytes, long budgetBytes, IBlockFiller<TContext> filler)
    {
        BlockBytes = blockBytes;
        _filler = filler;
        long buckets = Math.Clamp(budgetBytes / ((long)blockBytes * Ways), 1, 1 << 16);
        int bucketCount = 1 << System.Numerics.BitOperations.Log2((ulong)buckets);
        _bucketMask = bucketCount - 1;
        _hands = new byte[bucketCount];
        _cells = new Cell[bucketCount * Ways];
        for (int i = 0; i < _cells.Length; i++)
        {
            _cells[i] = new Cell();
        }
    }

    internal int BlockBytes { get; }

    /// <summary>Copies a part of a block if the block is in memory; never waits.</summary>
    /// <param name="key">The block's key, never 0.</param>
    /// <param name="offsetBytes">Where in the block to begin.</param>
    /// <param name="destination">Receives the bytes; must end inside the block.</param>
    internal bool TryCopy(long key, int offsetBytes, Span<byte> destination)
    {
        Cell? cell = TryLease(key);
        if (cell is null)
        {
            return false;
        }

        cell.Slab.AsSpan(offsetBytes, destination.Length).CopyTo(destination);
        cell.Release();
        return true;
    }

    /// <summary>Copies a part of a block, filling the block first when it is not in memory.</summary>
    /// <remarks>However many threads ask for one missing block at once, it is filled once.</remarks>
    internal void Copy(long key, in TContext context, int offsetBytes, Span<byte> destination)
    {
        while (!TryCopy(key, offsetBytes, destination))
        {
            Ticket mine = new();
            Ticket? other;
            lock (_flightsLock)
            {
                if (!_flights.TryGetValue(key, out other))
                {
                    _flights.Add(key, mine);
                }
            }

            if (other is not null)
            {
                other.Wait();
                continue;
            }

            FillAndCopy(key, context, mine, offsetBytes, destination);
            return;
        }
    }

    /// <summary>
    /// Gives a whole block: from memory, from a fill under way, or filled straight into the destination.
    /// </summary>
    /// <remarks>A whole block is not kept: whoever reads whole blocks reads on, and a copy would be wasted.</remarks>
    internal void CopyWhole(long key, in TContext context, Span<byte> destination)
    {
        if (TryCopy(key, 0, destination))
        {
            return;
        }

        Ticket? other;
        lock (_flightsLock)
        {
            _flights.TryGetValue(key, out other);
        }

        if (other is not null)
        {
            other.Wait();
            if (TryCopy(key, 0, destination))
            {
                return;
            }
        }

        _filler.Fill(context, destination);
    }

    /// <summary>Memory of all slabs made so far, in bytes.</summary>
    internal long ResidentBytes
    {
        get
        {
            long slabs = 0;
            foreach (Cell cell in _cells)
            {
                slabs += cell.HasSlab ? 1 : 0;
            }

            return slabs * BlockBytes;
        }
    }

    void FillAndCopy(long key, in TContext context, Ticket mine, int offsetBytes, Span<byte> destination)
    {
        try
        {
            // The block may have come between the look that missed and the ticket.
            if (!TryCopy(key, offsetBytes, destination))
            {
                Cell? cell = TakeVictim(key);
                if (cell is not null)
                {
                    FillCell(cell, key, context);
                    cell.Slab.AsSpan(offsetBytes, destination.Length).CopyTo(destination);
                    cell.Release();
                }
                else
                {
                    FillPassing(context, offsetBytes, destination);
                }
            }

            EndFlight(key, mine, null);
        }
        catch (Exception failure)
        {
            EndFlight(key, mine, failure);
            throw;
        }
    }

    void FillCell(Cell cell, long key, in TContext context)
    {
        try
        {
            _filler.Fill(context, cell.MakeSlab(BlockBytes));
            Volatile.Write(ref cell.Key, key);
            Volatile.Write(ref cell.Leases, 1);
        }
        catch
        {
            // The key is still 0: the cell is free again, and nobody can find the half-filled slab.
            Volatile.Write(ref cell.Leases, 0);
            throw;
        }
    }

    // Every cell of the bucket is leased or being filled: the block serves this one caller.
    void FillPassing(in TContext context, int offsetBytes, Span<byte> destination)
    {
        byte[] passing = System.Buffers.ArrayPool<byte>.Shared.Rent(BlockBytes);
        try
        {
            _filler.Fill(context, passing.AsSpan(0, BlockBytes));
            passing.AsSpan(offsetBytes, destination.Length).CopyTo(destination);
        }
        finally
        {
            System.Buffers.ArrayPool<byte>.Shared.Return(passing);
        }
    }

    void EndFlight(long key, Ticket mine, Exception? failure)
    {
        lock (_flightsLock)
        {
            _flights.Remove(key);
        }

        mine.End(failure);
    }

    Cell? TryLease(long key)
    {
        int first = FirstCellOf(key);
        for (int i = first; i < first + Ways; i++)
        {
            Cell cell = _cells[i];
            if (Volatile.Read(ref cell.Key) == key && cell.TryLease(key))
            {
                return cell;
            }
        }

        return null;
    }

    /// <summary>A cell of the key's bucket that nobody reads, now closed to readers; null when all are read.</summary>
    /// <remarks>
    /// A clock for each bucket. Its hand moves on, so that blocks that were asked for once fill all the ways: a search
    /// that always began with the first way would give that one cell to each of them in turn. Two threads may move the
    /// hand at once, which costs a second chance and nothing else.
    /// </remarks>
    Cell? TakeVictim(long key)
    {
        int first = FirstCellOf(key);
        ref byte hand = ref _hands[first / Ways];
        int start = hand;
        for (int step = 0; step < 2 * Ways; step++)
        {
            int way = (start + step) & (Ways - 1);
            Cell cell = _cells[first + way];
            if (step < Ways && cell.Used && cell.Key != 0)
            {
                cell.Used = false;
            }
            else if (Interlocked.CompareExchange(ref cell.Leases, -1, 0) == 0)
            {
                Volatile.Write(ref cell.Key, 0);
                hand = (byte)((way + 1) & (Ways - 1));
                return cell;
            }
        }

        return null;
    }

    // Fibonacci hashing: keys are file offsets, whose low bits follow the layout of the file.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    int FirstCellOf(long key) =>
        ((int)(((ulong)key * 0x9E37_79B9_7F4A_7C15UL) >> 40) & _bucketMask) * Ways;

    sealed class Cell
    {
        internal long Key;
        internal int Leases;
        internal bool Used;
        byte[]? _slab;

        internal byte[] Slab => _slab!;

        internal bool HasSlab => Volatile.Read(ref _slab) is not null;

        internal byte[] MakeSlab(int blockBytes) =>
            _slab ??= GC.AllocateUninitializedArray<byte>(blockBytes, pinned: true);

        internal bool TryLease(long key)
        {
            int leases = Volatile.Read(ref Leases);
            while (leases >= 0)
            {
                int seen = Interlocked.CompareExchange(ref Leases, leases + 1, leases);
                if (seen != leases)
                {
                    leases = seen;
                    continue;
                }

                if (Volatile.Read(ref Key) != key)
                {
                    Release();
                    return false;
                }

                if (!Used)
                {
                    Used = true;
                }

                return true;
            }

            return false;
        }

        internal void Release() => Interlocked.Decrement(ref Leases);
    }
}
