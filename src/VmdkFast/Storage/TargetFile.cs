namespace VmdkFast.Storage;

/// <summary>The file that a whole-image operation makes: complete under its name, or not there at all.</summary>
/// <remarks>
/// A new name, or a regular file with one link, is made as a temporary file in the same folder and renamed at the end.
/// What a rename would destroy is written in place instead: devices, files with several links, and a target that the
/// caller wants kept. A symbolic link is followed first, so it stays a link.
/// </remarks>
sealed class TargetFile : IDisposable
{
    readonly string? _temporaryPath;
    readonly string _path;
    bool _committed;

    TargetFile(LocalFile file, string path, string? temporaryPath, bool isZero)
    {
        File = file;
        IsZero = isZero;
        _path = path;
        _temporaryPath = temporaryPath;
    }

    /// <summary>The file to write.</summary>
    internal LocalFile File { get; }

    /// <summary>Whether the file is known to read as zeros: nothing has ever been written to it.</summary>
    internal bool IsZero { get; }

    /// <summary>Prepares a target of a given length.</summary>
    /// <param name="path">The name that the caller gave.</param>
    /// <param name="lengthBytes">Length of what will be written.</param>
    /// <param name="intoExisting">Writes into what is there, which must be long enough.</param>
    /// <param name="sources">Files that must not be the target.</param>
    internal static TargetFile Create(
        string path, long lengthBytes, bool intoExisting, IReadOnlyList<ImageFile> sources)
    {
        path = TargetPath.ResolveLinks(path);
        LocalFile? existing = TargetPath.TryOpen(path);
        using (existing)
        {
            if (existing is null)
            {
                return intoExisting
                    ? throw new VmdkException(VmdkErrorCode.FileMissing, path, "the target does not exist")
                    : CreateTemporary(path, lengthBytes, null);
            }

            if (sources.Any(source => source.Identity == existing.Identity))
            {
                throw new VmdkException(VmdkErrorCode.TargetRefused, path, "the target is a part of the source");
            }

            FileStatus status = existing.RefreshStatus();
            if (existing.IsBlockDevice || intoExisting || status.LinkCount > 1)
            {
                return OpenInPlace(path, existing, lengthBytes, keepContent: intoExisting || existing.IsBlockDevice);
            }

            return CreateTemporary(path, lengthBytes, existing);
        }
    }

    /// <summary>Opens a target that takes bytes only in order: a pipe or a character device.</summary>
    /// <returns>Null when the target is a file, a block device, or nothing yet.</returns>
    internal static Stream? TryOpenInOrder(string path) =>
        LocalFile.KindOf(path) is FileKind.Pipe or FileKind.CharacterDevice
            ? new FileStream(path, FileMode.Open, FileAccess.Write, FileShare.ReadWrite, bufferSize: 0)
            : null;

    /// <summary>Gives the file its name.</summary>
    /// <param name="durable">Whether data and name survive a power cut when this returns.</param>
    internal void Commit(bool durable)
    {
        if (durable)
        {
            File.Barrier();
        }

        if (_temporaryPath is not null)
        {
            System.IO.File.Move(_temporaryPath, _path, overwrite: true);
            if (durable)
            {
                using ImageFolder folder = ImageFolder.Beside(_path, VmdkLimits.Default);
                folder.Barrier();
            }
        }

        _committed = true;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        File.Dispose();
        if (!_committed && _temporaryPath is not null)
        {
            System.IO.File.Delete(_temporaryPath);
        }
    }

    static TargetFile OpenInPlace(string path, LocalFile existing, long lengthBytes, bool keepContent)
    {
        if (keepContent && existing.LengthBytes < lengthBytes)
        {
            throw new VmdkException(
                VmdkErrorCode.TargetRefused, path, "the target is too small", null, "length",
                $"{existing.LengthBytes} bytes", $"at least {lengthBytes} bytes");
        }

        LocalFile file = existing.Reopen(FileAccessMode.ReadWrite);
        try
        {
            if (!keepContent)
            {
                file.Truncate(0);
                file.Grow(lengthBytes);
            }

            return new TargetFile(file, path, null, isZero: !keepContent);
        }
        catch
        {
            file.Dispose();
            throw;
        }
    }

    static TargetFile CreateTemporary(string path, long lengthBytes, LocalFile? replaced)
    {
        string folder = Path.GetDirectoryName(path) is { Length: > 0 } named ? named : ".";
        string mark = Convert.ToHexStringLower(BitConverter.GetBytes(Random.Shared.NextInt64()));

        // Not made of the name, which may be as long as the file system allows.
        string temporaryPath = Path.Combine(folder, $".vmdkfast-{mark}.partial");
        var target = new TargetFile(LocalFile.CreateNew(temporaryPath), path, temporaryPath, isZero: true);
        try
        {
            if (replaced is not null)
            {
                target.File.TakeOwnershipOf(replaced);
            }

            target.File.Grow(lengthBytes);
            return target;
        }
        catch
        {
            target.Dispose();
            throw;
        }
    }
}
