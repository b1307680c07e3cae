using VmdkFast.Storage;
using VmdkFast.Tests.Support;

namespace VmdkFast.Tests.Durability;

/// <summary>
/// Rebuilds the files of a history as a power cut at one position may leave them: what a barrier of that very file
/// covered is there; everything else survives or not, each unit and each length for itself, across all files.
/// </summary>
/// <remarks>
/// The model has no order between two pending units, as neither page cache nor disk has one. A folder of files is
/// changed from one case to the next by the units that differ, so that a case costs microseconds.
/// </remarks>
sealed class PowerCut : IDisposable
{
    internal const int SectorUnit = 512;
    internal const int BlockUnit = 4096;

    readonly RecordedHistory _history;
    readonly int _unitBytes;
    readonly ReplayedFile[] _replayed;
    readonly LocalFile[] _files;
    readonly HashSet<long>[] _different;

    /// <param name="history">What happened.</param>
    /// <param name="folder">
    /// Where the files are rebuilt. Files that the history does not change are the caller's to put there.
    /// </param>
    /// <param name="unitBytes">What the disk writes whole.</param>
    internal PowerCut(RecordedHistory history, string folder, int unitBytes = SectorUnit)
    {
        _history = history;
        _unitBytes = unitBytes;
        _replayed = [.. history.Starts.Select(start => new ReplayedFile(unitBytes, start))];
        _different = [.. history.Starts.Select(_ => new HashSet<long>())];
        _files = new LocalFile[history.Names.Count];
        for (int i = 0; i < _files.Length; i++)
        {
            string path = Path.Combine(folder, history.Names[i]);
            File.WriteAllBytes(path, history.Starts[i]);
            _files[i] = LocalFile.Open(path, FileAccessMode.ReadWrite);
        }
    }

    /// <summary>How much of the history has happened.</summary>
    internal int Position { get; private set; }

    /// <summary>Lets the next change happen.</summary>
    internal void Advance()
    {
        FileChange change = _history[Position++];
        _replayed[change.File].Apply(change);
    }

    /// <summary>All that is pending at this position.</summary>
    internal List<PendingPart> Pending()
    {
        var parts = new List<PendingPart>();
        for (int file = 0; file < _replayed.Length; file++)
        {
            if (_replayed[file].PendingLengths > 0)
            {
                parts.Add(new PendingPart(file, PendingPart.Length, _replayed[file].PendingLengths));
            }

            foreach ((long unit, int versions) in _replayed[file].Pending)
            {
                parts.Add(new PendingPart(file, unit, versions));
            }
        }

        return parts;
    }

    /// <summary>Makes the files in the folder what a cut leaves.</summary>
    /// <param name="parts">As <see cref="Pending"/> gave them at this position.</param>
    /// <param name="surviving">For each part, how many of its versions reached the disk.</param>
    /// <param name="torn">A pending unit that was being written: garbage; null for none.</param>
    internal void Rebuild(IReadOnlyList<PendingPart> parts, ReadOnlySpan<int> surviving, PendingPart? torn = null)
    {
        var chosen = new Dictionary<long, int>[_files.Length];
        int[] lengths = new int[_files.Length];
        for (int file = 0; file < _files.Length; file++)
        {
            chosen[file] = [];
        }

        for (int i = 0; i < parts.Count; i++)
        {
            if (parts[i].Unit == PendingPart.Length)
            {
                lengths[parts[i].File] = surviving[i];
            }
            else if (surviving[i] > 0)
            {
                chosen[parts[i].File][parts[i].Unit] = surviving[i];
            }
        }

        for (int file = 0; file < _files.Length; file++)
        {
            long? tornUnit = torn is { } part && part.File == file ? part.Unit : null;
            Rebuild(file, lengths[file], chosen[file], tornUnit);
        }
    }

    /// <summary>The files were changed by what came after the cut; they are put right with the next case.</summary>
    internal void NoteChanged(RecordedHistory later)
    {
        for (int position = 0; position < later.Count; position++)
        {
            FileChange change = later[position];
            int file = _history.Names.ToList().IndexOf(later.Names[change.File]);
            if (file < 0)
            {
                continue;
            }

            if (change.Kind is ChangeKind.Write or ChangeKind.Punch)
            {
                long endBytes = change.OffsetBytes + change.LengthBytes;
                for (long unit = change.OffsetBytes / _unitBytes; unit * _unitBytes < endBytes; unit++)
                {
                    _different[file].Add(unit);
                }
            }
            else if (change.Kind == ChangeKind.Truncate)
            {
                NoteCut(file, change.LengthBytes);
            }
        }
    }

    /// <summary>Another program has written the files, nobody knows where: the next case makes them anew.</summary>
    internal void NoteUnknownChanges()
    {
        foreach (LocalFile file in _files)
        {
            file.RefreshStatus();
            file.Truncate(0);
        }
    }

    public void Dispose()
    {
        foreach (LocalFile file in _files)
        {
            file.Dispose();
        }
    }

    void Rebuild(int file, int lengthVersions, Dictionary<long, int> chosen, long? torn)
    {
        ReplayedFile replayed = _replayed[file];
        LocalFile target = _files[file];
        long wantedBytes = replayed.LengthBytes(lengthVersions);
        long shortestBytes = Math.Min(target.RefreshStatus().LengthBytes, wantedBytes);
        NoteCut(file, shortestBytes);

        target.Truncate(wantedBytes);
        target.Grow(wantedBytes);
        HashSet<long> units = _different[file];
        units.UnionWith(replayed.Settled);
        replayed.Settled.Clear();
        units.UnionWith(chosen.Keys);
        if (torn is { } unreadable)
        {
            units.Add(unreadable);
        }

        byte[] content = new byte[_unitBytes];
        foreach (long unit in units)
        {
            long offset = unit * _unitBytes;
            int count = (int)Math.Clamp(wantedBytes - offset, 0, _unitBytes);
            if (unit == torn)
            {
                Garbage(content, unit);
            }
            else
            {
                replayed.Read(unit, chosen.GetValueOrDefault(unit), content);
            }

            if (count > 0)
            {
                target.Write(content.AsSpan(0, count), offset);
            }
        }

        // What lies beyond a shortened end was not written, so it must be when the file is longer again.
        units.RemoveWhere(unit => !chosen.ContainsKey(unit) && unit != torn && (unit + 1) * _unitBytes <= wantedBytes);
    }

    // Behind the cut there are zeros now: only what should be something else must be written again.
    void NoteCut(int file, long lengthBytes)
    {
        foreach (long unit in _replayed[file].NonZeroFrom(lengthBytes))
        {
            _different[file].Add(unit);
        }
    }

    static void Garbage(Span<byte> content, long unit)
    {
        var random = new SplitMix((ulong)unit);
        for (int i = 0; i < content.Length; i++)
        {
            content[i] = (byte)random.Next();
        }
    }
}
