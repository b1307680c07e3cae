using System.Buffers.Binary;
using VmdkFast.Format;
using VmdkFast.Storage;

namespace VmdkFast.Checking;

/// <summary>
/// Saves what a repair is about to change, durably and before the first change. Not thread-safe.
/// </summary>
sealed class UndoJournal : IDisposable
{
    internal const int MaxPieceBytes = 1 << 20;

    // Parts the two names of a file: no name holds it.
    internal const char NameEnd = '\0';

    readonly SealedJournal _journal;
    readonly byte[] _piece = new byte[MaxPieceBytes];
    readonly List<(LocalFile File, List<ByteRange> Changed)> _files = [];

    UndoJournal(SealedJournal journal) => _journal = journal;

    internal string Path => _journal.Path;

    /// <summary>Whether a round is saved: from then on a file may have been changed.</summary>
    internal bool HasRound => _journal.State != UndoState.None;

    /// <inheritdoc cref="SealedJournal.Create"/>
    internal static UndoJournal Create(string path, LocalFile image) => new(SealedJournal.Create(path, image));

    /// <summary>Saves what some changes will touch; when this returns, all of it is durable.</summary>
    internal void Save(IReadOnlyList<PlannedChange> changes)
    {
        foreach (LocalFile file in changes.Select(change => change.File.Local).DistinctBy(file => file.Identity))
        {
            int number = NumberOf(file);
            Write(_journal, UndoKind.Length, number, file.LengthBytes);
        }

        foreach (PlannedChange change in changes)
        {
            int number = NumberOf(change.File.Local);
            Write(_journal, UndoKind.Change, number, change.OffsetBytes, change.LengthBytes);
            _files[number].Changed.Add(
                new ByteRange(change.OffsetBytes, checked(change.OffsetBytes + change.LengthBytes)));
            SaveRange(change, number);
        }

        _journal.Seal(UndoState.Saved);
    }

    /// <summary>Notes how the repair leaves the files, so that what is written afterwards is not taken back.</summary>
    internal void Finish()
    {
        Span<byte> hash = stackalloc byte[16];
        for (int number = 0; number < _files.Count; number++)
        {
            (LocalFile file, List<ByteRange> changed) = _files[number];
            long length = file.RefreshStatus().LengthBytes;
            BinaryPrimitives.WriteUInt128LittleEndian(hash, RangeHash.Of(file, changed));
            Write(_journal, UndoKind.Result, number, length, 0, hash);
        }

        _journal.Seal(UndoState.Finished);
    }

    /// <summary>Adds a record.</summary>
    internal static void Write(
        SealedJournal journal, UndoKind kind, int fileNumber, long offsetBytes, long lengthBytes = 0,
        ReadOnlySpan<byte> data = default, FileIdentity identity = default)
    {
        Span<byte> bytes = stackalloc byte[UndoRecord.SizeBytes];
        bytes.Clear();
        UndoRecord.Writer record = UndoRecord.CreateWriter(bytes);
        record.Kind = kind;
        record.FileNumber = (uint)fileNumber;
        record.OffsetBytes = (ulong)offsetBytes;
        record.LengthBytes = (ulong)lengthBytes;
        record.DataBytes = (ulong)data.Length;
        record.Device = identity.Device;
        record.Inode = identity.Inode;
        journal.Append(bytes);
        if (!data.IsEmpty)
        {
            journal.Append(data);
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        if (HasRound)
        {
            _journal.Dispose();
        }
        else
        {
            _journal.Delete();
        }
    }

    // Each round opens the files anew; the last opened knows their length.
    int NumberOf(LocalFile file)
    {
        int number = _files.FindIndex(known => known.File.Identity == file.Identity);
        if (number >= 0)
        {
            _files[number] = _files[number] with { File = file };
            return number;
        }

        _files.Add((file, []));
        UndoFile.WriteTo(_journal, _files.Count - 1, file);
        return _files.Count - 1;
    }

    void SaveRange(PlannedChange change, int number)
    {
        LocalFile file = change.File.Local;
        bool keepsHoles = change.Cuts || change.Phase == ChangePhase.Free;
        long end = Math.Min(change.OffsetBytes + change.LengthBytes, file.LengthBytes);
        for (long at = change.OffsetBytes; at < end;)
        {
            long stop = end;
            if (keepsHoles)
            {
                // What was a hole is one again when the file has its old length, or was never filled.
                ByteRange data = file.NextData(at);
                at = Math.Max(at, data.StartBytes);
                stop = Math.Min(end, data.EndBytes);
                if (at >= stop)
                {
                    return;
                }
            }

            int length = (int)Math.Min(stop - at, MaxPieceBytes);
            int read = file.Read(_piece.AsSpan(0, length), at);
            if (read == 0)
            {
                return;
            }

            Write(_journal, UndoKind.Range, number, at, read, _piece.AsSpan(0, read));
            at += read;
        }
    }
}
