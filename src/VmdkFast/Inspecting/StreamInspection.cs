using System.Globalization;
using VmdkFast.Format;

namespace VmdkFast.Inspecting;

/// <summary>Shows what only streams have: markers in front of everything, and a footer at the end.</summary>
sealed class StreamInspection(FoundStructures found, CancellationToken cancellationToken)
{
    const int ShownMarkers = 8;

    // 4 GiB of grains of the usual size. The tables count all grains; markers are shown in short.
    const int MaxMarkers = 1 << 16;

    readonly byte[] _sector = new byte[Sector.Bytes];

    /// <summary>Shows the last three sectors, when the middle one is a footer.</summary>
    /// <returns>Where the footer is, in bytes; null, and nothing is shown, when there is none.</returns>
    internal static long? ShowFooter(FoundStructures found)
    {
        long endBytes = found.File.LengthBytes & ~(long)(Sector.Bytes - 1);
        long start = endBytes - (3 * Sector.Bytes);
        var sectors = new byte[3 * Sector.Bytes];
        if (start < Sector.Bytes || found.File.Read(sectors, start) < sectors.Length
            || SparseHeader.Read(sectors.AsSpan(Sector.Bytes)).Magic != SparseHeader.MagicValue)
        {
            return null;
        }

        found.Add<MetadataMarker>("footer marker", sectors.AsSpan(0, Sector.Bytes), start);
        found.Add<SparseHeader>("footer", sectors.AsSpan(Sector.Bytes, Sector.Bytes), start + Sector.Bytes);
        found.Add<MetadataMarker>(
            "end-of-stream marker", sectors.AsSpan(2 * Sector.Bytes, Sector.Bytes), start + (2 * Sector.Bytes));
        return start + Sector.Bytes;
    }

    /// <summary>Where a footer says that the grain directory is, in sectors.</summary>
    internal static ulong DirectoryOf(FoundStructures found, long footerOffsetBytes)
    {
        Span<byte> footer = stackalloc byte[SparseHeader.SizeBytes];
        return found.File.Read(footer, footerOffsetBytes) == footer.Length
            ? SparseHeader.Read(footer).DirectoryOffsetSectors
            : 0;
    }

    /// <summary>Walks from marker to marker and counts them.</summary>
    internal void ShowMarkers(ulong overheadSectors)
    {
        if (overheadSectors == 0 || overheadSectors > Sector.MaxSectors
            || Sector.ToBytes(overheadSectors) > found.File.LengthBytes)
        {
            found.Problem("no marker can be found: the overhead is not within the file", 0);
            return;
        }

        long start = Sector.ToBytes(overheadSectors);
        if (start == found.File.LengthBytes)
        {
            // An empty stream as QEMU makes it: not even an end-of-stream marker.
            return;
        }

        var counts = new SortedDictionary<string, ulong>(StringComparer.Ordinal);
        var first = new List<VmdkField>();
        ulong compressedBytes = 0;
        long at = start;
        string? stop = null;
        for (int walked = 0; stop is null && at < found.File.LengthBytes; walked++)
        {
            cancellationToken.ThrowIfCancellationRequested();
            if (walked == MaxMarkers)
            {
                stop = $"only the first {MaxMarkers} markers were counted";
                break;
            }

            if (found.File.Read(_sector, at) < _sector.Length)
            {
                stop = "the file ends inside a marker";
                break;
            }

            (string name, string note, long nextBytes) = Read(at, ref compressedBytes);
            counts[name] = counts.GetValueOrDefault(name) + 1;
            if (first.Count < ShownMarkers)
            {
                first.Add(new VmdkField(name, at - start, note, null, ""));
            }

            if (nextBytes < 0)
            {
                stop = name == nameof(MarkerType.EndOfStream) ? "" : "the walk ends at a marker that leads nowhere";
            }
            else
            {
                at = nextBytes;
            }
        }

        Add(start, at, counts, compressedBytes, first);
        if (stop is { Length: > 0 })
        {
            found.Problem(stop, at);
        }
    }

    void Add(
        long start, long at, SortedDictionary<string, ulong> counts, ulong compressedBytes, List<VmdkField> first) =>
        found.Add(
            "markers", start, "What follows, in front of every grain and all metadata of a stream.",
            [
                .. counts.Select(pair => Counted(pair.Key, pair.Value)),
                Counted("CompressedBytes", compressedBytes),
                Counted("WalkEndsAtByte", (ulong)at),
                .. first,
            ]);

    // The next marker's place; -1 when there is none.
    (string Name, string Note, long NextBytes) Read(long at, ref ulong compressedBytes)
    {
        var grain = GrainMarker.Read(_sector);
        if (grain.DataBytes != 0)
        {
            compressedBytes += grain.DataBytes;
            long sectors = Sector.CountFor(GrainMarker.SizeBytes + (long)grain.DataBytes);
            return (
                "Grain", $"disk sector {grain.LbaSectors}, {grain.DataBytes} bytes compressed",
                at + (sectors << Sector.Shift));
        }

        var marker = MetadataMarker.Read(_sector);
        ulong bodySectors = marker.Type switch
        {
            MarkerType.GrainTable or MarkerType.GrainDirectory => marker.LengthSectors,
            MarkerType.Footer => 1,
            _ => 0,
        };
        bool leadsOn = marker.Type is > MarkerType.EndOfStream and <= MarkerType.Progress
            && bodySectors <= (ulong)found.File.LengthBytes >> Sector.Shift;
        string name = Enum.IsDefined(marker.Type) ? $"{marker.Type}" : "Unknown";
        return (
            name, $"type {(uint)marker.Type}, {marker.LengthSectors} sectors",
            leadsOn ? at + Sector.Bytes + Sector.ToBytes(bodySectors) : -1);
    }

    static VmdkField Counted(string name, ulong value) =>
        new(name, null, value.ToString(CultureInfo.InvariantCulture), null, "");
}
