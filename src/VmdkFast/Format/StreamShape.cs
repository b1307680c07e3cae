namespace VmdkFast.Format;

/// <summary>What is wrong with a marker.</summary>
/// <param name="Field">The field at fault.</param>
/// <param name="OffsetBytes">Where it is in the marker.</param>
/// <param name="Found">Its value, as text.</param>
/// <param name="Wanted">What would have been right.</param>
readonly record struct MarkerFault(string Field, int OffsetBytes, string Found, string Wanted);

/// <summary>The numbers of a stream's header that its markers are judged by.</summary>
/// <param name="CapacityBytes">Capacity of the extent.</param>
/// <param name="GrainBytes">Bytes of a grain, a power of two.</param>
/// <param name="TableEntries">Entries of a grain table.</param>
/// <param name="DirectoryEntries">Entries of the grain directory.</param>
sealed record StreamShape(long CapacityBytes, long GrainBytes, int TableEntries, int DirectoryEntries)
{
    internal long TableSectors => Sector.CountFor(TableEntries * (long)sizeof(uint));

    internal long DirectorySectors => Sector.CountFor(DirectoryEntries * (long)sizeof(uint));

    /// <summary>The longest compressed grain that is accepted: two grains with its marker, as QEMU does.</summary>
    internal long MaxDataBytes => Math.Min((2 * GrainBytes) + Sector.Bytes, int.MaxValue) - GrainMarker.SizeBytes;

    /// <summary>Why a marker cannot be one of this stream; null when it can.</summary>
    internal MarkerFault? FaultOf(in StreamMarker marker)
    {
        if (marker.IsGrain)
        {
            return FaultOfGrain(marker);
        }

        if (marker.Type is > MarkerType.Progress)
        {
            return new MarkerFault("type", 12, $"{(uint)marker.Type}", "0 to 4");
        }

        long? wantedSectors = marker.Type switch
        {
            MarkerType.EndOfStream => 0,
            MarkerType.GrainTable => TableSectors,
            MarkerType.GrainDirectory => DirectorySectors,
            MarkerType.Footer => 1,
            _ => null,
        };
        return wantedSectors is { } wanted && marker.LengthSectors != (ulong)wanted
            ? new MarkerFault("numSectors", 0, $"{marker.LengthSectors} for type {(uint)marker.Type}", $"{wanted}")
            : null;
    }

    MarkerFault? FaultOfGrain(in StreamMarker marker)
    {
        ulong capacitySectors = (ulong)CapacityBytes >> Sector.Shift;
        ulong grainSectors = (ulong)GrainBytes >> Sector.Shift;
        if (marker.LbaSectors >= capacitySectors || (marker.LbaSectors & (grainSectors - 1)) != 0)
        {
            return new MarkerFault(
                "lba", 0, $"sector {marker.LbaSectors}",
                $"a multiple of {grainSectors} below {capacitySectors}");
        }

        return marker.DataBytes > MaxDataBytes
            ? new MarkerFault("size", 8, $"{marker.DataBytes} bytes", $"1 to {MaxDataBytes} bytes")
            : null;
    }
}
