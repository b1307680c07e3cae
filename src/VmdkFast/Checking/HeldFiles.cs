using VmdkFast.Storage;

namespace VmdkFast.Checking;

/// <summary>The files that a check has open, each with its locks. Not thread-safe.</summary>
/// <param name="forceShare">Neither takes nor minds locks.</param>
sealed class HeldFiles(bool forceShare) : IDisposable
{
    readonly List<(LocalFile File, ImageLocks? Locks)> _files = [];

    /// <summary>Locks a file and keeps it; closes it when somebody else uses it.</summary>
    internal LocalFile Keep(LocalFile file)
    {
        try
        {
            LockRole role = file.CanWrite ? LockRole.Writer : LockRole.Reader;
            bool isKnown = _files.Exists(known => known.File.Identity == file.Identity);
            ImageLocks? locks = forceShare || isKnown ? null : ImageLocks.Acquire([(file, role)]);
            _files.Add((file, locks));
            return file;
        }
        catch
        {
            file.Dispose();
            throw;
        }
    }

    /// <summary>Closes a file before the others.</summary>
    internal void Drop(LocalFile file)
    {
        int index = _files.FindIndex(known => ReferenceEquals(known.File, file));
        if (index >= 0)
        {
            _files[index].Locks?.Dispose();
            _files.RemoveAt(index);
        }

        file.Dispose();
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach ((LocalFile file, ImageLocks? locks) in _files)
        {
            locks?.Dispose();
            file.Dispose();
        }
    }
}
