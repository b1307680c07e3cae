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
    readonly GrainCodec _codec = GrainCodec.Of(VmdkCodec.Auto);
    readonly byte[] _sector = new byte[Sector.Bytes];
    byte[] _window = [];
    byte[] _stored = [];
    byte[] _grain = [];

    /// <summary>Behind the last grain, in sectors.</summary>
    internal long EndOfGrains { get; private set; } = subject.Shape.FirstUsableSector;

    bool _endsBroken;
    bool _isEnd;

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
            at = FindGrain(at + 1, cancellationToken);
        }

        grains.Sort();
    }

    /// <summary>
    /// Proposes to give up what stands behind the last grain of a stream with its directory in front, and to end it.
    /// </summary>
    internal void ProposeEnd()
    {
        if (!_endsBroken)
        {
            return;
        }

        long end = EndOfGrains << Sector.Shift;
        subject.Log.Propose(new CutStep(_file, RepairClass.Drop, "the stream ends inside a grain", end));
        subject.Log.Propose(new WriteStep(
            _file, RepairClass.Drop, "the end of the stream", end, new byte[Sector.Bytes]));
    }

    /// <summary>Where the next marker is; null when this one leads nowhere.</summary>
    long? Step(long at)
    {
        var grain = GrainMarker.Read(_sector);
        _isEnd = false;
        if (grain.DataBytes != 0)
        {
            if (LengthOf(grain, at) is { } length)
            {
                grains.Add(new StoredPlace((long)grain.LbaSectors / _shape.GrainSectors, (uint)at, (uint)length));
                subject.MarkedGrains?.Add(at, length);
                EndOfGrains = at + length;
                return at + length;
            }

            subject.Find(
                VmdkFindingKind.MarkerInvalid,
                $"the marker leads nowhere: disk sector {grain.LbaSectors}, {grain.DataBytes} bytes",
                at << Sector.Shift);
            return null;
        }

        var marker = MetadataMarker.Read(_sector);
        if (marker.Type == MarkerType.EndOfStream)
        {
            // Also a stretch of zeros looks so; and a stream that was appended to goes on behind its old end.
            if (marker.LengthSectors == 0)
            {
                _isEnd = true;
                _file.Used.Add(at, 1);
            }

            return null;
        }

        ulong body = marker.Type switch
        {
            MarkerType.Progress => 0,
            MarkerType.Footer => 1,
            _ => marker.LengthSectors,
        };
        if (marker.Type > MarkerType.Progress || body > (ulong)_file.LengthSectors)
        {
            subject.Find(
                VmdkFindingKind.MarkerInvalid,
                $"no marker stands here: type {(uint)marker.Type}, {marker.LengthSectors} sectors", at << Sector.Shift);
            return null;
        }

        _file.Used.Add(at, 1 + (long)body);
        return at + 1 + (long)body;
    }

    // Null when no grain can follow: elsewhere in the disk, too long for the file, or for any grain.
    long? LengthOf(in GrainMarker marker, long at)
    {
        long stored = GrainMarker.SizeBytes + (long)marker.DataBytes;
        bool isPossible = marker.LbaSectors % (ulong)_shape.GrainSectors == 0
            && marker.LbaSectors < (ulong)_shape.CapacitySectors && stored <= MaxStoredBytes(_shape)
            && _file.Holds(at, stored);
        return isPossible ? Sector.CountFor(stored) : null;
    }

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
            for (int offset = 0; offset + GrainMarker.SizeBytes + 2 <= read; offset += Sector.Bytes)
            {
                long sector = at + (offset >> Sector.Shift);
                if (IsGrain(_window.AsSpan(offset, GrainMarker.SizeBytes + 2), sector))
                {
                    return sector;
                }

                if (_window.AsSpan(offset, Math.Min(Sector.Bytes, read - offset)).ContainsAnyExcept((byte)0)
                    && IsMetadata(_window.AsSpan(offset, Math.Min(Sector.Bytes, read - offset))))
                {
                    return sector;
                }
            }

            at += Math.Max(1, read >> Sector.Shift);
        }

        return end;
    }

    // Bytes 12 and 13 are a zlib header in every grain: method 8, and a checksum of its own.
    bool IsGrain(ReadOnlySpan<byte> start, long sector)
    {
        var marker = GrainMarker.Read(start);
        int first = start[GrainMarker.SizeBytes];
        int second = start[GrainMarker.SizeBytes + 1];
        return marker.DataBytes != 0 && (first & 0x0f) == 8 && ((first << 8) + second) % 31 == 0
            && LengthOf(marker, sector) is not null && Inflates(sector);
    }

    // Only what nothing else looks like: the type, the length that goes with it, and nothing but zeros behind.
    static bool IsMetadata(ReadOnlySpan<byte> sector)
    {
        if (sector.Length < MetadataMarker.SizeBytes)
        {
            return false;
        }

        var marker = MetadataMarker.Read(sector);
        return marker.DataBytes == 0 && marker.Type is > MarkerType.EndOfStream and <= MarkerType.Progress
            && marker.LengthSectors is > 0 and <= 1 << 20 && !sector[16..].ContainsAnyExcept((byte)0);
    }

    /// <summary>Whether the grain at a sector inflates to what its place in the disk needs.</summary>
    internal bool Inflates(long sector)
    {
        Span<byte> prefix = stackalloc byte[GrainMarker.SizeBytes];
        long offsetBytes = sector << Sector.Shift;
        if (_file.File.Read(prefix, offsetBytes) < prefix.Length)
        {
            return false;
        }

        var marker = GrainMarker.Read(prefix);
        if (marker.DataBytes == 0 || LengthOf(marker, sector) is null)
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

    /// <summary>The longest stored form of a grain that is accepted.</summary>
    internal static long MaxStoredBytes(SparseShape shape) =>
        Math.Min((2 * shape.GrainBytes) + Sector.Bytes, int.MaxValue);
}
