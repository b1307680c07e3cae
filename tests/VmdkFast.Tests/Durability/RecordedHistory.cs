using VmdkFast.Storage;

namespace VmdkFast.Tests.Durability;

/// <summary>Everything that happened to the files of an image, in one order, and what they held before.</summary>
sealed class RecordedHistory
{
    readonly Lock _lock = new();
    readonly List<FileChange> _changes = [];
    readonly List<string> _names = [];
    readonly List<byte[]> _starts = [];
    long _time;

    /// <summary>Number of changes so far: a position in the history.</summary>
    internal int Count
    {
        get
        {
            lock (_lock)
            {
                return _changes.Count;
            }
        }
    }

    /// <summary>The files' names, without folder.</summary>
    internal IReadOnlyList<string> Names => _names;

    /// <summary>The files' content when they were opened.</summary>
    internal IReadOnlyList<byte[]> Starts => _starts;

    /// <summary>Names of the files that were changed.</summary>
    internal IReadOnlyCollection<string> Changed
    {
        get
        {
            lock (_lock)
            {
                return [.. _changes.Select(change => _names[change.File]).Distinct()];
            }
        }
    }

    internal FileChange this[int position]
    {
        get
        {
            lock (_lock)
            {
                return _changes[position];
            }
        }
    }

    /// <summary>A double that records; the engine gets it in the file's place.</summary>
    internal RecordingFile Wrap(ImageFile file)
    {
        byte[] start = new byte[file.LengthBytes];
        file.Read(start, 0);
        lock (_lock)
        {
            _names.Add(Path.GetFileName(file.Path));
            _starts.Add(start);
            return new RecordingFile(file, this, _names.Count - 1);
        }
    }

    internal void Append(FileChange change)
    {
        lock (_lock)
        {
            _changes.Add(change);
        }
    }

    internal void Complete(FileChange change)
    {
        lock (_lock)
        {
            change.CompletedAt = ++_time;
        }
    }

    /// <summary>A moment later than every one before: of calls that overlap, positions tell nothing.</summary>
    internal long Now()
    {
        lock (_lock)
        {
            return ++_time;
        }
    }
}
