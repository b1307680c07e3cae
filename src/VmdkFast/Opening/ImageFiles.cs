using VmdkFast.Caching;
using VmdkFast.Compression;
using VmdkFast.Extents;
using VmdkFast.Storage;

namespace VmdkFast.Opening;

/// <summary>The files of a chain while it is being opened: each once, and the caches that they share.</summary>
/// <remarks>
/// Files are told apart by device and inode, so links, renames and repeated names cannot bring one in twice. Only
/// flat extents with disjoint ranges may share a file, as partitioned disks do.
/// </remarks>
sealed class ImageFiles(VmdkOpenOptions options, Func<LocalFile, ImageFile>? wrap) : IDisposable
{
    // Larger grains are not kept inflated; a cursor moves through them.
    const long MaxCachedGrainBytes = 1 << 20;

    readonly Dictionary<FileIdentity, ImageFile> _byIdentity = [];
    readonly Dictionary<FileIdentity, List<ByteRange>> _flatRanges = [];
    readonly List<ImageFile> _files = [];
    readonly List<LocalFile> _locals = [];
    readonly Dictionary<long, BlockCache<StoredGrain>> _grainCaches = [];
    int _compressedFiles;
    GrainCodec? _codec;

    /// <summary>The cache that the tables of all extents share.</summary>
    internal TableCache Tables { get; } = new(options.TableCacheBytes);

    /// <summary>Takes an image's own file into the chain; closes it when it is already there.</summary>
    /// <returns>The file to use from now on.</returns>
    internal ImageFile AddImage(LocalFile file)
    {
        if (_byIdentity.ContainsKey(file.Identity))
        {
            file.Dispose();
            VmdkException.Throw(
                VmdkErrorCode.ChainLoop, file.Path, "the chain of parents comes back to a file that is part of it",
                null, "parentFileNameHint", "a file that is open already", "a file of its own");
        }

        return Take(file);
    }

    /// <summary>Takes the file of a sparse extent into the chain; closes it when it is already there.</summary>
    /// <returns>The file to use from now on.</returns>
    internal ImageFile AddExclusive(LocalFile file, string descriptorPath)
    {
        if (_byIdentity.ContainsKey(file.Identity))
        {
            file.Dispose();
            throw Twice(file, descriptorPath);
        }

        return Take(file);
    }

    /// <summary>Takes a range of a flat extent's file into the chain, and gives the file to read it by.</summary>
    internal ImageFile AddRange(LocalFile file, ByteRange range, string descriptorPath)
    {
        if (!_byIdentity.TryGetValue(file.Identity, out ImageFile? known))
        {
            _flatRanges.Add(file.Identity, [range]);
            return Take(file);
        }

        file.Dispose();
        if (!_flatRanges.TryGetValue(file.Identity, out List<ByteRange>? ranges)
            || ranges.Any(other => range.StartBytes < other.EndBytes && other.StartBytes < range.EndBytes))
        {
            throw Twice(file, descriptorPath);
        }

        ranges.Add(range);
        return known;
    }

    /// <summary>Whether one more extent's file may stay open, or should open again when it is first read.</summary>
    /// <remarks>Files that are written stay open: their state lives as long as the disk.</remarks>
    internal bool HasRoomForHandle =>
        _files.Count < options.Limits.MaxOpenExtents || options.Access == VmdkOpenAccess.ReadWrite;

    /// <summary>Replaces an open file by one that opens again at the first read.</summary>
    internal ImageFile OpenLater(LocalFile file, Func<LocalFile> open)
    {
        var later = new LateFile(file, open, lockWhenOpened: !options.ForceShare);
        int index = _files.IndexOf(file);
        _files[index] = later;
        _byIdentity[file.Identity] = later;
        _locals.RemoveAll(local => ReferenceEquals(local, file));
        file.Dispose();
        return later;
    }

    /// <summary>The grains of a compressed extent, sharing the cache of their size.</summary>
    internal CompressedGrains MakeGrains(ImageFile file, long grainBytes, long capacityBytes, bool markers)
    {
        BlockCache<StoredGrain>? cache = null;
        if (grainBytes <= Math.Min(MaxCachedGrainBytes, options.GrainCacheBytes / 8)
            && !_grainCaches.TryGetValue(grainBytes, out cache))
        {
            // Chains have one grain size; every further one gets half of what the one before has.
            cache = new BlockCache<StoredGrain>(
                (int)grainBytes, options.GrainCacheBytes >> _grainCaches.Count, CompressedGrains.Filler.Instance);
            _grainCaches.Add(grainBytes, cache);
        }

        return new CompressedGrains(
            file, _codec ??= GrainCodec.Of(options.Codec), grainBytes, capacityBytes, markers, _compressedFiles++,
            cache);
    }

    /// <summary>Locks all open files, each for what it was opened for, or none.</summary>
    internal ImageLocks LockAll() =>
        ImageLocks.Acquire(
            [.. _locals.Select(file => (file, file.CanWrite ? LockRole.Writer : LockRole.Reader))]);

    /// <summary>Gives the files away; disposing does nothing from then on.</summary>
    internal IReadOnlyList<ImageFile> Release()
    {
        ImageFile[] files = [.. _files];
        _files.Clear();
        return files;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (ImageFile file in _files)
        {
            file.Dispose();
        }

        _files.Clear();
    }

    ImageFile Take(LocalFile file)
    {
        ImageFile taken = wrap is not null && file.CanWrite ? wrap(file) : file;
        _byIdentity.Add(file.Identity, taken);
        _files.Add(taken);
        _locals.Add(file);
        return taken;
    }

    static VmdkException Twice(LocalFile file, string descriptorPath) =>
        new(VmdkErrorCode.ReferenceRefused, descriptorPath, $"the file '{file.Path}' appears twice in the image", null,
            "extent", "one file for two extents", "a file of its own for each extent");
}
