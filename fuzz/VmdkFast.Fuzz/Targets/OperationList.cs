namespace VmdkFast.Fuzz;

/// <summary>Operations on an open disk, and the array of bytes that must always read the same.</summary>
sealed class OperationList
{
    internal const int Kinds = 8;

    /// <summary>Offsets and lengths of an input count these, so that few bytes reach everywhere.</summary>
    internal const int OffsetUnitBytes = 128;

    const int MaxOperations = 64;

    readonly VmdkDisk _disk;
    readonly byte[] _model;

    // What a failed write, or a failed read at the start, leaves open.
    readonly bool[] _known;
    readonly bool _sound;
    int _done;

    /// <param name="disk">Open for writing, and not long.</param>
    /// <param name="sound">Whether the model can be right.</param>
    internal OperationList(VmdkDisk disk, bool sound)
    {
        _disk = disk;
        _sound = sound;
        _model = new byte[disk.Length];
        _known = new bool[disk.Length / Sector.Bytes];
        for (int sector = 0; sector < _known.Length; sector++)
        {
            _known[sector] = TryRead(_disk, _model.AsSpan(sector * Sector.Bytes, Sector.Bytes), sector * Sector.Bytes);
        }
    }

    /// <summary>Takes one operation and carries it out; false when there were enough.</summary>
    internal bool RunNext(scoped ref FuzzInput input)
    {
        int kind = input.TakeByte() % Kinds;
        int offset = Math.Min(input.TakeUInt16() * OffsetUnitBytes, _model.Length);
        int length = Math.Min(input.TakeUInt16() * OffsetUnitBytes, _model.Length - offset);
        byte fill = input.TakeByte();
        try
        {
            Run(kind, offset, length, fill);
        }
        catch (VmdkException)
        {
            Forget(offset, length);
        }

        return ++_done < MaxOperations;
    }

    /// <summary>Compares all that is known with a disk.</summary>
    internal void RequireContent(VmdkDisk disk)
    {
        byte[] sector = new byte[Sector.Bytes];
        for (int i = 0; i < _known.Length; i++)
        {
            if (!_known[i])
            {
                continue;
            }

            int offset = i * Sector.Bytes;
            DisagreementException.ThrowUnless(TryRead(disk, sector, offset), $"byte {offset} does not read any more");
            DisagreementException.ThrowUnless(
                sector.AsSpan().SequenceEqual(_model.AsSpan(offset, Sector.Bytes)), $"byte {offset} reads differently");
        }
    }

    void Run(int kind, int offset, int length, byte fill)
    {
        switch (kind)
        {
            case 0 or 1 or 2:
                byte[] source = new byte[length];
                source.AsSpan().Fill(fill);
                Write(source, offset, durable: kind == 1, wait: kind == 2);
                source.CopyTo(_model, offset);
                break;
            case 3:
                _disk.WriteZeroes(offset, length);
                _model.AsSpan(offset, length).Clear();
                break;
            case 4:
                _disk.Discard(offset, length);
                AfterDiscard(offset, length);
                break;
            case 5:
                _disk.Flush();
                break;
            case 6:
                RequireContentIfSound();
                break;
            default:
                WriteTwice(offset, length, fill);
                break;
        }
    }

    void Write(byte[] source, int offset, bool durable, bool wait)
    {
        if (wait)
        {
            _disk.WriteAsync(source, offset, durable).AsTask().GetAwaiter().GetResult();
        }
        else
        {
            _disk.Write(source, offset, durable);
        }
    }

    // Two first writers of one grain at once, of halves that do not overlap.
    void WriteTwice(int offset, int length, byte fill)
    {
        byte[] first = new byte[length / 2];
        byte[] second = new byte[length - first.Length];
        first.AsSpan().Fill(fill);
        second.AsSpan().Fill((byte)~fill);
        Task other = _disk.WriteAsync(second, offset + first.Length).AsTask();
        try
        {
            _disk.Write(first, offset);
        }
        finally
        {
            other.GetAwaiter().GetResult();
        }

        first.CopyTo(_model, offset);
        second.CopyTo(_model, offset + first.Length);
    }

    // Zero or as before, byte by byte: what is there now is what must stay.
    void AfterDiscard(int offset, int length)
    {
        byte[] now = new byte[length];
        if (!TryRead(_disk, now, offset))
        {
            Forget(offset, length);
            return;
        }

        for (int i = 0; i < length; i++)
        {
            bool right = now[i] == 0 || now[i] == _model[offset + i] || !_sound || !_known[(offset + i) / Sector.Bytes];
            DisagreementException.ThrowUnless(right, $"a discard changes byte {offset + i}");
            _model[offset + i] = now[i];
        }
    }

    void RequireContentIfSound()
    {
        if (_sound)
        {
            RequireContent(_disk);
        }
    }

    void Forget(int offset, int length)
    {
        int end = (offset + length + Sector.Bytes - 1) / Sector.Bytes;
        _known.AsSpan(offset / Sector.Bytes, end - (offset / Sector.Bytes)).Clear();
    }

    static bool TryRead(VmdkDisk disk, Span<byte> buffer, int offset)
    {
        try
        {
            return disk.Read(buffer, offset) == buffer.Length;
        }
        catch (VmdkException)
        {
            return false;
        }
    }
}
