using System.Text;
using VmdkFast.Format;
using VmdkFast.Storage;

namespace VmdkFast.Checking;

/// <summary>Takes a repair back: the saved bytes and lengths are written again, the last saved first.</summary>
sealed class UndoRun : IDisposable
{
    const int MaxNameBytes = 4096;

    readonly LocalFile _journal;
    readonly List<Entry> _entries = [];
    readonly Dictionary<string, LocalFile> _files = [];
    readonly byte[] _piece = new byte[UndoJournal.MaxPieceBytes];

    UndoRun(LocalFile journal) => _journal = journal;

    /// <summary>Takes back what a journal has saved; done once more it changes nothing.</summary>
    /// <returns>The files that were written.</returns>
    /// <exception cref="VmdkException">
    /// The journal is none, or belongs to files that are not there any more or in use; nothing was written then.
    /// </exception>
    internal static IReadOnlyList<string> Run(string journalPath)
    {
        using var undo = new UndoRun(LocalFile.Open(journalPath, FileAccessMode.Read));
        undo.ReadEntries();
        undo.OpenFiles();
        using ImageLocks locks = ImageLocks.Acquire([.. undo._files.Values.Select(file => (file, LockRole.Writer))]);
        undo.WriteBack();
        return [.. undo._files.Keys];
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _journal.Dispose();
        foreach (LocalFile file in _files.Values)
        {
            file.Dispose();
        }
    }

    // A record behind the last complete round belongs to one that has changed nothing yet.
    void ReadEntries()
    {
        Span<byte> start = stackalloc byte[UndoHeader.SizeBytes];
        if (_journal.Read(start, 0) < start.Length || UndoHeader.Read(start).Magic != UndoHeader.MagicValue
            || UndoHeader.Read(start).Version != UndoHeader.VersionValue)
        {
            throw new VmdkException(
                VmdkErrorCode.HeaderInvalid, _journal.Path, "the file is no undo journal", 0, "magic", null,
                "VMDKUNDO, version 1");
        }

        int complete = 0;
        long at = start.Length;
        while (TryReadEntry(ref at) is { } entry)
        {
            _entries.Add(entry);
            complete = entry.Kind == UndoKind.EndOfRound ? _entries.Count : complete;
        }

        _entries.RemoveRange(complete, _entries.Count - complete);
    }

    Entry? TryReadEntry(ref long at)
    {
        Span<byte> bytes = stackalloc byte[UndoRecord.SizeBytes];
        if (_journal.Read(bytes, at) < bytes.Length)
        {
            return null;
        }

        var record = UndoRecord.Read(bytes);
        if (record.NameBytes > MaxNameBytes || record.LengthBytes > (ulong)_piece.Length
            || record.OffsetBytes > long.MaxValue - UndoJournal.MaxPieceBytes)
        {
            return null;
        }

        var name = new byte[record.NameBytes];
        Span<byte> saved = _piece.AsSpan(0, (int)record.LengthBytes);
        long savedAt = at + bytes.Length + name.Length;
        ulong checksum = record.Checksum;
        var entry = new Entry(
            record.Kind, "", new FileIdentity(record.Device, record.Inode), (long)record.OffsetBytes, saved.Length,
            savedAt);
        bytes.Slice(UndoJournal.ChecksumOffset, sizeof(ulong)).Clear();
        if (_journal.Read(name, at + bytes.Length) < name.Length || _journal.Read(saved, savedAt) < saved.Length
            || UndoJournal.Checksum(bytes, name, saved) != checksum)
        {
            return null;
        }

        at = savedAt + saved.Length;
        return entry with { Path = Encoding.UTF8.GetString(name) };
    }

    void OpenFiles()
    {
        foreach (Entry entry in _entries)
        {
            if (entry.Kind == UndoKind.EndOfRound)
            {
                continue;
            }

            if (!_files.TryGetValue(entry.Path, out LocalFile? file))
            {
                file = LocalFile.Open(entry.Path, FileAccessMode.ReadWrite);
                _files.Add(entry.Path, file);
            }

            if (file.Identity != entry.Identity)
            {
                throw new VmdkException(
                    VmdkErrorCode.SourceChanged, entry.Path, "the journal belongs to another file of this name", null,
                    "identity", $"{file.Identity}", $"{entry.Identity}");
            }
        }
    }

    void WriteBack()
    {
        for (int i = _entries.Count - 1; i >= 0; i--)
        {
            Entry entry = _entries[i];
            switch (entry.Kind)
            {
                case UndoKind.Length:
                    LocalFile file = _files[entry.Path];
                    file.Grow(entry.OffsetBytes);
                    file.Truncate(entry.OffsetBytes);
                    break;
                case UndoKind.Range:
                    Span<byte> saved = _piece.AsSpan(0, entry.SavedBytes);
                    _journal.Read(saved, entry.SavedAtBytes);
                    _files[entry.Path].Write(saved, entry.OffsetBytes);
                    break;
            }
        }

        foreach (LocalFile file in _files.Values)
        {
            file.Barrier();
        }
    }

    sealed record Entry(
        UndoKind Kind, string Path, FileIdentity Identity, long OffsetBytes, int SavedBytes, long SavedAtBytes);
}
