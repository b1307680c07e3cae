using System.Buffers;
using VmdkFast.Caching;
using VmdkFast.Extents;

namespace VmdkFast.Writing;

/// <summary>Writes an extent whose grains are stored as they are: hosted sparse and COWD.</summary>
/// <remarks>
/// The order of one allocation: claim under the table's lock, reserve, fill and write the grain, publish under the
/// lock. Nobody does I/O under a lock, nobody can find a grain whose data is not in the page cache, and two first
/// writers of one grain meet at the claim.
/// </remarks>
sealed class SparseWriter : TabledWriter
{
    // Bounds the buffer of a run that must be filled up at its ends.
    const int MaxRunBytes = 4 << 20;

    readonly SparseExtent _extent;
    readonly SparseLayout _layout;
    readonly FreedGrains _freed;
    readonly ParentReader? _parent;

    internal SparseWriter(
        WriteFile file, SparseExtent extent, SparseTables tables, GrainAllocator allocator, FreedGrains freed,
        ParentReader? parent)
        : base(file, tables)
    {
        _extent = extent;
        _layout = extent.Layout;
        _freed = freed;
        _parent = parent;
        Allocator = allocator;
    }

    internal GrainAllocator Allocator { get; }

    internal override void Write(ReadOnlySpan<byte> source, long offsetBytes, CancellationToken cancellationToken)
    {
        while (!source.IsEmpty)
        {
            cancellationToken.ThrowIfCancellationRequested();
            int done = WriteSome(source, offsetBytes);
            source = source[done..];
            offsetBytes += done;
        }
    }

    internal override void Clear(
        long offsetBytes, long lengthBytes, bool discard, CancellationToken cancellationToken)
    {
        long endBytes = offsetBytes + lengthBytes;
        while (offsetBytes < endBytes)
        {
            cancellationToken.ThrowIfCancellationRequested();
            offsetBytes += ClearSome(offsetBytes, endBytes - offsetBytes, discard);
        }
    }

    internal override void Collect(FlushBatch batch) => Tables.Collect(batch, this);

    /// <summary>Gives the blocks of grains back that are not kept for reuse, neighbours in one call.</summary>
    internal void Punch(IReadOnlyList<uint> sectors)
    {
        for (int first = 0; first < sectors.Count;)
        {
            int next = first + 1;
            while (next < sectors.Count && sectors[next] == sectors[next - 1] + _layout.GrainSectors)
            {
                next++;
            }

            File!.PunchHole((long)sectors[first] << Sector.Shift, (next - first) * _layout.GrainBytes);
            first = next;
        }
    }

    internal override void Trim()
    {
        long usedBytes = Math.Max(Allocator.NextSector << Sector.Shift, Allocator.OpenedLengthBytes);
        if (IsPrepared && File!.File.LengthBytes > usedBytes)
        {
            File.Truncate(usedBytes);
        }
    }

    int WriteSome(ReadOnlySpan<byte> source, long offsetBytes)
    {
        long grainIndex = offsetBytes >> _layout.GrainShift;
        Table table = Tables.GetOrMake((int)(grainIndex >> _layout.TableShift));
        int index = (int)grainIndex & (_layout.TableEntries - 1);
        uint entry = Volatile.Read(ref table.Entries[index]);
        if (!IsGrain(entry))
        {
            return Allocate(table, index, source, offsetBytes);
        }

        Tables.RequirePossible(table, index, entry);
        Mapping mapping = _extent.MapInTable(table.Entries, grainIndex, offsetBytes, source.Length);
        // An entry that was cleared since it was looked at leads nowhere, which is byte 0: it must be looked at again.
        int length = mapping.Kind == MappingKind.Data ? (int)mapping.LengthBytes : 0;
        if (length > 0)
        {
            File!.Write(source[..length], mapping.FileOffsetBytes);
        }

        return length;
    }

    /// <summary>Fills grains that are not stored yet, as many as the request covers side by side.</summary>
    /// <returns>Bytes of the request that are done; 0 when the table must be looked at again.</returns>
    int Allocate(Table table, int index, ReadOnlySpan<byte> source, long offsetBytes)
    {
        _freed.Reclaim();
        Tables.Compare(table);
        if (ClaimRun(table, index, GrainsTouched(source.Length, offsetBytes, index)) is not { } claim)
        {
            return 0;
        }

        Reservation? reserved = null;
        try
        {
            Reservation grains = Allocator.Reserve(claim.Count);
            reserved = grains;
            Shrink(table, claim, grains.Count);
            int length = Fill(table, index, grains, source, offsetBytes);
            Publish(table, index, grains, claim);
            return length;
        }
        catch
        {
            lock (table)
            {
                table.RemoveClaim(claim);
            }

            claim.End();
            if (reserved is { } unused)
            {
                Allocator.GiveBack(unused);
            }

            throw;
        }
    }

    int GrainsTouched(int lengthBytes, long offsetBytes, int index)
    {
        long last = (offsetBytes + lengthBytes - 1) >> _layout.GrainShift;
        long wanted = last - (offsetBytes >> _layout.GrainShift) + 1;
        long bounded = Math.Min(wanted, Math.Max(MaxRunBytes >> _layout.GrainShift, 1));
        return (int)Math.Min(bounded, _layout.TableEntries - index);
    }

    Claim? ClaimRun(Table table, int index, int wanted)
    {
        Claim? other;
        lock (table)
        {
            if (table.Evicted || IsGrain(table.Entries[index]))
            {
                return null;
            }

            other = table.ClaimOn(index);
            if (other is null)
            {
                int count = 1;
                while (count < wanted && !IsGrain(table.Entries[index + count]) && table.ClaimOn(index + count) is null)
                {
                    count++;
                }

                return table.AddClaim(index, count);
            }
        }

        other.Wait();
        return null;
    }

    // The free list had fewer in a row than were claimed: the rest is anybody's again.
    static void Shrink(Table table, Claim claim, int count)
    {
        if (count < claim.Count)
        {
            lock (table)
            {
                claim.Count = count;
            }
        }
    }

    int Fill(Table table, int index, in Reservation grains, ReadOnlySpan<byte> source, long offsetBytes)
    {
        long runStart = offsetBytes & ~(_layout.GrainBytes - 1);
        long runEnd = Math.Min(runStart + (grains.Count * _layout.GrainBytes), _extent.LengthBytes);
        int length = (int)Math.Min(source.Length, runEnd - offsetBytes);
        int head = (int)(offsetBytes - runStart);
        int tail = (int)(runEnd - offsetBytes - length);
        FillKind headKind = head == 0 ? FillKind.Nothing : KindOfFill(table.Entries[index], grains);
        FillKind tailKind = tail == 0 ? FillKind.Nothing : KindOfFill(table.Entries[index + grains.Count - 1], grains);
        long fileOffset = (long)grains.FirstSector << Sector.Shift;
        if (headKind == FillKind.Nothing && tailKind == FillKind.Nothing)
        {
            File!.Write(source[..length], fileOffset + head);
            return length;
        }

        if (runEnd - runStart > MaxRunBytes)
        {
            // One giant grain: its ends are filled piece by piece, all of it before anybody can find it.
            FillRange(headKind, runStart, fileOffset, head);
            File!.Write(source[..length], fileOffset + head);
            FillRange(tailKind, offsetBytes + length, fileOffset + head + length, tail);
            return length;
        }

        byte[] composed = ArrayPool<byte>.Shared.Rent(head + length + tail);
        try
        {
            FillPart(headKind, composed.AsSpan(0, head), runStart);
            source[..length].CopyTo(composed.AsSpan(head));
            FillPart(tailKind, composed.AsSpan(head + length, tail), offsetBytes + length);
            int first = headKind == FillKind.Nothing ? head : 0;
            int end = head + length + (tailKind == FillKind.Nothing ? 0 : tail);
            File!.Write(composed.AsSpan(first, end - first), fileOffset + first);
            return length;
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(composed);
        }
    }

    void FillRange(FillKind kind, long extentOffsetBytes, long fileOffsetBytes, long lengthBytes)
    {
        const int PieceBytes = 1 << 20;
        if (kind == FillKind.Nothing)
        {
            return;
        }

        byte[] piece = ArrayPool<byte>.Shared.Rent(PieceBytes);
        for (long done = 0; done < lengthBytes; done += PieceBytes)
        {
            Span<byte> part = piece.AsSpan(0, (int)Math.Min(PieceBytes, lengthBytes - done));
            FillPart(kind, part, extentOffsetBytes + done);
            File!.Write(part, fileOffsetBytes + done);
        }

        ArrayPool<byte>.Shared.Return(piece);
    }

    enum FillKind
    {
        Nothing,
        Zeros,
        Parent,
    }

    // A zero grain never shows the parent; virgin space reads as zeros by itself.
    FillKind KindOfFill(uint entry, in Reservation grains) =>
        entry == 0 && _parent is not null ? FillKind.Parent
        : grains.Tainted ? FillKind.Zeros
        : FillKind.Nothing;

    void FillPart(FillKind kind, Span<byte> part, long extentOffsetBytes)
    {
        if (kind == FillKind.Parent)
        {
            _parent!.Read(part, extentOffsetBytes);
        }
        else if (kind == FillKind.Zeros)
        {
            part.Clear();
        }
    }

    void Publish(Table table, int index, in Reservation grains, Claim claim)
    {
        Telemetry.Allocations.Add(grains.Count);
        lock (table)
        {
            bool wasClean = false;
            for (int i = 0; i < grains.Count; i++)
            {
                wasClean |= table.Publish(index + i, grains.FirstSector + ((uint)i * _layout.GrainSectors));
            }

            table.RemoveClaim(claim);
            if (wasClean)
            {
                Tables.NoteDirty(table);
            }
        }

        claim.End();
    }

    long ClearSome(long offsetBytes, long maxLengthBytes, bool discard)
    {
        long grainIndex = offsetBytes >> _layout.GrainShift;
        long inGrain = offsetBytes & (_layout.GrainBytes - 1);
        long length = Math.Min(_layout.GrainBytes - inGrain, maxLengthBytes);
        int tableIndex = (int)(grainIndex >> _layout.TableShift);

        // Where no table is there is nothing to hide without a parent, and no way to hide a parent but zero grains.
        bool nothingToHide = _parent is null || (discard && !_layout.ZeroGrains);
        if (nothingToHide && Tables.SkipMissing(offsetBytes, maxLengthBytes) is var skipped and > 0)
        {
            return skipped;
        }

        Table table = Tables.GetOrMake(tableIndex);
        int index = (int)grainIndex & (_layout.TableEntries - 1);
        bool whole = inGrain == 0 && (length == _layout.GrainBytes || offsetBytes + length == _extent.LengthBytes);
        uint entry = Volatile.Read(ref table.Entries[index]);
        uint? cleared = _layout.ZeroGrains ? 1u : _parent is null ? 0u : null;
        if (whole && cleared is { } value)
        {
            if (entry == value || (entry == 0 && _parent is null) || (entry == 1 && _layout.ZeroGrains))
            {
                return length;
            }

            Tables.Compare(table);
            return Unmap(table, index, value) ? length : 0;
        }

        if (IsGrain(entry) || (entry == 0 && _parent is not null && !discard))
        {
            if (whole && discard)
            {
                // The grain stays: without zero grains, un-mapping it would show the parent again.
                return length;
            }

            // A grain may be larger than what one wants to hold as zeros in memory; the rest is the next turn's.
            length = Math.Min(length, MaxRunBytes);
            WriteZeros(offsetBytes, (int)length);
        }

        return length;
    }

    void WriteZeros(long offsetBytes, int lengthBytes)
    {
        byte[] zeros = ArrayPool<byte>.Shared.Rent(lengthBytes);
        zeros.AsSpan(0, lengthBytes).Clear();
        Write(zeros.AsSpan(0, lengthBytes), offsetBytes, CancellationToken.None);
        ArrayPool<byte>.Shared.Return(zeros);
    }

    bool Unmap(Table table, int index, uint value)
    {
        Claim? other;
        lock (table)
        {
            if (table.Evicted)
            {
                return false;
            }

            other = table.ClaimOn(index);
            if (other is null)
            {
                uint old = table.Entries[index];
                if (IsGrain(old))
                {
                    Tables.RequirePossible(table, index, old);
                    table.AddFreed(old);
                }

                if (old != value && table.Publish(index, value))
                {
                    Tables.NoteDirty(table);
                }

                return true;
            }
        }

        other.Wait();
        return false;
    }

    bool IsGrain(uint entry) => entry > 1 || (entry == 1 && !_layout.ZeroGrains);
}
