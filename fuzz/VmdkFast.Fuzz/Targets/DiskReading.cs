namespace VmdkFast.Fuzz;

/// <summary>Reads an open disk in several ways and compares the answers.</summary>
readonly ref struct DiskReading(VmdkDisk disk, string path, ReadOnlySpan<byte> file)
{
    // A header can promise 2^63 bytes; these bound one input's time to some tens of milliseconds.
    const long MaxReadBytes = 64L << 20;
    const int MaxRuns = 20_000;
    const int ChunkBytes = 1 << 17;
    const int PiecesBytes = 1 << 18;

    // Neither a divisor nor a multiple of a grain or a sector.
    const int OddPieceBytes = 4096 + 333;

    readonly VmdkDisk _disk = disk;
    readonly string _path = path;
    readonly ReadOnlySpan<byte> _file = file;

    /// <summary>Walks the map and reads what it promises: stored bytes from their place, else zeros.</summary>
    internal void FollowMap()
    {
        byte[] buffer = new byte[ChunkBytes];
        long expectedBytes = 0;
        long budgetBytes = MaxReadBytes;
        int runs = 0;
        try
        {
            foreach (VmdkRun run in _disk.Map())
            {
                DisagreementException.ThrowUnless(
                    run.OffsetBytes == expectedBytes && run.LengthBytes > 0, $"the map has a gap before {run}");
                expectedBytes = run.OffsetBytes + run.LengthBytes;
                budgetBytes -= ReadRun(run, buffer, budgetBytes);
                if (++runs == MaxRuns || budgetBytes <= 0)
                {
                    return;
                }
            }
        }
        catch (VmdkException)
        {
            return;
        }

        DisagreementException.ThrowUnless(
            expectedBytes == _disk.Length, $"the map ends at {expectedBytes}, the disk at {_disk.Length}");
    }

    /// <summary>Reads the disk's start in one call, and in odd pieces asynchronously: same outcome.</summary>
    internal void ReadInPieces()
    {
        int lengthBytes = (int)Math.Min(_disk.Length, PiecesBytes);
        byte[] whole = new byte[lengthBytes];
        byte[] pieces = new byte[lengthBytes];
        bool wholeFailed = Fails(_disk, whole, lengthBytes);
        byte[] streamed = new byte[lengthBytes];
        bool piecesFailed = false;
        for (int at = 0; at < lengthBytes; at += OddPieceBytes)
        {
            Memory<byte> piece = pieces.AsMemory(at, Math.Min(OddPieceBytes, lengthBytes - at));
            piecesFailed |= FailsAsync(_disk, piece, at);
        }

        DisagreementException.ThrowUnless(
            wholeFailed == piecesFailed, $"one read fails: {wholeFailed}, the same bytes in pieces: {piecesFailed}");
        DisagreementException.ThrowUnless(
            wholeFailed == FailsStreamed(_disk, streamed), $"one read fails: {wholeFailed}, a stream differs");
        DisagreementException.ThrowUnless(
            wholeFailed || whole.AsSpan().SequenceEqual(pieces), "the same bytes in pieces are others");
        DisagreementException.ThrowUnless(
            wholeFailed || whole.AsSpan().SequenceEqual(streamed), "the same bytes of a stream are others");
        if (_disk.Length == lengthBytes)
        {
            Convert(whole, wholeFailed);
        }
    }

    // The pipeline looks at grains in its own way, past the caches.
    void Convert(ReadOnlySpan<byte> whole, bool wholeFailed)
    {
        byte[] converted = new byte[whole.Length];
        using var target = new MemoryStream(converted);
        bool failed = false;
        try
        {
            var options = new VmdkConvertOptions { Threads = 2 };
            VmdkImage.ConvertAsync(_disk, target, options).GetAwaiter().GetResult();
        }
        catch (VmdkException)
        {
            failed = true;
        }

        DisagreementException.ThrowUnless(
            wholeFailed == failed, $"one read fails: {wholeFailed}, a conversion: {failed}");
        DisagreementException.ThrowUnless(
            failed || whole.SequenceEqual(converted), "a conversion gives other bytes");
    }

    static bool FailsStreamed(VmdkDisk disk, byte[] buffer)
    {
        try
        {
            using Stream stream = disk.OpenStream();
            stream.ReadExactly(buffer);
            return false;
        }
        catch (VmdkException)
        {
            return true;
        }
    }

    static bool Fails(VmdkDisk disk, byte[] buffer, int lengthBytes)
    {
        try
        {
            DisagreementException.ThrowUnless(disk.Read(buffer, 0) == lengthBytes, "a read inside the disk is short");
            return false;
        }
        catch (VmdkException)
        {
            return true;
        }
    }

    static bool FailsAsync(VmdkDisk disk, Memory<byte> buffer, long offsetBytes)
    {
        try
        {
            int read = disk.ReadAsync(buffer, offsetBytes).AsTask().GetAwaiter().GetResult();
            DisagreementException.ThrowUnless(read == buffer.Length, "a read inside the disk is short");
            return false;
        }
        catch (VmdkException)
        {
            return true;
        }
    }

    // Returns the bytes read. Of a run without stored bytes the first chunk says enough.
    long ReadRun(VmdkRun run, byte[] buffer, long budgetBytes)
    {
        bool stored = run.Kind is VmdkRunKind.Data or VmdkRunKind.Compressed;
        long lengthBytes = Math.Min(run.LengthBytes, stored ? budgetBytes : Sector.Bytes);
        for (long done = 0; done < lengthBytes; done += buffer.Length)
        {
            Span<byte> chunk = buffer.AsSpan(0, (int)Math.Min(buffer.Length, lengthBytes - done));
            int read = _disk.Read(chunk, run.OffsetBytes + done);
            DisagreementException.ThrowUnless(read == chunk.Length, $"a read inside {run} is short");
            Check(run, done, chunk);
        }

        return lengthBytes;
    }

    void Check(VmdkRun run, long inRunBytes, ReadOnlySpan<byte> chunk)
    {
        if (run.Kind is VmdkRunKind.Zero or VmdkRunKind.Unallocated)
        {
            DisagreementException.ThrowUnless(!chunk.ContainsAnyExcept((byte)0), $"{run} is not zero");
        }
        else if (run.Kind == VmdkRunKind.Data && run.Path == _path)
        {
            long offsetBytes = run.FileOffsetBytes!.Value + inRunBytes;
            int there = (int)Math.Clamp(_file.Length - offsetBytes, 0, chunk.Length);
            ReadOnlySpan<byte> wanted = there == 0 ? [] : _file.Slice((int)offsetBytes, there);
            DisagreementException.ThrowUnless(
                chunk[..there].SequenceEqual(wanted) && !chunk[there..].ContainsAnyExcept((byte)0),
                $"{run} does not hold the file's bytes");
        }
    }
}
