using System.Buffers.Binary;
using System.IO.Hashing;
using System.Text;
using VmdkFast.Format;
using VmdkFast.Storage;

namespace VmdkFast.Checking;

/// <summary>
/// Saves what a repair is about to change, durably and before the first change. Not thread-safe.
/// </summary>
sealed class UndoJournal : IDisposable
{
    internal const int MaxPieceBytes = 1 << 20;

    internal static readonly int ChecksumOffset =
        UndoRecord.Fields.First(field => field.Name == nameof(UndoRecord.Checksum)).OffsetBytes;

    readonly LocalFile _journal;
    readonly byte[] _piece = new byte[MaxPieceBytes];
    long _endBytes;
    bool _hasRound;

    UndoJournal(LocalFile journal) => _journal = journal;

    internal string Path => _journal.Path;

    /// <summary>Makes a new journal.</summary>
    /// <param name="path">Where.</param>
    /// <param name="image">Whose bytes it will hold: nobody else may read them here either.</param>
    /// <exception cref="VmdkException">The name is taken, or the folder does not allow it.</exception>
    internal static UndoJournal Create(string path, LocalFile image)
    {
        var journal = new UndoJournal(LocalFile.CreateNew(path));
        journal._journal.TakeOwnershipOf(image);
        Span<byte> bytes = stackalloc byte[UndoHeader.SizeBytes];
        bytes.Clear();
        UndoHeader.Writer header = UndoHeader.CreateWriter(bytes);
        header.Magic = UndoHeader.MagicValue;
        header.Version = UndoHeader.VersionValue;
        journal.Append(bytes);
        return journal;
    }

    /// <summary>Saves what some changes will touch; when this returns, all of it is durable.</summary>
    internal void Save(IReadOnlyList<PlannedChange> changes)
    {
        foreach (CheckedFile file in changes.Select(change => change.File).Distinct())
        {
            Write(UndoKind.Length, file.Local, file.LengthBytes, []);
        }

        foreach (PlannedChange change in changes)
        {
            SaveRange(change);
        }

        Write(UndoKind.EndOfRound, _journal, 0, []);
        _journal.Barrier();
        using ImageFolder folder = ImageFolder.Beside(_journal.Path, VmdkLimits.Default);
        folder.Barrier();
        _hasRound = true;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _journal.Dispose();
        if (!_hasRound)
        {
            // Nothing was changed, so there is nothing to take back.
            File.Delete(_journal.Path);
        }
    }

    void SaveRange(PlannedChange change)
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

            Write(UndoKind.Range, file, at, _piece.AsSpan(0, read));
            at += read;
        }
    }

    void Write(UndoKind kind, LocalFile file, long offsetBytes, ReadOnlySpan<byte> saved)
    {
        byte[] name = kind == UndoKind.EndOfRound ? [] : Encoding.UTF8.GetBytes(System.IO.Path.GetFullPath(file.Path));
        Span<byte> bytes = stackalloc byte[UndoRecord.SizeBytes];
        bytes.Clear();
        UndoRecord.Writer record = UndoRecord.CreateWriter(bytes);
        record.Kind = kind;
        record.NameBytes = (uint)name.Length;
        record.Device = file.Identity.Device;
        record.Inode = file.Identity.Inode;
        record.OffsetBytes = (ulong)offsetBytes;
        record.LengthBytes = (ulong)saved.Length;
        BinaryPrimitives.WriteUInt64LittleEndian(bytes[ChecksumOffset..], Checksum(bytes, name, saved));
        Append(bytes);
        Append(name);
        Append(saved);
    }

    /// <summary>The checksum of a record whose own field is 0.</summary>
    internal static ulong Checksum(ReadOnlySpan<byte> record, ReadOnlySpan<byte> name, ReadOnlySpan<byte> saved)
    {
        var hash = new XxHash64();
        hash.Append(record);
        hash.Append(name);
        hash.Append(saved);
        return hash.GetCurrentHashAsUInt64();
    }

    void Append(ReadOnlySpan<byte> bytes)
    {
        if (!bytes.IsEmpty)
        {
            _journal.Write(bytes, _endBytes);
            _endBytes += bytes.Length;
        }
    }
}
