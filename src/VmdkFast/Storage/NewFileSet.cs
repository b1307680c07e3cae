namespace VmdkFast.Storage;

/// <summary>Files that are made together: complete under their names at the end, or none of them is left.</summary>
/// <remarks>
/// They are made under their names in a temporary folder beside them, where they can be opened as the image that they
/// are. <see cref="Commit"/> renames them in the order in which they were written, so the one that makes the others an
/// image comes last. Not thread-safe.
/// </remarks>
sealed class NewFileSet : IDisposable
{
    readonly Platform _platform = Platform.Current;
    readonly Dictionary<string, Entry> _entries = [];
    readonly List<Entry> _written = [];
    readonly string _folder;
    readonly string _stagingFolder;
    readonly bool _sync;
    readonly ImageLocks _locks;
    bool _staged;
    bool _committed;

    /// <summary>Looks at what is there already; makes nothing yet.</summary>
    /// <param name="paths">The names that the files will have, all in one folder; none twice.</param>
    /// <param name="overwrite">Whether existing regular files are replaced; otherwise they are refused.</param>
    /// <param name="sync">Whether files and names survive a power cut when <see cref="Commit"/> returns.</param>
    /// <param name="untouchable">Files that must not be replaced, by whatever name.</param>
    /// <exception cref="VmdkException">
    /// <see cref="VmdkErrorCode.TargetRefused"/> for a name that is taken, or may not be replaced;
    /// <see cref="VmdkErrorCode.Locked"/> when somebody uses the file that would be replaced.
    /// </exception>
    internal NewFileSet(
        IReadOnlyList<string> paths, bool overwrite, bool sync, IReadOnlyCollection<FileIdentity> untouchable)
    {
        _sync = sync;
        try
        {
            foreach (string path in paths)
            {
                _entries.Add(path, Look(path, overwrite, untouchable));
            }

            // Replacing a file takes it away from whoever has it open, without a word: he counts as a reader of the
            // old one for ever.
            _locks = ImageLocks.Acquire([.. _entries.Values
                .Where(entry => entry.Replaced is not null).Select(entry => (entry.Replaced!, LockRole.Writer))]);
        }
        catch
        {
            CloseReplaced();
            throw;
        }

        // A single file is made where a link leads, perhaps on another device; files that belong together, beside it.
        string beside = paths.Count == 1 ? _entries[paths[0]].Path : paths[0];
        _folder = Path.GetDirectoryName(beside) ?? "";
        string unique = Convert.ToHexStringLower(BitConverter.GetBytes(Random.Shared.NextInt64()));
        _stagingFolder = Path.Combine(_folder, $".vmdkfast-{unique}.partial");
    }

    /// <summary>Where a file is until the commit.</summary>
    internal string StagedPath(string path) => Path.Combine(_stagingFolder, Path.GetFileName(path));

    /// <summary>Makes one file; it is closed when this returns, and has its name only after the commit.</summary>
    /// <exception cref="VmdkException"><see cref="VmdkErrorCode.FileMissing"/> without the folder.</exception>
    internal void Write(string path, Action<LocalFile> write)
    {
        Stage();
        Entry entry = _entries[path];
        using LocalFile file = LocalFile.CreateNew(StagedPath(path));
        entry.StagedPath = file.Path;
        _written.Add(entry);
        if (entry.Replaced is { } replaced)
        {
            file.TakeOwnershipOf(replaced);
        }

        write(file);
        if (_sync)
        {
            file.Barrier();
        }
    }

    /// <summary>Gives the files their names.</summary>
    internal void Commit()
    {
        foreach (Entry entry in _written)
        {
            _platform.Rename(entry.StagedPath, entry.Path, replace: entry.Replaced is not null);
            entry.IsNamed = true;
        }

        if (_sync)
        {
            foreach (Entry entry in _written.DistinctBy(entry => Path.GetDirectoryName(entry.Path)))
            {
                using ImageFolder folder = ImageFolder.Beside(entry.Path, VmdkLimits.Default);
                folder.Barrier();
            }
        }

        _committed = true;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (Entry entry in _committed ? [] : _written.Where(entry => entry.IsNamed))
        {
            // A name that replaced another one goes too: the old image without this file is refused when it is opened;
            // with a fresh file in its place it would read as zeros.
            Try(() => File.Delete(entry.Path));
        }

        if (_staged)
        {
            Try(() => Directory.Delete(_stagingFolder, recursive: true));
        }

        _locks.Dispose();
        CloseReplaced();
    }

    void Stage()
    {
        if (_staged)
        {
            return;
        }

        // The framework would make a missing parent too.
        using (ImageFolder.Beside(_stagingFolder, VmdkLimits.Default))
        {
            try
            {
                MakeFolder(_stagingFolder);
            }
            catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
            {
                throw new VmdkException(
                    failure is IOException ? VmdkErrorCode.InputOutput : VmdkErrorCode.AccessRefused,
                    _folder.Length == 0 ? "." : _folder, "no folder can be made for the new files",
                    found: failure.Message, inner: failure);
            }
        }

        _staged = true;
    }

    static void MakeFolder(string path)
    {
        if (OperatingSystem.IsWindows())
        {
            Directory.CreateDirectory(path);
        }
        else
        {
            Directory.CreateDirectory(
                path, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        }
    }

    static Entry Look(string path, bool overwrite, IReadOnlyCollection<FileIdentity> untouchable)
    {
        if (!overwrite)
        {
            // Attributes of the name itself, so that a link that leads nowhere counts as something that is there.
            return new FileInfo(path) is { Exists: false, LinkTarget: null } && !Directory.Exists(path)
                ? new Entry(path, null)
                : throw new VmdkException(VmdkErrorCode.TargetRefused, path, "the file already exists");
        }

        path = TargetPath.ResolveLinks(path);
        LocalFile? existing = TargetPath.TryOpen(path);
        try
        {
            if (existing is not null && (existing.IsBlockDevice || untouchable.Contains(existing.Identity)))
            {
                throw new VmdkException(
                    VmdkErrorCode.TargetRefused, path,
                    existing.IsBlockDevice
                        ? "a device cannot be replaced"
                        : "the file is a part of the source or of the parent");
            }

            return new Entry(path, existing);
        }
        catch
        {
            existing?.Dispose();
            throw;
        }
    }

    // The failure that led here is the one to report, and it must not be hidden by another one.
    static void Try(Action delete)
    {
        try
        {
            delete();
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
        }
    }

    void CloseReplaced()
    {
        foreach (Entry entry in _entries.Values)
        {
            entry.Replaced?.Dispose();
        }
    }

    /// <param name="path">The name that the file will have.</param>
    /// <param name="replaced">The file that has the name now; null when there is none.</param>
    sealed class Entry(string path, LocalFile? replaced)
    {
        internal string Path => path;

        internal LocalFile? Replaced => replaced;

        internal string StagedPath { get; set; } = "";

        internal bool IsNamed { get; set; }
    }
}
