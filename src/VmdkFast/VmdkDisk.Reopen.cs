using VmdkFast.Streaming;

namespace VmdkFast;

public sealed partial class VmdkDisk
{
    // Held while the files are exchanged or closed; who finds the flag set waits for it.
    readonly Lock _reopenLock = new();
    int _reopening;

    /// <summary>Goes from reading to writing or back, on the same files, while others use the disk.</summary>
    /// <param name="access">What the disk shall allow from now on; what it allows already changes nothing.</param>
    /// <remarks>
    /// Operations under way are waited for, new ones wait until the change is done. On the way to reading everything
    /// is flushed, and the image is marked as closed properly, as by <see cref="Dispose"/>; other readers may open it
    /// then. <see cref="Layers"/> is read anew, all caches begin empty.
    /// </remarks>
    /// <exception cref="VmdkException">
    /// <see cref="VmdkErrorCode.Locked"/>: somebody else has one of the files open;
    /// <see cref="VmdkErrorCode.SourceChanged"/>: its name leads to another file by now; or the last flush failed, or
    /// the image does not open this way. The disk then is what it was before. Only if even that is not possible, since
    /// another writer came in between, or the file has gone, the disk is closed.
    /// </exception>
    /// <exception cref="InvalidOperationException">The disk is a raw file, which is only read.</exception>
    /// <exception cref="ArgumentException">The disk was opened with options that only allow reading.</exception>
    /// <exception cref="ObjectDisposedException">The disk is closed.</exception>
    public void Reopen(VmdkOpenAccess access)
    {
        if (!Enum.IsDefined(access))
        {
            throw new ArgumentOutOfRangeException(nameof(access), access, "Wanted Read or ReadWrite.");
        }

        lock (_reopenLock)
        {
            ObjectDisposedException.ThrowIf(Volatile.Read(ref _closed) != 0, this);
            if ((_session.Writer is not null) == (access == VmdkOpenAccess.ReadWrite))
            {
                return;
            }

            // From here on nobody enters; with a full fence, since the gate is looked at next.
            Interlocked.Exchange(ref _reopening, 1);
            try
            {
                _gate.Drain();
                Replace(_session, access);
            }
            finally
            {
                Volatile.Write(ref _reopening, 0);
            }
        }
    }

    /// <summary>As <see cref="Reopen"/>, on a pool thread.</summary>
    /// <param name="access">What the disk shall allow from now on.</param>
    /// <param name="cancellationToken">Cancels it before it starts.</param>
    public Task ReopenAsync(VmdkOpenAccess access, CancellationToken cancellationToken = default) =>
        Task.Run(() => Reopen(access), cancellationToken);

    void Replace(DiskSession old, VmdkOpenAccess access)
    {
        if (_reopen is null)
        {
            throw new InvalidOperationException("A raw file is opened for reading.");
        }

        // A writer that fails to close still is one: nothing has been given up yet.
        old.Writer?.Close();
        var files = new UnchangedFiles(old.Image);
        old.Image.Unlock();
        try
        {
            _session = OpenAgain(old, access);
        }
        catch
        {
            TakeBack(old, files);
            throw;
        }

        old.Dispose();
    }

    DiskSession OpenAgain(DiskSession old, VmdkOpenAccess access)
    {
        DiskSession session = _reopen!(access);
        bool isSame = session.Image.Top.LengthBytes == old.Image.Top.LengthBytes
            && session.Image.Files.Select(file => file.Identity).SequenceEqual(
                old.Image.Files.Select(file => file.Identity));
        if (isSame)
        {
            return session;
        }

        session.Dispose();
        throw new VmdkException(
            VmdkErrorCode.SourceChanged, Path, "a name leads to another file than when the image was opened");
    }

    // A reader goes on with its files, unless somebody has changed them while they were not locked. A writer that has
    // been closed is done, so another one is opened.
    void TakeBack(DiskSession old, UnchangedFiles files)
    {
        try
        {
            if (old.Writer is null)
            {
                old.Image.LockAgain();
                files.ThrowIfChanged();
            }
            else
            {
                _session = OpenAgain(old, VmdkOpenAccess.ReadWrite);
                old.Dispose();
            }
        }
        catch (VmdkException)
        {
            Interlocked.Exchange(ref _closed, 1);
            old.Dispose();
        }
    }
}
