namespace VmdkFast.Format;

/// <summary>A marker of a stream, whichever of the two kinds it is.</summary>
/// <param name="LbaSectors">Of a grain: where it belongs in the extent.</param>
/// <param name="DataBytes">Of a grain: length of its compressed data. 0 for metadata.</param>
/// <param name="Type">Of metadata: what follows.</param>
/// <param name="LengthSectors">Of metadata: how many sectors of it follow, as the marker says.</param>
readonly record struct StreamMarker(ulong LbaSectors, uint DataBytes, MarkerType Type, ulong LengthSectors)
{
    /// <summary>What tells one kind from the other, and all that both say.</summary>
    internal const int HeadBytes = 16;

    internal bool IsGrain => DataBytes != 0;

    /// <summary>Bytes from this marker to the next, of one that passed <see cref="StreamShape.FaultOf"/>.</summary>
    internal long StrideBytes =>
        (IsGrain ? Sector.CountFor(GrainMarker.SizeBytes + (long)DataBytes) : 1 + BodySectors) << Sector.Shift;

    /// <summary>Bytes that must be there for the marker to be whole: the padding behind a grain need not.</summary>
    internal long NeededBytes => IsGrain ? GrainMarker.SizeBytes + (long)DataBytes : StrideBytes;

    /// <summary>Sectors that follow the marker's own. Notes on progress have none, whatever they say.</summary>
    internal long BodySectors => Type switch
    {
        MarkerType.GrainTable or MarkerType.GrainDirectory => (long)LengthSectors,
        MarkerType.Footer => 1,
        _ => 0,
    };

    /// <summary>Reads the first <see cref="HeadBytes"/> of a marker.</summary>
    internal static StreamMarker Read(ReadOnlySpan<byte> head)
    {
        var grain = GrainMarker.Read(head);
        return grain.DataBytes != 0
            ? new StreamMarker(grain.LbaSectors, grain.DataBytes, MarkerType.EndOfStream, 0)
            : new StreamMarker(
                0, 0, (MarkerType)System.Buffers.Binary.BinaryPrimitives.ReadUInt32LittleEndian(head[12..]),
                grain.LbaSectors);
    }
}
