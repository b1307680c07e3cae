namespace VmdkFast.Writing;

/// <summary>Changes one extent of the opened image.</summary>
/// <remarks>Thread-safe. The caller holds a token of the gate and has passed the disk's write latch.</remarks>
abstract class ExtentWriter(WriteFile? file)
{
    readonly Lock _latch = new();
    bool _prepared;

    /// <summary>The file behind the extent; null when it has none and cannot be written.</summary>
    internal WriteFile? File => file;

    /// <summary>Before the first change of the extent: everything that must be durable before it.</summary>
    /// <param name="barrier">Makes it durable.</param>
    internal void EnsurePrepared(Action<WriteFile> barrier)
    {
        if (Volatile.Read(ref _prepared))
        {
            return;
        }

        lock (_latch)
        {
            if (!_prepared)
            {
                Prepare();
                if (file is not null)
                {
                    barrier(file);
                }

                Volatile.Write(ref _prepared, true);
            }
        }
    }

    /// <summary>A longer request is cut, so that the tables that it dirties cannot outgrow the cache.</summary>
    internal virtual int MaxPieceBytes => 4 << 20;

    /// <summary>Whether anything of the extent may have been changed in this open.</summary>
    protected bool IsPrepared => Volatile.Read(ref _prepared);

    /// <summary>
    /// Refuses what the extent can never take, before anything is changed for it: a refused write must not cost the
    /// disk its content ID, and thereby its children.
    /// </summary>
    /// <param name="offsetBytes">Where the request begins in the extent.</param>
    /// <param name="lengthBytes">How far it goes, inside the extent.</param>
    /// <param name="clears">Whether it asks for zeros, or gives space back.</param>
    internal virtual void RequireAllowed(long offsetBytes, long lengthBytes, bool clears)
    {
    }

    /// <summary>Refuses an extent whose metadata needs a repair, while nothing of the image has been changed.</summary>
    internal virtual void RequireSound()
    {
    }

    /// <summary>Writes bytes that lie inside the extent.</summary>
    internal abstract void Write(ReadOnlySpan<byte> source, long offsetBytes, CancellationToken cancellationToken);

    /// <summary>Makes a range read as zeros (or, for a discard, as nothing in particular that was not there).</summary>
    internal abstract void Clear(long offsetBytes, long lengthBytes, bool discard, CancellationToken cancellationToken);

    /// <summary>First step of a flush: copies of all metadata that the file lacks.</summary>
    internal virtual void Collect(FlushBatch batch)
    {
    }

    /// <summary>After the last flush: nothing of the file is in use beyond what it needs.</summary>
    internal virtual void Trim()
    {
    }

    /// <summary>
    /// After everything is durable: the mark that the extent was closed properly, when that is the truth.
    /// </summary>
    internal virtual void MarkClean()
    {
    }

    /// <summary>The work of <see cref="EnsurePrepared"/>; one call at a time.</summary>
    protected virtual void Prepare()
    {
    }
}
