using VmdkFast.Storage;

namespace VmdkFast.Checking;

/// <summary>Finds space that nothing uses and that holds data; holes of the file waste nothing.</summary>
sealed class LeakCheck(SparseSubject subject)
{
    const int PieceBytes = 64 << 10;

    readonly CheckedFile _file = subject.File;
    readonly SparseShape _shape = subject.Shape;

    /// <summary>Reports every stretch.</summary>
    /// <param name="endSector">Where the used part of the file may end at most: what lies behind is not looked at.</param>
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

        while (start < end)
        {
            cancellationToken.ThrowIfCancellationRequested();
            ByteRange data = _file.File.NextData(start << Sector.Shift);
            long first = data.StartBytes >> Sector.Shift;
            if (first >= end || data.LengthBytes == 0)
            {
                return;
            }

            long last = Math.Min(end, Sector.CountFor(data.EndBytes));
            if (_shape.IsAligned)
            {
                first &= -_shape.GrainSectors;
                last = Math.Min(end, RoundUp(last));
            }

            long grains = ((last - first - 1) / _shape.GrainSectors) + 1;
            Report(first, last, grains, $"{grains} grains of the file are in use by nothing");
            start = last;
        }
    }

    // Zeros between compressed grains are padding, or the end of the stream.
    void FindBytes(long start, long end)
    {
        long startBytes = start << Sector.Shift;
        long endBytes = Math.Min(end << Sector.Shift, _file.LengthBytes);
        var piece = new byte[(int)Math.Clamp(endBytes - startBytes, 0, PieceBytes)];
        for (long at = startBytes; at < endBytes;)
        {
            at = Math.Max(at, _file.File.NextData(at).StartBytes);
            if (at >= endBytes)
            {
                return;
            }

            int read = _file.File.Read(piece.AsSpan(0, (int)Math.Min(piece.Length, endBytes - at)), at);
            int found = piece.AsSpan(0, read).IndexOfAnyExcept((byte)0);
            if (found >= 0)
            {
                long first = (at + found) >> Sector.Shift;
                Report(first, end, 1, $"{end - first} sectors of the file are in use by nothing");
                return;
            }

            at += Math.Max(read, 1);
        }
    }

    void Report(long start, long end, long amount, string text)
    {
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
