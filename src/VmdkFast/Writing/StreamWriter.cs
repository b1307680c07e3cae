using VmdkFast.Caching;
using VmdkFast.Compression;
using VmdkFast.Extents;

namespace VmdkFast.Writing;

/// <summary>Appends grains to a compressed extent whose directory is in front.</summary>
/// <remarks>
/// A compressed grain is never written again: its new form could be longer than its place. After every flush the file
/// is right for every reader that looks grains up; a forward-only reader needs ascending order, which is the writer's
/// caller's to keep.
/// </remarks>
sealed class StreamWriter : TabledWriter
{
    static readonly byte[] s_endOfStream = new byte[Sector.Bytes];

    [ThreadStatic]
    static byte[]? s_stored;

    [ThreadStatic]
    static byte[]? s_padded;

    readonly SparseExtent _extent;
    readonly SparseLayout _layout;
    readonly GrainAllocator _allocator;
    readonly GrainCodec _codec;
    readonly bool _hasParent;
    readonly Lock _endLock = new();
    long _highestGrain = -1;
    int _appended;
    int _descended;

    internal StreamWriter(
        WriteFile file, SparseExtent extent, SparseTables tables, GrainAllocator allocator, GrainCodec codec,
        bool hasParent)
        : base(file, tables)
    {
        _extent = extent;
        _layout = extent.Layout;
        _allocator = allocator;
        _codec = codec;
        _hasParent = hasParent;
    }

    int GrainBytes => (int)_layout.GrainBytes;

    /// <summary>Never less than a grain, which is written whole or not at all.</summary>
    internal override int MaxPieceBytes => Math.Max(base.MaxPieceBytes, GrainBytes);

    internal override void RequireAllowed(long offsetBytes, long lengthBytes, bool clears)
    {
        if (clears)
        {
            return;
        }

        long endBytes = offsetBytes + lengthBytes;
        if ((offsetBytes & (GrainBytes - 1)) != 0
            || ((endBytes & (GrainBytes - 1)) != 0 && endBytes != _extent.LengthBytes))
        {
            throw Immutable(offsetBytes, $"{lengthBytes} bytes");
        }

        while (offsetBytes < endBytes)
        {
            _extent.TryMap(offsetBytes, endBytes - offsetBytes, mayLoad: true, out Mapping mapping);
            if (mapping.Kind == MappingKind.Compressed)
            {
                throw Immutable(offsetBytes, "a second write of a grain");
            }

            offsetBytes += mapping.LengthBytes;
        }
    }

    internal override void Write(ReadOnlySpan<byte> source, long offsetBytes, CancellationToken cancellationToken)
    {
        while (!source.IsEmpty)
        {
            cancellationToken.ThrowIfCancellationRequested();
            int length = Math.Min(source.Length, GrainBytes);
            while (!TryAppend(source[..length], offsetBytes))
            {
            }

            source = source[length..];
            offsetBytes += length;
        }
    }

    internal override void Clear(
        long offsetBytes, long lengthBytes, bool discard, CancellationToken cancellationToken)
    {
        // What is not stored reads as zeros by itself; what is stored stays as it is, and a discard may ask for that.
        long endBytes = offsetBytes + lengthBytes;
        while (!discard && offsetBytes < endBytes)
        {
            cancellationToken.ThrowIfCancellationRequested();
            _extent.TryMap(offsetBytes, endBytes - offsetBytes, mayLoad: true, out Mapping mapping);
            if (mapping.Kind == MappingKind.Compressed || (_hasParent && mapping.Kind == MappingKind.Unallocated))
            {
                throw Immutable(offsetBytes, "zeros over a stored grain");
            }

            offsetBytes += mapping.LengthBytes;
        }
    }

    internal override void Collect(FlushBatch batch)
    {
        // In the data phase, so that no table entry is durable before the stream's end lies behind its grain.
        if (Interlocked.Exchange(ref _appended, 0) != 0)
        {
            // The end of the stream is where the next grain goes: whoever reserves that place meanwhile writes later.
            try
            {
                lock (_endLock)
                {
                    File!.Write(s_endOfStream, _allocator.NextSector << Sector.Shift);
                }
            }
            catch
            {
                Volatile.Write(ref _appended, 1);
                throw;
            }
        }

        Tables.Collect(batch, null);
    }

    internal override void Trim()
    {
        long usedBytes = (_allocator.NextSector + 1) << Sector.Shift;
        if (IsPrepared && File!.File.LengthBytes > Math.Max(usedBytes, _allocator.OpenedLengthBytes))
        {
            File.Truncate(Math.Max(usedBytes, _allocator.OpenedLengthBytes));
        }
    }

    bool TryAppend(ReadOnlySpan<byte> grain, long offsetBytes)
    {
        long grainIndex = offsetBytes >> _layout.GrainShift;
        Table table = Tables.GetOrMake((int)(grainIndex >> _layout.TableShift));
        int index = (int)grainIndex & (_layout.TableEntries - 1);
        Tables.Compare(table);
        if (ClaimGrain(table, index, offsetBytes) is not { } claim)
        {
            return false;
        }

        try
        {
            uint sector = Store(grain, grainIndex);
            lock (table)
            {
                if (table.Publish(index, sector))
                {
                    Tables.NoteDirty(table);
                }

                table.RemoveClaim(claim);
            }
        }
        catch
        {
            lock (table)
            {
                table.RemoveClaim(claim);
            }

            throw;
        }
        finally
        {
            claim.End();
        }

        NoteOrder(grainIndex);
        return true;
    }

    // Said once: the image is right for everybody who looks grains up, and wrong for pipes and for VMware's import.
    void NoteOrder(long grainIndex)
    {
        long highest = Volatile.Read(ref _highestGrain);
        while (grainIndex > highest)
        {
            long found = Interlocked.CompareExchange(ref _highestGrain, grainIndex, highest);
            if (found == highest)
            {
                return;
            }

            highest = found;
        }

        if (Interlocked.Exchange(ref _descended, 1) == 0)
        {
            Telemetry.Note("grains appended in descending order", File!.File.Path);
        }
    }

    Claim? ClaimGrain(Table table, int index, long offsetBytes)
    {
        Claim? other;
        lock (table)
        {
            if (table.Evicted)
            {
                return null;
            }

            if (table.Entries[index] > (_layout.ZeroGrains ? 1u : 0u))
            {
                throw Immutable(offsetBytes, "a second write of a grain");
            }

            other = table.ClaimOn(index);
            if (other is null)
            {
                return table.AddClaim(index, 1);
            }
        }

        other.Wait();
        return null;
    }

    uint Store(ReadOnlySpan<byte> grain, long grainIndex)
    {
        if (grain.Length < GrainBytes)
        {
            // The last grain of an extent is stored in its full size, as VMware's readers want it.
            byte[] padded = Buffer(ref s_padded, GrainBytes);
            grain.CopyTo(padded);
            padded.AsSpan(grain.Length, GrainBytes - grain.Length).Clear();
            grain = padded.AsSpan(0, GrainBytes);
        }

        // A file without markers has only the length in front of a grain.
        ulong? lbaSectors = _layout.Compressed!.HasMarkers ? (ulong)(grainIndex * _layout.GrainSectors) : null;
        byte[] stored = Buffer(ref s_stored, GrainPacking.MaxStoredBytes(GrainBytes));
        int sectors = GrainPacking.Pack(_codec, VmdkCompression.Default, grain, lbaSectors, stored);
        uint sector;
        lock (_endLock)
        {
            sector = _allocator.ReserveSectors(sectors);
        }

        File!.Write(stored.AsSpan(0, sectors << Sector.Shift), (long)sector << Sector.Shift);
        Volatile.Write(ref _appended, 1);
        return sector;
    }

    static byte[] Buffer(ref byte[]? buffer, int lengthBytes) =>
        buffer is { } large && large.Length >= lengthBytes
            ? large
            : buffer = GC.AllocateUninitializedArray<byte>(lengthBytes);

    VmdkException Immutable(long offsetBytes, string found) =>
        new(VmdkErrorCode.GrainImmutable, File!.File.Path,
            $"compressed grains are written once and whole (guest byte {offsetBytes} of the extent)", null, "grain",
            found, $"whole grains of {GrainBytes} bytes that are not stored yet");
}
