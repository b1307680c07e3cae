using VmdkFast.Extents;

namespace VmdkFast.Reading;

/// <summary>The one executor: carries out every read of a disk, synchronous or not.</summary>
/// <remarks>Thread-safe. The caller has checked the range and holds the disk open.</remarks>
sealed class DiskReader(Layer top, GrainCursor cursor)
{
    /// <summary>Fills all of <paramref name="destination"/> from a range inside the disk.</summary>
    internal void Read(Span<byte> destination, long offsetBytes, CancellationToken cancellationToken)
    {
        if (destination.IsEmpty)
        {
            return;
        }

        ChainMap.TryResolve(top, offsetBytes, destination.Length, mayLoad: true, [], out Mapping first);
        if (first.LengthBytes == destination.Length)
        {
            CarryOut(first, destination);
            return;
        }

        ReadBySteps(destination, offsetBytes, cancellationToken);
    }

    /// <summary>
    /// Fills the destination if nothing has to be waited for: tables, pages and grains are in memory.
    /// </summary>
    /// <returns>False leaves the destination's content undefined.</returns>
    internal bool TryReadWithoutWaiting(Span<byte> destination, long offsetBytes)
    {
        while (!destination.IsEmpty)
        {
            if (!ChainMap.TryResolve(top, offsetBytes, destination.Length, mayLoad: false, [], out Mapping mapping))
            {
                return false;
            }

            int length = (int)mapping.LengthBytes;
            if (!TryCarryOut(mapping, destination[..length]))
            {
                return false;
            }

            destination = destination[length..];
            offsetBytes += length;
        }

        return true;
    }

    void ReadBySteps(Span<byte> destination, long offsetBytes, CancellationToken cancellationToken)
    {
        ReadPlan plan = ReadPlan.Rent(top.Depth);
        try
        {
            while (!destination.IsEmpty)
            {
                plan.Fill(top, offsetBytes, destination.Length);
                foreach (ref readonly Mapping step in plan.Steps)
                {
                    cancellationToken.ThrowIfCancellationRequested();
                    int length = (int)step.LengthBytes;
                    CarryOut(step, destination[..length]);
                    destination = destination[length..];
                    offsetBytes += length;
                }
            }
        }
        finally
        {
            plan.Return();
        }
    }

    /// <summary>Carries out one step; the destination is as long as the step.</summary>
    internal void CarryOut(in Mapping step, Span<byte> destination)
    {
        switch (step.Kind)
        {
            case MappingKind.Data:
                ReadData(step, destination);
                break;
            case MappingKind.Compressed:
                ReadCompressed(step, destination);
                break;
            default:
                destination.Clear();
                break;
        }
    }

    static void ReadData(in Mapping step, Span<byte> destination)
    {
        int read = step.File!.Read(destination, step.FileOffsetBytes);
        if (read == destination.Length)
        {
            return;
        }

        // The last grain of a file may be cut short: what is missing of it is zeros. A file that has become shorter
        // since it was opened is not that.
        long endBytes = step.FileOffsetBytes + read;
        if (endBytes < step.File.LengthBytes)
        {
            VmdkException.Throw(
                VmdkErrorCode.Truncated, step.File.Path, "the file has become shorter since it was opened", endBytes,
                "length", $"{endBytes} bytes", $"{step.File.LengthBytes} bytes");
        }

        destination[read..].Clear();
    }

    void ReadCompressed(in Mapping step, Span<byte> destination)
    {
        GrainLocation place = step.Grain;
        CompressedGrains grains = place.Grains!;
        var stored = new StoredGrain(grains, place.GrainIndex, step.FileOffsetBytes, place.StoredBytesHint);
        if (grains.Cache is not { } cache)
        {
            cursor.Read(stored, place.OffsetBytes, destination);
        }
        else if (destination.Length == grains.GrainBytes)
        {
            cache.CopyWhole(grains.KeyOf(place.GrainIndex), stored, destination);
        }
        else
        {
            cache.Copy(grains.KeyOf(place.GrainIndex), stored, (int)place.OffsetBytes, destination);
        }
    }

    static bool TryCarryOut(in Mapping step, Span<byte> destination)
    {
        switch (step.Kind)
        {
            case MappingKind.Data:
                return step.File!.TryReadWithoutWaiting(destination, step.FileOffsetBytes);
            case MappingKind.Compressed:
                CompressedGrains grains = step.Grain.Grains!;
                return grains.Cache is { } cache
                    && cache.TryCopy(grains.KeyOf(step.Grain.GrainIndex), (int)step.Grain.OffsetBytes, destination);
            default:
                destination.Clear();
                return true;
        }
    }
}
