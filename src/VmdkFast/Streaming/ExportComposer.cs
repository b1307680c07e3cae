using System.Buffers.Binary;
using VmdkFast.Creating;
using VmdkFast.Format;

namespace VmdkFast.Streaming;

/// <summary>
/// The layout in which VMware's products export: every structure stands behind what it points to, so that it can be
/// written into a pipe, and read from one.
/// </summary>
/// <remarks>
/// Header, descriptor, zeros, then grains; behind the last grain of each table a marker and the table; at the end the
/// directory, the footer, which knows where it is, and a sector of zeros, each announced by a marker. Tables without
/// grains are left out.
/// </remarks>
sealed class ExportComposer : StreamComposer
{
    const int ZerosBytes = 64 << 10;

    readonly Stream _stream;
    readonly bool _leaveOpen;
    readonly HostedLayout _layout;
    readonly byte[] _descriptor;
    readonly List<(long TableIndex, uint Sector)> _tables = [];
    readonly byte[] _marker = new byte[MetadataMarker.SizeBytes];

    /// <param name="stream">Receives the image from its first byte on.</param>
    /// <param name="leaveOpen">Whether the stream is the caller's to close.</param>
    /// <param name="name">The target's name, for messages.</param>
    /// <param name="disk">The disk.</param>
    internal ExportComposer(Stream stream, bool leaveOpen, string name, NewDisk disk)
        : base(name)
    {
        _stream = stream;
        _leaveOpen = leaveOpen;
        _descriptor = disk.Descriptor;
        _layout = HostedLayout.ForExport(disk.CapacitySectors, disk.GrainSectors, disk.Descriptor.Length);
    }

    internal override void Begin()
    {
        var front = new byte[(1 + _layout.DescriptorSectors) * Sector.Bytes];
        HostedExtent.FillHeader(front, _layout, Flags);
        _descriptor.CopyTo(front, Sector.Bytes);
        Append(front);
        AppendZeros((_layout.OverheadSectors * Sector.Bytes) - front.Length);
    }

    /// <inheritdoc/>
    public override void Dispose()
    {
        if (!_leaveOpen)
        {
            _stream.Dispose();
        }

        base.Dispose();
    }

    protected override void Write(ReadOnlySpan<byte> bytes, long offsetBytes) => _stream.Write(bytes);

    protected override void WriteTable(long tableIndex, ReadOnlySpan<byte> table)
    {
        AppendMarker(MarkerType.GrainTable, HostedLayout.TableSectors);
        _tables.Add((tableIndex, SectorOf(EndSector << Sector.Shift)));
        Append(table);
    }

    protected override void WriteEnd()
    {
        AppendMarker(MarkerType.GrainDirectory, _layout.DirectorySectors);
        uint directorySector = SectorOf(EndSector << Sector.Shift);
        AppendDirectory();
        AppendMarker(MarkerType.Footer, 1);
        var footer = new byte[SparseHeader.SizeBytes];
        HostedExtent.FillHeader(footer, _layout, Flags, directorySector);
        Append(footer);
        AppendMarker(MarkerType.EndOfStream, 0);
        _stream.Flush();
    }

    void AppendMarker(MarkerType type, long lengthSectors)
    {
        MetadataMarker.Writer marker = MetadataMarker.CreateWriter(_marker);
        marker.LengthSectors = (ulong)lengthSectors;
        marker.Type = type;
        Append(_marker);
    }

    // The directory of a 62 TiB disk has 8 MiB, those of small grains far more; what is not zero is in the list.
    void AppendDirectory()
    {
        const int EntriesPerPiece = ZerosBytes / sizeof(uint);
        var piece = new byte[ZerosBytes];
        long entries = _layout.DirectorySectors * (Sector.Bytes / sizeof(uint));
        int next = 0;
        for (long first = 0; first < entries; first += EntriesPerPiece)
        {
            piece.AsSpan().Clear();
            int count = (int)Math.Min(EntriesPerPiece, entries - first);
            for (; next < _tables.Count && _tables[next].TableIndex < first + count; next++)
            {
                int index = (int)(_tables[next].TableIndex - first);
                BinaryPrimitives.WriteUInt32LittleEndian(piece.AsSpan(index * sizeof(uint)), _tables[next].Sector);
            }

            Append(piece.AsSpan(0, count * sizeof(uint)));
        }
    }

    void AppendZeros(long lengthBytes)
    {
        var zeros = new byte[(int)Math.Min(lengthBytes, ZerosBytes)];
        for (long left = lengthBytes; left > 0; left -= zeros.Length)
        {
            Append(zeros.AsSpan(0, (int)Math.Min(left, zeros.Length)));
        }
    }
}
