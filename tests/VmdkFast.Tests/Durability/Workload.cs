using VmdkFast.Tests.Support;

namespace VmdkFast.Tests.Durability;

/// <summary>A seeded sequence of requests: overwrites, new grains, zeros, discards, reuse, and flushes.</summary>
/// <param name="diskBytes">Length of the disk.</param>
/// <param name="grainBytes">The image's grain.</param>
/// <param name="seed">Two workloads of one seed are the same.</param>
sealed class Workload(long diskBytes, int grainBytes, int seed)
{
    const int MaxRequestBytes = 200 << 10;

    // Requests gather here, so that grains are overwritten, freed and used again.
    const int HotPlaces = 5;
    const int HotBytes = 128 << 10;

    readonly SplitMix _random = new(SplitMix.Mix((ulong)seed + 77));
    long[]? _hot;
    int _lastId;

    /// <summary>The next so many requests.</summary>
    IEnumerable<GuestOperation> Next(int count)
    {
        for (int i = 0; i < count; i++)
        {
            yield return Any();
        }
    }

    /// <summary>The next so many requests that an image can carry out.</summary>
    internal IEnumerable<GuestOperation> Next(int count, CutSubject subject, VmdkDisk disk) =>
        subject.AppendOnly ? NextAppending(count, StoredGrains(disk).Add) : Next(count);

    /// <summary>The next requests for an image whose grains can be written once, so each once.</summary>
    /// <param name="count">How many.</param>
    /// <param name="tryTake">Whether the image holds nothing at an offset; a further call for it says no.</param>
    IEnumerable<GuestOperation> NextAppending(int count, Func<long, bool> tryTake)
    {
        for (int i = 0; i < count; i++)
        {
            if (_random.NextBelow(4) == 0)
            {
                yield return new GuestOperation(OperationKind.Flush, ++_lastId);
                continue;
            }

            long grain;
            do
            {
                grain = _random.NextBelow(diskBytes / grainBytes);
            }
            while (!tryTake(grain * grainBytes));

            yield return new GuestOperation(OperationKind.Write, ++_lastId, grain * grainBytes, grainBytes);
        }
    }

    // A grain that holds zeros may be stored all the same, so the bytes cannot tell.
    HashSet<long> StoredGrains(VmdkDisk disk)
    {
        var stored = new HashSet<long>();
        foreach (VmdkRun run in disk.Map().Where(run => run.Kind != VmdkRunKind.Unallocated))
        {
            for (long done = 0; done < run.LengthBytes; done += grainBytes)
            {
                stored.Add(run.OffsetBytes + done);
            }
        }

        return stored;
    }

    GuestOperation Any()
    {
        int id = ++_lastId;
        OperationKind kind = _random.NextBelow(20) switch
        {
            < 10 => OperationKind.Write,
            10 => OperationKind.DurableWrite,
            11 or 12 => OperationKind.WriteZeroes,
            13 or 14 => OperationKind.Discard,
            _ => OperationKind.Flush,
        };
        return kind == OperationKind.Flush ? new GuestOperation(kind, id) : Placed(kind, id);
    }

    GuestOperation Placed(OperationKind kind, int id)
    {
        _hot ??= [.. Enumerable.Range(0, HotPlaces).Select(_ => _random.NextBelow(diskBytes / HotBytes) * HotBytes)];
        long place = _random.NextBelow(8) == 0
            ? _random.NextBelow(diskBytes)
            : _hot[_random.NextBelow(HotPlaces)] + _random.NextBelow(HotBytes);
        long length = _random.NextBelow(6) switch
        {
            0 => Sector.Bytes,
            1 or 2 => grainBytes * (1 + _random.NextBelow(4)),
            3 => _random.NextBelow(MaxRequestBytes / 8),
            4 => _random.NextBelow(8 * Sector.Bytes),
            _ => _random.NextBelow(12) == 0 ? _random.NextBelow(MaxRequestBytes) : 2 * grainBytes,
        };
        long unit = _random.NextBelow(2) == 0 ? grainBytes : Sector.Bytes;
        long offset = place / unit * unit;
        long sectors = Math.Clamp(length / Sector.Bytes, 1, (diskBytes - offset) / Sector.Bytes);
        return new GuestOperation(kind, id, offset, (int)sectors * Sector.Bytes);
    }
}
