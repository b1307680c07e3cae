using System.Buffers.Binary;
using System.Text;
using VmdkFast.Format;
using VmdkFast.Storage;

namespace VmdkFast.Checking;

/// <summary>Takes a repair back: the saved bytes and lengths are written again, the last saved first.</summary>
sealed class UndoRun : IDisposable
{
    readonly SealedJournal _journal;
    readonly List<Entry> _entries = [];
    readonly List<UndoFile> _files = [];
    readonly byte[] _piece = new byte[UndoJournal.MaxPieceBytes];

    UndoRun(SealedJournal journal) => _journal = journal;

    /// <summary>Takes back what a journal has saved, once; an undo that was cut short is taken to its end.</summary>
    /// <returns>The files that were written; none when nothing was changed, or all was put back before.</returns>
    /// <exception cref="VmdkException">
    /// The journal is none or damaged, or belongs to files that are not there any more, have been changed since, or
    /// are in use; nothing was written then.
    /// </exception>
    internal static IReadOnlyList<string> Run(string journalPath)
    {
        using var undo = new UndoRun(SealedJournal.Open(journalPath));
        return undo.Run();
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _journal.Dispose();
        foreach (UndoFile file in _files)
        {
            file.Dispose();
        }
    }

    IReadOnlyList<string> Run()
    {
        if (_journal.State is UndoState.None or UndoState.Undone)
        {
            return [];
        }

        ReadEntries();
        bool comparesAll = _journal.State == UndoState.Finished;
        foreach (UndoFile file in _files)
        {
            file.Open(_journal.Path, byContent: comparesAll);
        }

        using ImageLocks locks = ImageLocks.Acquire([.. _files.Select(file => (file.File, LockRole.Writer))]);
        foreach (UndoFile file in _files)
        {
            Judge(file, comparesAll);
        }

        Begin();
        WriteBack();
        _journal.Seal(UndoState.Undone);
        return [.. _files.Select(file => file.File.Path)];
    }

    void ReadEntries()
    {
        Span<byte> bytes = stackalloc byte[UndoRecord.SizeBytes];
        for (long at = UndoHeader.RecordsOffsetBytes; at < _journal.EndBytes;)
        {
            // What the hash covers was written by a repair, unless somebody has made the journal himself.
            if (_journal.EndBytes - at < bytes.Length)
            {
                throw _journal.Damaged("a record is cut off", at);
            }

            _journal.Read(bytes, at);
            var record = UndoRecord.Read(bytes);
            long dataAt = at + bytes.Length;
            if (record.DataBytes > (ulong)Math.Min(_piece.Length, _journal.EndBytes - dataAt)
                || record.OffsetBytes > long.MaxValue / 2 || record.LengthBytes > long.MaxValue / 2)
            {
                throw _journal.Damaged("a record is impossible", at);
            }

            Span<byte> data = _piece.AsSpan(0, (int)record.DataBytes);
            _journal.Read(data, dataAt);
            if (!TryAdd(record, dataAt, data))
            {
                throw _journal.Damaged("a record is impossible", at);
            }

            at = dataAt + data.Length;
        }
    }

    bool TryAdd(UndoRecord record, long dataAtBytes, ReadOnlySpan<byte> data)
    {
        if (record.Kind == UndoKind.File)
        {
            return TryAddFile(record, Encoding.UTF8.GetString(data).Split(UndoJournal.NameEnd));
        }

        if (record.FileNumber >= _files.Count)
        {
            return false;
        }

        int number = (int)record.FileNumber;
        UndoFile file = _files[number];
        (long offset, long length) = ((long)record.OffsetBytes, (long)record.LengthBytes);
        switch (record.Kind)
        {
            case UndoKind.Length:
                file.NoteLength(offset);
                _entries.Add(new Entry(number, offset, -1, 0));
                return true;
            case UndoKind.Range:
                _entries.Add(new Entry(number, offset, data.Length, dataAtBytes));
                return length == data.Length;
            case UndoKind.Change:
                file.NoteLength(offset + length);
                file.Changed.Add(new ByteRange(offset, offset + length));
                return true;
            case UndoKind.Result when data.Length == 16:
                file.Result = (offset, BinaryPrimitives.ReadUInt128LittleEndian(data));
                return true;
            default:
                return false;
        }
    }

    bool TryAddFile(UndoRecord record, string[] names)
    {
        if (names.Length != 2 || names[0].Length == 0 || record.FileNumber > _files.Count)
        {
            return false;
        }

        var identity = new FileIdentity(record.Device, record.Inode);
        int number = (int)record.FileNumber;
        if (number == _files.Count)
        {
            _files.Add(new UndoFile(names[0], names[1], identity));
        }
        else
        {
            _files[number] = _files[number].FoundAgain(names[0], names[1], identity);
        }

        return true;
    }

    // What was written after the repair is worth more than what was there before it.
    void Judge(UndoFile file, bool comparesAll)
    {
        long length = file.File.RefreshStatus().LengthBytes;
        if (!comparesAll)
        {
            if (length > file.MaxLengthBytes)
            {
                throw Changed(
                    file, "the file is longer than the repair can have made it: it was written to since, and putting "
                    + "it back would destroy that", length, $"at most {file.MaxLengthBytes} bytes");
            }

            return;
        }

        (long wantedLength, UInt128 hash) =
            file.Result ?? throw _journal.Damaged("it does not say how the repair left its files", null);
        if (length != wantedLength)
        {
            throw Changed(file, ChangedSince, length, $"{wantedLength} bytes");
        }

        if (RangeHash.Of(file.File, file.Changed) != hash)
        {
            throw new VmdkException(
                VmdkErrorCode.SourceChanged, file.File.Path, ChangedSince, null, "hash of what the repair wrote");
        }
    }

    const string ChangedSince =
        "the image was changed after the repair, and putting it back would destroy that; nothing was put back";

    static VmdkException Changed(UndoFile file, string problem, long length, string wanted) =>
        new(VmdkErrorCode.SourceChanged, file.File.Path, problem, null, "length", $"{length} bytes", wanted);

    // Half put back, a file is neither what it was nor what the repair left; the next undo must not compare it.
    void Begin()
    {
        if (_journal.State == UndoState.Undoing)
        {
            return;
        }

        for (int number = 0; number < _files.Count; number++)
        {
            if (!_files[number].IsWhereItWas)
            {
                UndoFile.WriteTo(_journal, number, _files[number].File);
            }
        }

        _journal.Seal(UndoState.Undoing);
    }

    void WriteBack()
    {
        for (int i = _entries.Count - 1; i >= 0; i--)
        {
            Entry entry = _entries[i];
            LocalFile file = _files[entry.FileNumber].File;
            if (entry.IsLength)
            {
                file.Grow(entry.OffsetBytes);
                file.Truncate(entry.OffsetBytes);
            }
            else
            {
                Span<byte> saved = _piece.AsSpan(0, entry.SavedBytes);
                _journal.Read(saved, entry.SavedAtBytes);
                file.Write(saved, entry.OffsetBytes);
            }
        }

        foreach (UndoFile file in _files)
        {
            file.File.Barrier();
        }
    }

    // A length of -1 stands for the file's own, which the offset tells.
    readonly record struct Entry(int FileNumber, long OffsetBytes, int SavedBytes, long SavedAtBytes)
    {
        internal bool IsLength => SavedBytes < 0;
    }
}
