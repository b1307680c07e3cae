namespace VmdkFast.Storage;

/// <summary>The locks on all files of one image and its parents: all of them or none, until disposed.</summary>
/// <remarks>
/// On Linux they are the byte locks of QEMU, so that both see each other; they belong to the open file and therefore
/// also keep two disks of one process apart. Not thread-safe.
/// </remarks>
sealed class ImageLocks : IDisposable
{
    readonly List<(LocalFile File, LockRole Role)> _held = [];

    ImageLocks()
    {
    }

    /// <summary>Locks every file for its role, without waiting.</summary>
    /// <param name="files">Files and roles; one file given for both roles is locked as writer.</param>
    /// <param name="force">Takes and tests nothing, as QEMU's <c>--force-share</c>; the result is empty.</param>
    /// <exception cref="VmdkException">
    /// <see cref="VmdkErrorCode.Locked"/>, naming the file that somebody else holds; nothing stays locked.
    /// </exception>
    internal static ImageLocks Acquire(IReadOnlyList<(LocalFile File, LockRole Role)> files, bool force = false)
    {
        ImageLocks locks = new();
        if (force)
        {
            return locks;
        }

        // One order for everybody: two processes that want overlapping sets cannot each hold the other's half.
        var ordered = files.GroupBy(wanted => wanted.File, wanted => wanted.Role)
            .OrderBy(group => group.Key.Identity.Device).ThenBy(group => group.Key.Identity.Inode);
        try
        {
            foreach (IGrouping<LocalFile, LockRole> wanted in ordered)
            {
                locks.Take(wanted.Key, wanted.Max());
            }

            return locks;
        }
        catch
        {
            locks.Dispose();
            throw;
        }
    }

    /// <summary>Gives all locks back until <see cref="TakeAgain"/>.</summary>
    internal void Release()
    {
        foreach ((LocalFile file, _) in _held)
        {
            file.Unlock();
        }
    }

    /// <summary>Takes all locks again, without waiting.</summary>
    /// <exception cref="VmdkException">
    /// <see cref="VmdkErrorCode.Locked"/>: somebody came meanwhile; nothing stays locked.
    /// </exception>
    internal void TakeAgain()
    {
        (LocalFile File, LockRole Role)[] wanted = [.. _held];
        _held.Clear();
        try
        {
            foreach ((LocalFile file, LockRole role) in wanted)
            {
                Take(file, role);
            }
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    /// <summary>Gives all locks back.</summary>
    public void Dispose()
    {
        Release();
        _held.Clear();
    }

    void Take(LocalFile file, LockRole role)
    {
        if (file.TryLock(role) == LockOutcome.Held)
        {
            throw new VmdkException(
                VmdkErrorCode.Locked, file.Path,
                role == LockRole.Writer ? "in use, cannot be opened for writing" : "open for writing elsewhere");
        }

        _held.Add((file, role));
        if (role == LockRole.Writer && VmwareOwner(file.Path) is { } member)
        {
            throw new VmdkException(
                VmdkErrorCode.Locked, file.Path, "in use by a VMware product", found: member);
        }
    }

    /// <summary>The member file with which a VMware product marks an image that it has open, if there is one.</summary>
    /// <remarks>
    /// Workstation and Fusion keep <c>M12345.lck</c> in the folder <c>disk.vmdk.lck</c>. Whether its owner still runs
    /// cannot be told from outside (it is named by an ID of VMware's own for the machine), so each one counts; the
    /// user who knows better forces.
    /// </remarks>
    static string? VmwareOwner(string path)
    {
        string folder = path + ".lck";
        if (!Directory.Exists(folder))
        {
            return null;
        }

        try
        {
            return Directory.EnumerateFiles(folder, "M*.lck").FirstOrDefault();
        }
        catch (DirectoryNotFoundException)
        {
            // Released between the two looks.
            return null;
        }
        catch (UnauthorizedAccessException)
        {
            return folder;
        }
    }
}
