using VmdkFast.Compression;
using VmdkFast.Format;

namespace VmdkFast.Checking;

/// <summary>
/// Walks a stream from marker to marker and collects its grains. Where a marker leads nowhere, the walk looks for the
/// next grain that inflates, sector by sector, and goes on there.
/// </summary>
sealed class MarkerWalk(SparseSubject subject, StoredGrains grains)
{
    const int WindowBytes = 1 << 20;

    readonly CheckedFile _file = subject.File;
    readonly SparseShape _shape = subject.Shape;
    readonly StreamShape _rules = subject.Shape.ToStreamShape();
    readonly List<StreamGap> _gaps = [];
    readonly List<StreamTable> _tables = [];
    readonly GrainCodec _codec = GrainCodec.Of(VmdkCodec.Auto);
    readonly byte[] _sector = new byte[Sector.Bytes];
    byte[] _window = [];
    byte[] _stored = [];
    byte[] _grain = [];

    /// <summary>Behind the last grain, in sectors.</summary>
    internal long EndOfGrains { get; private set; } = subject.Shape.FirstUsableSector;

    /// <summary>Behind the last marker that leads somewhere and what it announces, in sectors.</summary>
    internal long EndOfMarkers { get; private set; } = subject.Shape.FirstUsableSector;

    /// <summary>Behind what the markers of grains announce in which something else stands, in sectors.</summary>
    internal long EndOfCut { get; private set; }

    /// <summary>Where the walk lost its way and found it again.</summary>
    internal IReadOnlyList<StreamGap> Gaps => _gaps;

    /// <summary>What has the marker of a table.</summary>
    internal IReadOnlyList<StreamTable> Tables => _tables;

    /// <summary>Behind the last marker of a directory; 0 when the walk has met none.</summary>
    internal long DirectorySector { get; private set; }

    /// <summary>Sectors of which it has been said that no marker stands there.</summary>
    internal HashSet<long> Reported { get; } = [];

    bool _endsBroken;
    bool _endsInGrain;
    bool _isEnd;
    bool _skippedData;
    int _openGaps;
    long _lastGrain = -1;
    long _ownGrain = -1;
    StoredPlace? _last;

    /// <summary>Walks to the end of the file.</summary>
    internal void Run(CancellationToken cancellationToken)
    {
        long end = _file.LengthSectors;
        for (long at = _shape.FirstUsableSector; at < end;)
        {
            cancellationToken.ThrowIfCancellationRequested();
            int read = _file.File.Read(_sector, at << Sector.Shift);
            _sector.AsSpan(read).Clear();
            if (Step(at) is { } next)
            {
                at = next;
                _endsBroken = false;
                continue;
            }

            _endsBroken = !_isEnd;
            _skippedData = !_isEnd;
            long start = at;
            long announced = AnnouncedEnd(at);
            at = FindGrain(StartOfSearch(at), cancellationToken);
            if (at < start)
            {
                EndOfCut = Math.Max(EndOfCut, start);
                grains.ShortenLast((uint)(at - _last!.Value.Sector));
                start = at;
            }

            if (at < end)
            {
                // Zeros before the first grain are the rest of the overhead; behind it they are a hole in the file.
                bool mayHoldGrains = at != announced && (_skippedData || _lastGrain >= 0);
                _gaps.Add(new StreamGap(start, at, mayHoldGrains, _lastGrain, -1));
            }
        }

        grains.Sort();
    }

    /// <summary>
    /// Proposes to give up what stands behind the last grain of a stream with its directory in front, and to end it.
    /// </summary>
    /// <param name="highestSector">The highest sector that any entry names.</param>
    internal void ProposeEnd(long highestSector)
    {
        if (!_endsBroken)
        {
            return;
        }

        // A grain that was cut off before any entry named it is nobody's.
        RepairClass kind = _endsInGrain && highestSector < EndOfGrains ? RepairClass.Restore : RepairClass.Drop;
        long end = EndOfGrains << Sector.Shift;
        subject.Log.Propose(new CutStep(_file, kind, "the stream ends inside a grain", end));
        subject.Log.Propose(new WriteStep(_file, kind, "the end of the stream", end, new byte[Sector.Bytes]));
    }

    // Metadata of another size than this header's is metadata.
    long AnnouncedEnd(long at) => StreamMarker.Read(_sector) is { IsGrain: false } marker
        && marker.Type is MarkerType.GrainTable or MarkerType.GrainDirectory && IsPadded(_sector)
        ? at + 1 + (long)Math.Min(marker.LengthSectors, uint.MaxValue)
        : -1;

    // A grain of which sectors are missing ends in what follows it: then others may stand where it should.
    long StartOfSearch(long at) =>
        _last is { } last && last.Sector + last.LengthSectors == at && !Inflates(last.Sector)
            ? last.Sector + 1
            : at + 1;

    // Where the next marker is; null when this one leads nowhere.
    long? Step(long at)
    {
        var marker = StreamMarker.Read(_sector);
        _isEnd = marker is { IsGrain: false, Type: MarkerType.EndOfStream, LengthSectors: 0 };
        if (_isEnd)
        {
            // Also a stretch of zeros looks so; and a stream that was appended to goes on behind its old end.
            _file.Used.Add(at, 1);
            return null;
        }

        if (!IsPossible(marker, at))
        {
            _endsInGrain = marker.IsGrain && _rules.FaultOf(marker) is null;
            if (Reported.Add(at))
            {
                subject.Find(
                    VmdkFindingKind.MarkerInvalid,
                    marker.IsGrain
                        ? $"the marker leads nowhere: disk sector {marker.LbaSectors}, {marker.DataBytes} bytes"
                        : $"no marker stands here: type {(uint)marker.Type}, {marker.LengthSectors} sectors",
                    at << Sector.Shift);
            }

            return null;
        }

        long next = at + (marker.StrideBytes >> Sector.Shift);
        EndOfMarkers = next;
        if (marker.IsGrain)
        {
            var place = new StoredPlace((long)marker.LbaSectors / _shape.GrainSectors, (uint)at, (uint)(next - at));
            Take(place);
            (_last, _ownGrain) = (place, place.Grain);
            return next;
        }

        _file.Used.Add(at, next - at);
        if (marker.Type == MarkerType.GrainTable)
        {
            _tables.Add(new StreamTable((uint)at + 1, _ownGrain));
        }
        else if (marker.Type == MarkerType.GrainDirectory)
        {
            DirectorySector = at + 1;
        }

        _ownGrain = marker.Type == MarkerType.Progress ? _ownGrain : -1;
        _last = null;
        return next;
    }

    void Take(in StoredPlace place)
    {
        grains.Add(place);
        subject.MarkedGrains?.Add(place.Sector, place.LengthSectors);
        EndOfGrains = place.Sector + place.LengthSectors;
        for (; _openGaps < _gaps.Count; _openGaps++)
        {
            _gaps[_openGaps] = _gaps[_openGaps] with { GrainBehind = place.Grain };
        }

        if (place.Grain > _lastGrain)
        {
            _lastGrain = place.Grain;
        }
        else if (_shape.DirectoryAtEnd)
        {
            // An export ascends: this marker or the last one is damaged, and something else belongs here.
            _gaps.Add(new StreamGap(place.Sector, place.Sector, true, _lastGrain, -1));
        }
    }

    // Not elsewhere in the disk, not too long for the file, nor for what it announces.
    bool IsPossible(in StreamMarker marker, long at) =>
        _rules.FaultOf(marker) is null && _file.Holds(at, marker.NeededBytes);

    // The next sector from which a grain can be inflated; the end of the file when there is none.
    long FindGrain(long at, CancellationToken cancellationToken)
    {
        long end = _file.LengthSectors;
        if (_window.Length == 0)
        {
            _window = new byte[(int)Math.Min(WindowBytes, end << Sector.Shift)];
        }

        while (at < end)
        {
            cancellationToken.ThrowIfCancellationRequested();
            at = Math.Max(at, _file.File.NextData(at << Sector.Shift).StartBytes >> Sector.Shift);
            if (at >= end)
            {
                break;
            }

            int read = _file.File.Read(_window, at << Sector.Shift);
            for (int offset = 0; offset + StreamMarker.HeadBytes <= read; offset += Sector.Bytes)
            {
                long sector = at + (offset >> Sector.Shift);
                if (IsGrain(_window.AsSpan(offset, StreamMarker.HeadBytes), sector))
                {
                    return sector;
                }

                ReadOnlySpan<byte> bytes = _window.AsSpan(offset, Math.Min(Sector.Bytes, read - offset));
                bool isData = bytes.ContainsAnyExcept((byte)0);
                if (isData && IsMetadata(bytes, sector))
                {
                    return sector;
                }

                _skippedData |= isData;
            }

            at += Math.Max(1, read >> Sector.Shift);
        }

        return end;
    }

    // Bytes 12 and 13 are a zlib header in every grain: method 8, and a checksum of its own.
    bool IsGrain(ReadOnlySpan<byte> start, long sector)
    {
        var marker = StreamMarker.Read(start);
        int first = start[GrainMarker.SizeBytes];
        int second = start[GrainMarker.SizeBytes + 1];
        return marker.IsGrain && (first & 0x0f) == 8 && ((first << 8) + second) % 31 == 0
            && IsPossible(marker, sector) && Inflates(sector);
    }

    // Only what nothing else looks like: the type, the length that goes with it, and nothing but zeros behind.
    bool IsMetadata(ReadOnlySpan<byte> bytes, long sector)
    {
        if (bytes.Length < MetadataMarker.SizeBytes || !IsPadded(bytes))
        {
            return false;
        }

        var marker = StreamMarker.Read(bytes);
        return IsMetadata(marker) && marker.LengthSectors is > 0 and <= 1 << 20 && IsPossible(marker, sector);
    }

    static bool IsMetadata(in StreamMarker marker) =>
        marker is { IsGrain: false, Type: > MarkerType.EndOfStream and <= MarkerType.Progress };

    static bool IsPadded(ReadOnlySpan<byte> sector) => !sector[StreamMarker.HeadBytes..].ContainsAnyExcept((byte)0);

    /// <summary>Whether the grain at a sector inflates to what its place in the disk needs.</summary>
    internal bool Inflates(long sector)
    {
        Span<byte> head = stackalloc byte[StreamMarker.HeadBytes];
        long offsetBytes = sector << Sector.Shift;
        if (_file.File.Read(head, offsetBytes) < head.Length)
        {
            return false;
        }

        var marker = StreamMarker.Read(head);
        if (!marker.IsGrain || !IsPossible(marker, sector))
        {
            return false;
        }

        int dataBytes = (int)marker.DataBytes;
        if (_stored.Length < dataBytes)
        {
            _stored = new byte[dataBytes];
        }

        int roomBytes = DeepCheck.RoomFor(_shape.GrainBytes, dataBytes);
        if (_grain.Length < roomBytes)
        {
            _grain = new byte[roomBytes];
        }

        Span<byte> stored = _stored.AsSpan(0, dataBytes);
        long needed = _shape.StretchOf((long)marker.LbaSectors / _shape.GrainSectors).LengthBytes;
        return _file.File.Read(stored, offsetBytes + GrainMarker.SizeBytes) == stored.Length
            && _codec.Inflate(stored, _grain.AsSpan(0, roomBytes)) >= needed;
    }
}

/// <summary>
/// A stretch of a stream that no marker accounts for, with something that has a marker behind it; an empty one where a
/// grain is out of order.
/// </summary>
/// <param name="StartSector">Where no marker stands that leads on.</param>
/// <param name="EndSector">Where the next one does.</param>
/// <param name="MayHoldGrains">Whether a grain may have been there whose marker is lost.</param>
/// <param name="GrainBefore">The highest grain before it; negative when there is none.</param>
/// <param name="GrainBehind">The first grain behind it; negative when there is none.</param>
readonly record struct StreamGap(
    long StartSector, long EndSector, bool MayHoldGrains, long GrainBefore, long GrainBehind);

/// <summary>What has the marker of a table.</summary>
/// <param name="Sector">Where its entries are.</param>
/// <param name="OwnGrain">The last grain before it, with no other metadata between; negative without one.</param>
readonly record struct StreamTable(uint Sector, long OwnGrain);
