using VmdkFast.Storage;

namespace VmdkFast.Checking;

/// <summary>Finds space that nothing uses and that holds data; holes and zeros have been given back.</summary>
sealed class LeakCheck(SparseSubject subject)
{
    readonly CheckedFile _file = subject.File;
    readonly SparseShape _shape = subject.Shape;
    long _freeStart;

    /// <summary>Whether any was found.</summary>
    internal bool HasFound => EndSector != 0;

    /// <summary>Behind the last of it; 0 when none was found.</summary>
    internal long EndSector { get; private set; }

    /// <summary>Whether all of it has a grain in use before it.</summary>
    internal bool FollowsGrains { get; private set; } = true;

    /// <summary>How far it reaches at most behind what is in use before it.</summary>
    internal long ReachSectors { get; private set; }

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
            _freeStart = start;
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
            start = Sector.RoundUp(start, _shape.GrainSectors);
            end = end == endSector ? Sector.RoundUp(end, _shape.GrainSectors) : end & -_shape.GrainSectors;
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
            else if (_file.FirstUsedByte(
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
        long first = _file.FirstUsedByte(start << Sector.Shift, end << Sector.Shift);
        if (first >= 0)
        {
            long sector = first >> Sector.Shift;
            Report(sector, end, 1, $"{end - sector} sectors of the file are in use by nothing");
        }
    }

    void Report(long start, long end, long amount, string text)
    {
        EndSector = end;
        ReachSectors = Math.Max(ReachSectors, end - _freeStart);
        FollowsGrains &= _file.Used.Overlaps(_freeStart - 1, 1) && !_file.Metadata.Overlaps(_freeStart - 1, 1);
        long offsetBytes = start << Sector.Shift;
        subject.Find(VmdkFindingKind.LeakedSpace, text, offsetBytes, null, amount);

        // Two entries must be lost before a grain looks unused; without a copy, or a marker, one is enough.
        bool hasWitness = _shape.RedundantSector != 0 || _shape.Markers;
        subject.Log.Propose(new FreeStep(
            _file, hasWitness ? RepairClass.Free : RepairClass.Drop,
            hasWitness ? "the space is used by nothing"
                : "the space is used by nothing, or by grains whose only entry is lost",
            offsetBytes, Math.Min(end << Sector.Shift, _file.LengthBytes) - offsetBytes)
        {
            MayPunch = !_shape.Compressed,
            MayCut = !_shape.IsCowd,
        });
    }
}
