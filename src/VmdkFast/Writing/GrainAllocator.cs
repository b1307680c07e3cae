namespace VmdkFast.Writing;

/// <summary>Grains that were reserved, one behind the other.</summary>
/// <param name="FirstSector">Where the first one begins.</param>
/// <param name="Count">How many, at least 1.</param>
/// <param name="Tainted">
/// Whether the place may hold old bytes, so that what a write does not cover must be filled: it was used or reserved
/// before, or the file is not known to read as zeros there.
/// </param>
readonly record struct Reservation(uint FirstSector, int Count, bool Tainted);

/// <summary>Gives out the space of one sparse file: freed grains first, else the end of the file.</summary>
/// <remarks>Thread-safe. The lock spans arithmetic only; the file grows outside of it.</remarks>
sealed class GrainAllocator
{
    // A file that grows by single grains would change its length (an extra journal entry) with each of them.
    const long GrowthBytes = 4 << 20;

    readonly WriteFile _file;
    readonly uint _grainSectors;
    readonly long _virginFromSector;
    readonly Lock _lock = new();
    readonly SortedSet<uint> _free = [];
    long _nextSector;

    /// <param name="file">The file.</param>
    /// <param name="grainSectors">Sectors of a grain.</param>
    /// <param name="nextSector">First sector that nothing uses.</param>
    /// <param name="alignSectors">Where grains may begin: multiples of this.</param>
    /// <param name="virgin">Whether everything beyond the file's present end reads as zeros once it exists.</param>
    internal GrainAllocator(WriteFile file, uint grainSectors, long nextSector, uint alignSectors, bool virgin)
    {
        _file = file;
        _grainSectors = grainSectors;
        AlignSectors = alignSectors;
        _nextSector = AlignUp(nextSector);
        OpenedLengthBytes = file.File.LengthBytes;
        _virginFromSector = virgin ? AlignUp(Sector.CountFor(OpenedLengthBytes)) : long.MaxValue;
    }

    /// <summary>The file's length when it was opened: it never becomes shorter than that.</summary>
    internal long OpenedLengthBytes { get; }

    internal uint AlignSectors { get; }

    /// <summary>First sector that nothing uses or has reserved.</summary>
    internal long NextSector
    {
        get
        {
            lock (_lock)
            {
                return _nextSector;
            }
        }
    }

    /// <summary>Reserves grains in one run.</summary>
    /// <param name="wanted">At most so many, at least 1.</param>
    /// <exception cref="VmdkException">The file would exceed 2^32 sectors, or cannot grow.</exception>
    internal Reservation Reserve(int wanted)
    {
        if (TryTakeFree(wanted) is { } freed)
        {
            return freed;
        }

        long sectors = (long)wanted * _grainSectors;
        long first = Take(sectors);
        var reserved = new Reservation((uint)first, wanted, first < _virginFromSector);
        try
        {
            EnsureLength(first + sectors);
        }
        catch
        {
            GiveBack(reserved);
            throw;
        }

        return reserved;
    }

    /// <summary>Reserves sectors for something that is not a grain, at the end of the file.</summary>
    internal uint ReserveSectors(long sectors)
    {
        long first = Take(sectors);
        EnsureLength(first + sectors);
        return (uint)first;
    }

    /// <summary>Takes grains that are not used any more, or were never filled; they count as tainted.</summary>
    internal void GiveBack(in Reservation reservation)
    {
        for (int i = 0; i < reservation.Count; i++)
        {
            GiveBack(reservation.FirstSector + ((uint)i * _grainSectors));
        }
    }

    /// <summary>Takes one grain that is not used any more.</summary>
    internal void GiveBack(uint sector)
    {
        lock (_lock)
        {
            _free.Add(sector);
        }
    }

    /// <summary>Takes freed grains beyond a limit out of the list, for their blocks to be given back.</summary>
    internal IReadOnlyList<uint> TakeFreeBeyond(long limitBytes)
    {
        long keep = limitBytes / ((long)_grainSectors << Sector.Shift);
        var taken = new List<uint>();
        lock (_lock)
        {
            while (_free.Count > keep)
            {
                uint last = _free.Max;
                _free.Remove(last);
                taken.Add(last);
            }
        }

        taken.Reverse();
        return taken;
    }

    Reservation? TryTakeFree(int wanted)
    {
        lock (_lock)
        {
            if (_free.Count == 0)
            {
                return null;
            }

            uint first = _free.Min;
            int count = 0;
            while (count < wanted && _free.Remove(first + ((uint)count * _grainSectors)))
            {
                count++;
            }

            return new Reservation(first, count, Tainted: true);
        }
    }

    long Take(long sectors)
    {
        lock (_lock)
        {
            long first = _nextSector;
            if (first + sectors > uint.MaxValue)
            {
                VmdkException.Throw(
                    VmdkErrorCode.LimitExceeded, _file.File.Path,
                    "the extent's file is full: sectors have 32-bit numbers",
                    first << Sector.Shift, "sector", $"{first + sectors}", $"at most {uint.MaxValue}");
            }

            _nextSector = AlignUp(first + sectors);
            return first;
        }
    }

    // The length never falls behind a published grain, so that a reader finds every grain inside the file.
    void EnsureLength(long endSector)
    {
        long endBytes = endSector << Sector.Shift;
        if (endBytes > _file.File.LengthBytes)
        {
            _file.Grow((endBytes + GrowthBytes - 1) / GrowthBytes * GrowthBytes);
        }
    }

    long AlignUp(long sector) => (sector + AlignSectors - 1) / AlignSectors * AlignSectors;
}
