using System.Buffers.Binary;
using System.IO.Hashing;
using VmdkFast.Format;
using VmdkFast.Storage;

namespace VmdkFast.Checking;

/// <summary>
/// A file of records of which exactly what the last seal covers counts: all of it is there, as it was written, or the
/// file is refused. Not thread-safe.
/// </summary>
/// <remarks>
/// Checksums of single records would not do: where one is damaged, nothing tells the end of the journal from its
/// middle, and half of what a repair has changed would be put back.
/// </remarks>
sealed class SealedJournal : IDisposable
{
    const int PieceBytes = 1 << 20;

    static readonly int s_checksumOffset =
        UndoSeal.Fields.First(field => field.Name == nameof(UndoSeal.Checksum)).OffsetBytes;

    readonly LocalFile _file;
    readonly XxHash128 _hash = new();
    readonly List<UndoState> _seals = [];
    ImageLocks? _locks;
    long _endBytes = UndoHeader.RecordsOffsetBytes;

    SealedJournal(LocalFile file) => _file = file;

    internal string Path => _file.Path;

    /// <summary>What the last seal says.</summary>
    internal UndoState State => _seals.Count == 0 ? UndoState.None : _seals[^1];

    /// <summary>Where the records end.</summary>
    internal long EndBytes => _endBytes;

    /// <summary>Makes a new journal.</summary>
    /// <param name="path">Where.</param>
    /// <param name="image">Whose bytes it will hold: nobody else may read them here either.</param>
    /// <exception cref="VmdkException">
    /// The name is taken, or the folder does not allow it; nothing is left there then.
    /// </exception>
    internal static SealedJournal Create(string path, LocalFile image)
    {
        var journal = new SealedJournal(LocalFile.CreateNew(path));
        try
        {
            journal._file.TakeOwnershipOf(image);
            var head = new byte[UndoHeader.RecordsOffsetBytes];
            UndoHeader.Writer header = UndoHeader.CreateWriter(head);
            header.Magic = UndoHeader.MagicValue;
            header.Version = UndoHeader.VersionValue;
            journal._file.Write(head, 0);
            return journal;
        }
        catch
        {
            journal.Delete();
            throw;
        }
    }

    /// <summary>Opens a journal for itself alone, and tests all of it that counts.</summary>
    /// <exception cref="VmdkException">It is none, is damaged, or is in use.</exception>
    internal static SealedJournal Open(string path)
    {
        var journal = new SealedJournal(LocalFile.Open(path, FileAccessMode.ReadWrite));
        try
        {
            journal._locks = ImageLocks.Acquire([(journal._file, LockRole.Writer)]);
            journal.ReadHead();
            return journal;
        }
        catch
        {
            journal.Dispose();
            throw;
        }
    }

    /// <summary>Reads records that <see cref="Open"/> has tested.</summary>
    internal void Read(Span<byte> destination, long offsetBytes)
    {
        if (_file.Read(destination, offsetBytes) < destination.Length)
        {
            throw Damaged("the journal ends too early", offsetBytes, null, null, VmdkErrorCode.Truncated);
        }
    }

    /// <summary>Adds bytes behind all others. They count with the next seal.</summary>
    internal void Append(ReadOnlySpan<byte> bytes)
    {
        _file.Write(bytes, _endBytes);
        _hash.Append(bytes);
        _endBytes += bytes.Length;
    }

    /// <summary>Lets everything so far count; when this returns, that is durable.</summary>
    internal void Seal(UndoState state)
    {
        if (_seals.Count == UndoHeader.Seals)
        {
            throw new InvalidOperationException("The journal has no seal left.");
        }

        _file.Barrier();
        if (_seals.Count == 0)
        {
            using ImageFolder folder = ImageFolder.Beside(Path, VmdkLimits.Default);
            folder.Barrier();
        }

        UInt128 hash = _hash.GetCurrentHashAsUInt128();
        Span<byte> sector = stackalloc byte[Sector.Bytes];
        sector.Clear();
        UndoSeal.Writer seal = UndoSeal.CreateWriter(sector);
        seal.State = state;
        seal.Number = (uint)_seals.Count;
        seal.JournalBytes = (ulong)_endBytes;
        seal.HashLow = (ulong)hash;
        seal.HashHigh = (ulong)(hash >> 64);
        seal.Checksum = XxHash64.HashToUInt64(sector);
        _file.Write(sector, OffsetOf(_seals.Count));
        _file.Barrier();
        _seals.Add(state);
    }

    /// <summary>Says what is wrong with the journal; the caller throws it before anything is put back.</summary>
    internal VmdkException Damaged(
        string how, long? offsetBytes, string? field = null, string? found = null,
        VmdkErrorCode code = VmdkErrorCode.HeaderInvalid) =>
        new(code, Path, $"the undo journal is damaged, and nothing was put back: {how}", offsetBytes, field, found);

    /// <summary>Takes the file away: nothing was changed, so there is nothing to take back.</summary>
    internal void Delete()
    {
        Dispose();
        try
        {
            File.Delete(Path);
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            // What led here is what must be heard of; a journal without a seal does no harm.
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _locks?.Dispose();
        _file.Dispose();
    }

    static long OffsetOf(int seal) => (1L + seal) * Sector.Bytes;

    void ReadHead()
    {
        var head = new byte[UndoHeader.RecordsOffsetBytes];
        int read = _file.Read(head, 0);
        if (read < UndoHeader.SizeBytes || UndoHeader.Read(head).Magic != UndoHeader.MagicValue
            || UndoHeader.Read(head).Version != UndoHeader.VersionValue)
        {
            throw new VmdkException(
                VmdkErrorCode.HeaderInvalid, Path, "the file is no undo journal; nothing was put back", 0, "magic",
                null, $"VMDKUNDO, version {UndoHeader.VersionValue}");
        }

        if (read < head.Length)
        {
            throw Damaged("it ends in its head", read, null, null, VmdkErrorCode.Truncated);
        }

        // The fields have been compared, so that nothing behind them may be anything but 0.
        const int FieldsBytes = 12;
        int stray = head.AsSpan(FieldsBytes, Sector.Bytes - FieldsBytes).IndexOfAnyExcept((byte)0);
        if (stray >= 0)
        {
            throw Damaged("its header holds what no repair wrote", FieldsBytes + stray);
        }

        UInt128 wanted = ReadSeals(head);
        Test(wanted);
    }

    // Seals stand one behind the other: what follows an empty one is damage as much as one that is torn.
    UInt128 ReadSeals(byte[] head)
    {
        UInt128 hash = 0;
        bool isOver = false;
        for (int number = 0; number < UndoHeader.Seals; number++)
        {
            Span<byte> sector = head.AsSpan((int)OffsetOf(number), Sector.Bytes);
            if (!sector.ContainsAnyExcept((byte)0))
            {
                isOver = true;
                continue;
            }

            var seal = UndoSeal.Read(sector);
            (UndoState state, ulong length, ulong checksum) = (seal.State, seal.JournalBytes, seal.Checksum);
            bool isNumbered = seal.Number == number;
            var sealedHash = new UInt128(seal.HashHigh, seal.HashLow);
            BinaryPrimitives.WriteUInt64LittleEndian(sector[s_checksumOffset..], 0);
            if (XxHash64.HashToUInt64(sector) != checksum || !isNumbered || isOver || !IsNext(state)
                || length < (ulong)_endBytes)
            {
                throw Damaged("a seal is not what was written", OffsetOf(number), $"seal {number}");
            }

            if (length > (ulong)_file.LengthBytes)
            {
                throw Damaged(
                    "it was cut short", _file.LengthBytes, "length", $"{_file.LengthBytes} of {length} bytes",
                    VmdkErrorCode.Truncated);
            }

            _seals.Add(state);
            _endBytes = (long)length;
            hash = sealedHash;
        }

        return hash;
    }

    bool IsNext(UndoState state) => state switch
    {
        UndoState.Saved => State is UndoState.None or UndoState.Saved,
        UndoState.Finished => State == UndoState.Saved,
        UndoState.Undoing => State is UndoState.Saved or UndoState.Finished,
        UndoState.Undone => State == UndoState.Undoing,
        _ => false,
    };

    void Test(UInt128 wanted)
    {
        if (State == UndoState.None)
        {
            return;
        }

        var piece = new byte[Math.Min(PieceBytes, _endBytes - UndoHeader.RecordsOffsetBytes)];
        for (long at = UndoHeader.RecordsOffsetBytes; at < _endBytes;)
        {
            Span<byte> part = piece.AsSpan(0, (int)Math.Min(piece.Length, _endBytes - at));
            Read(part, at);
            _hash.Append(part);
            at += part.Length;
        }

        if (_hash.GetCurrentHashAsUInt128() != wanted)
        {
            throw Damaged("its records are not what was written", UndoHeader.RecordsOffsetBytes, "hash");
        }
    }
}
