using VmdkFast.Storage;

namespace VmdkFast.Checking;

/// <summary>Finds space that nothing uses and that holds data; holes and zeros have been given back.</summary>
sealed class LeakCheck(SparseSubject subject)
{
    const int PieceBytes = 64 << 10;

    readonly CheckedFile _file = subject.File;
    readonly SparseShape _shape = subject.Shape;
    readonly byte[] _piece = new byte[PieceBytes];

    /// <summary>Whether any was found.</summary>
    internal bool HasFound { get; private set; }

    /// <summary>Reports every stretch.</summary>
    /// <param name="endSector">Where the used part of the file may end at most; nothing behind is looked at.</param>
    /// <param name="cancellationToken">Ends the work between two stretches.</param>
    internal void Run(long endSector, CancellationToken cancellationToken)
    {
        for (long at = _shape.FirstUsableSector; at < endSector;)
        {
            cancellationToken.ThrowIfCancellationRequested();
            long start = _file.Used.NextFree(at, endSector);
            long end = _file.Used.NextUsed(start, endSector);
            if (_shape.Compressed)
            {
                FindBytes(start, end);
            }
            else
            {
                FindGrains(start, end, endSector, cancellationToken);
            }

            at = Math.Max(end, at + 1);
        }
    }

    // Less than a grain between two grains is padding.
    void FindGrains(long start, long end, long endSector, CancellationToken cancellationToken)
    {
        if (_shape.IsAligned)
        {
            start = RoundUp(start);
            end = end == endSector ? RoundUp(end) : end & -_shape.GrainSectors;
        }

        long leakStart = -1;
        for (long grain = start; grain < end; grain += _shape.GrainSectors)
        {
            cancellationToken.ThrowIfCancellationRequested();
            long next = NextDataSector(grain, end);
            if (next >= grain + _shape.GrainSectors)
            {
                // On a hole, to its last grain.
                Close(ref leakStart, grain);
                grain += ((next - grain) / _shape.GrainSectors * _shape.GrainSectors) - _shape.GrainSectors;
            }
            else if (FirstUsedByte(
                grain << Sector.Shift, Math.Min(end, grain + _shape.GrainSectors) << Sector.Shift) < 0)
            {
                Close(ref leakStart, grain);
            }
            else
            {
                leakStart = leakStart < 0 ? grain : leakStart;
            }
        }

        Close(ref leakStart, end);
    }

    void Close(ref long leakStart, long end)
    {
        if (leakStart >= 0)
        {
            long grains = ((end - leakStart - 1) / _shape.GrainSectors) + 1;
            Report(leakStart, end, grains, $"{grains} grains of the file are in use by nothing");
            leakStart = -1;
        }
    }

    long NextDataSector(long sector, long end)
    {
        ByteRange data = _file.File.NextData(sector << Sector.Shift);
        return data.LengthBytes == 0 ? end : Math.Min(end, data.StartBytes >> Sector.Shift);
    }

    // Zeros between compressed grains are padding, or the end of the stream.
    void FindBytes(long start, long end)
    {
        long first = FirstUsedByte(start << Sector.Shift, end << Sector.Shift);
        if (first >= 0)
        {
            long sector = first >> Sector.Shift;
            Report(sector, end, 1, $"{end - sector} sectors of the file are in use by nothing");
        }
    }

    // The first byte of a range that is not zero; negative when all are, as in space that was given back.
    long FirstUsedByte(long startBytes, long endBytes)
    {
        endBytes = Math.Min(endBytes, _file.LengthBytes);
        for (long at = startBytes; at < endBytes;)
        {
            at = Math.Max(at, _file.File.NextData(at).StartBytes);
            if (at >= endBytes)
            {
                break;
            }

            int read = _file.File.Read(_piece.AsSpan(0, (int)Math.Min(_piece.Length, endBytes - at)), at);
            int found = _piece.AsSpan(0, read).IndexOfAnyExcept((byte)0);
            if (found >= 0)
            {
                return at + found;
            }

            at += Math.Max(read, 1);
        }

        return -1;
    }

    void Report(long start, long end, long amount, string text)
    {
        HasFound = true;
        long offsetBytes = start << Sector.Shift;
        subject.Find(VmdkFindingKind.LeakedSpace, text, offsetBytes, null, amount);
        subject.Log.Propose(new FreeStep(
            _file, RepairClass.Free, "the space is used by nothing", offsetBytes,
            Math.Min(end << Sector.Shift, _file.LengthBytes) - offsetBytes)
        {
            MayPunch = !_shape.Compressed,
            MayCut = !_shape.IsCowd,
        });
    }

    long RoundUp(long sector) => (sector + _shape.GrainSectors - 1) & -_shape.GrainSectors;
}
