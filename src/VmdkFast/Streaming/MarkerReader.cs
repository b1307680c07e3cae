using VmdkFast.Format;
using VmdkFast.Opening;

namespace VmdkFast.Streaming;

/// <summary>From grain to grain through a stream that comes in order; everything between them is checked.</summary>
/// <remarks>Not thread-safe.</remarks>
sealed class MarkerReader
{
    const int ChunkEntries = 16 << 10;

    readonly IncomingStream _incoming;
    readonly StreamInput _input;
    readonly StreamShape _shape;
    readonly byte[] _sector = new byte[Sector.Bytes];
    readonly uint[] _entries;
    long _lastGrainOffsetBytes = -1;
    bool _hasFooter;
    bool _ended;

    internal MarkerReader(IncomingStream incoming)
    {
        _incoming = incoming;
        _input = incoming.Input;
        _shape = incoming.Shape;
        _entries = new uint[Math.Max(_shape.TableEntries, Math.Min(_shape.DirectoryEntries, ChunkEntries))];
        Seen = new SeenGrains(_shape, _input.Path, incoming.TablesBehind, incoming.Hosted.ZeroGrains);
    }

    /// <summary>All grains so far.</summary>
    internal SeenGrains Seen { get; }

    /// <summary>Whether the current marker is a grain's that was not taken yet.</summary>
    internal bool HasGrain { get; private set; }

    /// <summary>Where the current grain belongs.</summary>
    internal long GrainOffsetBytes => (long)Marker.LbaSectors << Sector.Shift;

    StreamMarker Marker { get; set; }

    long MarkerOffsetBytes { get; set; }

    /// <summary>Goes on to the next grain, whose predecessor was taken; false at the end of the stream.</summary>
    /// <exception cref="VmdkException">The stream is damaged, contradicts itself, or ends early.</exception>
    internal bool MoveNext()
    {
        while (!_ended)
        {
            MarkerOffsetBytes = _input.PositionBytes;
            int read = _input.Read(_sector);
            if (read == 0)
            {
                EndWithoutMarker();
                return false;
            }

            if (read < _sector.Length)
            {
                throw EndsEarly("a marker");
            }

            Marker = StreamMarker.Read(_sector);
            if (_shape.FaultOf(Marker) is { } fault)
            {
                throw new VmdkException(
                    Marker.IsGrain ? VmdkErrorCode.GrainInvalid : VmdkErrorCode.HeaderInvalid, _input.Path,
                    "a marker is impossible", MarkerOffsetBytes + fault.OffsetBytes, fault.Field, fault.Found,
                    fault.Wanted);
            }

            if (Marker.IsGrain)
            {
                NoteGrain();
                return true;
            }

            ReadMetadata();
        }

        return false;
    }

    /// <summary>Reads the compressed data of the current grain.</summary>
    internal void TakeGrain(PieceGrains grains, int offsetInPiece)
    {
        HasGrain = false;
        Span<byte> data = grains.Add(offsetInPiece, (int)Marker.DataBytes, MarkerOffsetBytes);
        int inSector = Math.Min(data.Length, Sector.Bytes - GrainMarker.SizeBytes);
        _sector.AsSpan(GrainMarker.SizeBytes, inSector).CopyTo(data);
        if (_input.Read(data[inSector..]) < data.Length - inSector)
        {
            throw EndsEarly("a compressed grain");
        }

        // The padding of the last grain may be missing: old writers did not fill their last sector.
        _input.Skip(MarkerOffsetBytes + Marker.StrideBytes - _input.PositionBytes);
    }

    internal VmdkException NotAscending(long wantedBytes) =>
        new(VmdkErrorCode.OrderNotAscending, _input.Path,
            "the grains of this stream do not ascend, and the target needs them in order", MarkerOffsetBytes, "lba",
            $"disk byte {GrainOffsetBytes}", $"disk byte {wantedBytes} or later; convert the image from a file");

    void NoteGrain()
    {
        long grain = GrainOffsetBytes / _shape.GrainBytes;
        if (Seen.Contains(grain))
        {
            throw new VmdkException(
                VmdkErrorCode.GrainInvalid, _input.Path, "a grain is there twice", MarkerOffsetBytes, "lba",
                $"sector {Marker.LbaSectors} again", "each grain once");
        }

        Seen.Add(grain, MarkerOffsetBytes);
        _lastGrainOffsetBytes = GrainOffsetBytes;
        HasGrain = true;
    }

    void ReadMetadata()
    {
        switch (Marker.Type)
        {
            case MarkerType.GrainTable:
                Span<uint> table = _entries.AsSpan(0, _shape.TableEntries);
                ReadEntries(table, "a grain table");
                if (_incoming.TablesBehind)
                {
                    Seen.CheckTable(table, MarkerOffsetBytes + Sector.Bytes);
                }

                break;
            case MarkerType.GrainDirectory:
                ReadDirectory();
                break;
            case MarkerType.Footer:
                ReadFooter();
                break;
            case MarkerType.EndOfStream:
                End();
                return;
        }

        _input.Skip(MarkerOffsetBytes + Marker.StrideBytes - _input.PositionBytes);
        if (_input.PositionBytes < MarkerOffsetBytes + Marker.StrideBytes)
        {
            throw EndsEarly("metadata");
        }
    }

    void ReadDirectory()
    {
        Seen.BeginDirectory(MarkerOffsetBytes + Sector.Bytes);
        for (int index = 0; index < _shape.DirectoryEntries;)
        {
            Span<uint> part = _entries.AsSpan(0, Math.Min(_entries.Length, _shape.DirectoryEntries - index));
            long offsetBytes = _input.PositionBytes;
            ReadEntries(part, "the grain directory");
            if (_incoming.TablesBehind)
            {
                Seen.CheckDirectory(part, index, offsetBytes);
            }

            index += part.Length;
        }
    }

    void ReadFooter()
    {
        long offsetBytes = _input.PositionBytes;
        if (_input.Read(_sector) < _sector.Length)
        {
            throw EndsEarly("the footer");
        }

        var footer = SparseHeader.Read(_sector);
        if (footer.Magic != SparseHeader.MagicValue)
        {
            throw new VmdkException(
                VmdkErrorCode.HeaderInvalid, _input.Path, "the footer is no header", offsetBytes, "magic",
                $"0x{footer.Magic:x8}", $"0x{SparseHeader.MagicValue:x8}");
        }

        HostedSparseFile.CheckFooter(_incoming.Header, footer, new HeaderRules(_input, offsetBytes));
        if (_incoming.TablesBehind && !Seen.HasDirectoryAt(footer.DirectoryOffsetSectors))
        {
            throw DirectoryMissing("footer", offsetBytes, footer.DirectoryOffsetSectors);
        }

        _hasFooter = true;
    }

    void ReadEntries(Span<uint> entries, string what)
    {
        if (!FrontTables.ReadEntries(_input, entries))
        {
            throw EndsEarly(what);
        }
    }

    void End()
    {
        _ended = true;
        if (_incoming.Hosted.DirectoryAtEnd && !_hasFooter)
        {
            throw EndsEarly("the grains: no footer came");
        }

        // Who has the file goes by the header's directory, also when a footer names another one.
        ulong directory = _incoming.Header.DirectoryOffsetSectors;
        if (_incoming.TablesBehind && !_incoming.Hosted.DirectoryAtEnd && !Seen.HasDirectoryAt(directory))
        {
            throw _hasFooter
                ? DirectoryMissing("header", 0, directory)
                : EndsEarly("the grains: the directory that the header names did not come");
        }

        if (_incoming.Front is { } front && front.Named != Seen.Sum)
        {
            throw new VmdkException(
                VmdkErrorCode.TableInvalid, _input.Path, "the tables in front contradict the grains that came",
                MarkerOffsetBytes, "grainTable", $"{Seen.Sum.Count} grains came",
                $"{front.Named.Count} grains, each where its table says");
        }

        if (_input.FindDataToEnd() is { } dataBytes)
        {
            throw new VmdkException(
                VmdkErrorCode.HeaderInvalid, _input.Path, "something follows the end of the stream", dataBytes,
                "endOfStream", "data behind it", "nothing but zeros");
        }
    }

    // QEMU ends its streams with the last grain. Whether that was the last one only the tables in front tell.
    void EndWithoutMarker()
    {
        if (_incoming.Front is not { } front || front.Named != Seen.Sum)
        {
            throw EndsEarly("the grains");
        }

        _ended = true;
    }

    VmdkException DirectoryMissing(string who, long headerOffsetBytes, ulong sector) =>
        new(VmdkErrorCode.HeaderInvalid, _input.Path, $"the {who} names a directory that did not come",
            headerOffsetBytes + 56, nameof(SparseHeader.DirectoryOffsetSectors), $"sector {sector}",
            "the sector behind the directory's marker");

    VmdkException EndsEarly(string where)
    {
        string last = _lastGrainOffsetBytes < 0
            ? "no grain" : $"{Seen.Sum.Count} grains, the last one for disk byte {_lastGrainOffsetBytes}";
        string wanted = _incoming.Front is { } front
            ? $"{front.Named.Count} grains, each where its table says" : "a footer and an end-of-stream marker";
        return new VmdkException(
            VmdkErrorCode.Truncated, _input.Path, $"the stream ends early, in or behind {where}", _input.PositionBytes,
            "endOfStream", last, wanted);
    }
}
