using System.Security.Cryptography;
using VmdkFast.Format;

namespace VmdkFast.Writing;

/// <summary>Carries out every change of a disk, and keeps the order that makes it survive a power cut.</summary>
/// <remarks>
/// Thread-safe. Writers of different grains never wait for each other; flushes run one at a time, and one flush serves
/// everybody who asked before it began.
/// </remarks>
sealed class DiskWriter
{
    readonly ExtentWriter[] _extents;
    readonly long[] _startBytes;
    readonly WriteFile[] _files;
    readonly DescriptorPlace? _descriptor;
    readonly Func<DescriptorText, DescriptorText> _onFirstChange;
    readonly FreedGrains _freed;
    readonly DirtyCount _dirtyTables;
    readonly int _maxDirtyTables;
    readonly Action<WriteFile> _guard;
    readonly bool _isNew;
    readonly Lock _latchLock = new();
    readonly Lock _flushLock = new();
    readonly List<(SparseWriter Owner, uint Sector)> _unmapped = [];
    bool _latched;
    bool _durabilityLost;
    long _flushesRequested;
    long _flushesDone;

    /// <param name="extents">A writer for each extent, in guest order.</param>
    /// <param name="startBytes">Where each extent begins.</param>
    /// <param name="files">Every file that may be written, each once.</param>
    /// <param name="descriptor">Where the content ID is; null when the image has none.</param>
    /// <param name="onFirstChange">What else changes in the descriptor with the first write.</param>
    /// <param name="freed">Grains on their way to be used again.</param>
    /// <param name="dirtyTables">Tables that wait for a flush, of all extents.</param>
    /// <param name="maxDirtyTables">From so many on, a writer writes tables back before it goes on.</param>
    /// <param name="isNew">
    /// Whether the image is being made and has no name yet: nothing is made durable, the content ID stays.
    /// </param>
    internal DiskWriter(
        ExtentWriter[] extents, long[] startBytes, WriteFile[] files, DescriptorPlace? descriptor,
        Func<DescriptorText, DescriptorText> onFirstChange, FreedGrains freed, DirtyCount dirtyTables,
        int maxDirtyTables, bool isNew)
    {
        _extents = extents;
        _startBytes = startBytes;
        _files = files;
        _descriptor = descriptor;
        _onFirstChange = onFirstChange;
        _freed = freed;
        _dirtyTables = dirtyTables;
        _maxDirtyTables = maxDirtyTables;
        _guard = Guard;
        _isNew = isNew;
    }

    /// <summary>Whether a barrier has failed: nothing can be written or flushed any more.</summary>
    internal bool IsDurabilityLost => Volatile.Read(ref _durabilityLost);

    /// <summary>Writes a range inside the disk.</summary>
    internal void Write(ReadOnlySpan<byte> source, long offsetBytes, CancellationToken cancellationToken)
    {
        ThrowIfLost();
        Telemetry.Count(Telemetry.Writes, Telemetry.WrittenBytes, source.Length);
        while (!source.IsEmpty)
        {
            cancellationToken.ThrowIfCancellationRequested();
            (ExtentWriter extent, long inExtent, long room) = At(offsetBytes);
            int length = (int)Math.Min(Math.Min(source.Length, room), extent.MaxPieceBytes);
            extent.RequireAllowed(inExtent, length, clears: false);
            extent.RequireSound();
            Begin();
            extent.EnsurePrepared(_guard);
            extent.Write(source[..length], inExtent, cancellationToken);
            source = source[length..];
            offsetBytes += length;
            WriteBackWhenFull();
        }
    }

    /// <summary>Clears a range inside the disk.</summary>
    internal void Clear(long offsetBytes, long lengthBytes, bool discard, CancellationToken cancellationToken)
    {
        ThrowIfLost();
        while (lengthBytes > 0)
        {
            cancellationToken.ThrowIfCancellationRequested();
            (ExtentWriter extent, long inExtent, long room) = At(offsetBytes);
            long length = Math.Min(lengthBytes, room);
            extent.RequireAllowed(inExtent, length, clears: true);
            extent.RequireSound();
            Begin();
            extent.EnsurePrepared(_guard);
            extent.Clear(inExtent, length, discard, cancellationToken);
            lengthBytes -= length;
            offsetBytes += length;
            WriteBackWhenFull();
        }
    }

    /// <summary>Makes everything durable that had been written before the call.</summary>
    /// <exception cref="VmdkException">
    /// <see cref="VmdkErrorCode.DurabilityLost"/> when a barrier fails, now and ever after; any other failure leaves
    /// everything to be flushed again.
    /// </exception>
    internal void Flush()
    {
        long mine = Interlocked.Increment(ref _flushesRequested);
        lock (_flushLock)
        {
            ThrowIfLost();
            if (_flushesDone >= mine)
            {
                return;
            }

            long covered = Volatile.Read(ref _flushesRequested);
            WriteBack();
            Barrier();
            _flushesDone = covered;
            Telemetry.Flushes.Add(1);

            // Handed over once, whatever happens: blocks are given back there, and that may fail.
            (SparseWriter Owner, uint Sector)[] durable = [.. _unmapped];
            _unmapped.Clear();
            _freed.AddDurable(durable);
        }
    }

    /// <summary>Ends the writing: flush, trim, mark as closed properly. Nothing is under way any more.</summary>
    internal void Close()
    {
        if (IsDurabilityLost)
        {
            // The unclean mark stays: the next open must look.
            return;
        }

        if (!_latched)
        {
            return;
        }

        Flush();
        lock (_flushLock)
        {
            foreach (ExtentWriter extent in _extents)
            {
                extent.Trim();
            }

            Barrier();
            foreach (ExtentWriter extent in _extents)
            {
                extent.MarkClean();
            }

            Barrier();
        }
    }

    // Before the first change of any byte, and not before: an empty or refused write leaves the image as it is.
    void Begin()
    {
        if (Volatile.Read(ref _latched))
        {
            return;
        }

        lock (_latchLock)
        {
            if (!_latched)
            {
                ChangeContentId();
                Volatile.Write(ref _latched, true);
            }
        }
    }

    // Durable before any other byte changes: otherwise a child, or a copy, could take the new content for the old.
    void ChangeContentId()
    {
        if (_descriptor is null || _isNew)
        {
            return;
        }

        DescriptorText text = _descriptor.Text;
        _descriptor.Replace(_onFirstChange(text.WithContentId(NewContentId(text.ContentId, text.ContentIdWidth))));
        Guard(_descriptor.File);
    }

    static uint NewContentId(uint old, int digits)
    {
        // ffffffff means "no parent", fffffffe "see longContentID".
        const uint FirstReserved = 0xffff_fffe;
        while (true)
        {
            uint random = BitConverter.ToUInt32(RandomNumberGenerator.GetBytes(sizeof(uint)));
            uint id = random >> (32 - (4 * digits));
            if (id < FirstReserved && id != old)
            {
                return id;
            }
        }
    }

    (ExtentWriter Extent, long InExtent, long Room) At(long offsetBytes)
    {
        int found = Array.BinarySearch(_startBytes, 0, _extents.Length, offsetBytes);
        int index = found >= 0 ? found : ~found - 1;
        return (_extents[index], offsetBytes - _startBytes[index], _startBytes[index + 1] - offsetBytes);
    }

    void WriteBackWhenFull()
    {
        if (_dirtyTables.Value < _maxDirtyTables)
        {
            return;
        }

        lock (_flushLock)
        {
            ThrowIfLost();
            if (_dirtyTables.Value >= _maxDirtyTables)
            {
                WriteBack();
            }
        }
    }

    // Copies first, then the barrier that covers what they point to, then the copies: any subset of them may survive.
    void WriteBack()
    {
        _freed.Reclaim();
        var batch = new FlushBatch();
        try
        {
            foreach (ExtentWriter extent in _extents)
            {
                extent.Collect(batch);
            }

            if (!batch.IsEmpty)
            {
                Barrier();
            }
        }
        catch
        {
            batch.GiveBack();
            throw;
        }
        finally
        {
            // Also after a failure: the tables are as dirty as before, so that the next flush covers their un-mapping.
            _unmapped.AddRange(batch.Freed);
        }

        batch.Write();
    }

    void Barrier()
    {
        WriteFile[] written = [.. _files.Where(file => file.IsWritten)];
        if (written.Length <= 1)
        {
            foreach (WriteFile file in written)
            {
                Guard(file);
            }

            return;
        }

        try
        {
            Parallel.ForEach(written, _guard);
        }
        catch (AggregateException failures)
        {
            throw failures.InnerExceptions[0];
        }
    }

    // The kernel drops the dirty pages of a failed barrier and reports it once: there is nothing to try again.
    void Guard(WriteFile file)
    {
        if (_isNew)
        {
            return;
        }

        try
        {
            file.BarrierIfWritten();
        }
        catch (Exception failure)
        {
            Volatile.Write(ref _durabilityLost, true);
            Telemetry.Note("durability lost", file.File.Path);
            throw new VmdkException(
                VmdkErrorCode.DurabilityLost, file.File.Path,
                "a barrier failed: what was written since the last flush may be lost", inner: failure);
        }
    }

    void ThrowIfLost()
    {
        if (IsDurabilityLost)
        {
            throw new VmdkException(
                VmdkErrorCode.DurabilityLost, _files.Length > 0 ? _files[0].File.Path : "",
                "a barrier has failed: the image must be opened anew before it is written");
        }
    }
}
