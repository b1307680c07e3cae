using System.Buffers.Binary;
using VmdkFast.Compression;
using VmdkFast.Extents;
using VmdkFast.Format;
using VmdkFast.Opening;
using VmdkFast.Storage;

namespace VmdkFast.Checking;

/// <summary>
/// Where a reader finds each grain of a sparse file, by its rules and not by those of a check: the primary entry, and
/// the copy's only where the primary one is impossible. Not thread-safe.
/// </summary>
sealed class ReaderView
{
    /// <summary>Instead of an entry: a reader refuses the grain.</summary>
    internal const long Refused = -1;

    /// <summary>
    /// Instead of an entry: the grain reads as zeros. Not 1, which is a sector like others where the header does not
    /// say that it stands for zeros.
    /// </summary>
    internal const long Zeros = -2;

    const int PieceEntries = 4096;

    readonly SparseLayout _layout;
    readonly SparseTableSource _source;
    readonly uint[] _directory = new uint[PieceEntries];
    readonly uint[] _table;
    readonly CompressedGrains? _compressed;
    byte[] _room = [];
    int _first = -1;

    ReaderView(ImageFile file, SparseLayout layout, bool compressed, bool markers)
    {
        _compressed = compressed
            ? new CompressedGrains(
                file, GrainCodec.Of(VmdkCodec.Auto), layout.GrainBytes, layout.CapacityBytes, markers, 0, null)
            : null;
        File = file;
        _layout = layout;
        _source = new SparseTableSource(file, layout);
        _table = new uint[layout.TableEntries];
    }

    internal ImageFile File { get; }

    /// <summary>Whether stored grains say where they belong.</summary>
    internal bool HasMarkers => _compressed is { HasMarkers: true };

    /// <summary>Whether grains begin at multiples of their size.</summary>
    internal bool IsAligned { get; private init; }

    internal int Tables => _layout.DirectoryEntries;

    internal int TableEntries => _layout.TableEntries;

    internal long GrainSectors => _layout.GrainSectors;

    internal long DirectorySector => _layout.DirectoryOffsetBytes >> Sector.Shift;

    internal long DirectorySectors => Sector.CountFor((long)Tables * sizeof(uint));

    internal long TableSectors => Sector.CountFor((long)TableEntries * sizeof(uint));

    /// <summary>What a reader makes of a file; null when it refuses it, or when it is no sparse file.</summary>
    internal static ReaderView? Open(ImageFile file, VmdkLimits limits)
    {
        try
        {
            Span<byte> start = stackalloc byte[sizeof(ulong)];
            return Probe.Signature(start[..file.Read(start, 0)]) switch
            {
                ImageSignature.HostedSparse => Of(file, HostedSparseFile.Read(file, limits)),
                ImageSignature.Cowd => Of(file, CowdFile.Read(file, limits)),
                _ => null,
            };
        }
        catch (VmdkException)
        {
            return null;
        }
    }

    /// <summary>The directory's entry for a table.</summary>
    internal uint DirectoryEntry(int table)
    {
        int first = table - (table % PieceEntries);
        if (first != _first)
        {
            _source.LoadDirectory(first, _directory.AsSpan(0, Math.Min(PieceEntries, Tables - first)));
            _first = first;
        }

        return _directory[table - first];
    }

    /// <summary>Where the table is that a reader takes; 0 for an empty one, negative when it refuses.</summary>
    internal long TableSector(int table)
    {
        uint entry = DirectoryEntry(table);
        if (entry == 0 || _source.IsPossibleTable(entry))
        {
            return entry;
        }

        uint copy = CopyOf(table);
        return _source.IsPossibleTable(copy) ? copy : Refused;
    }

    /// <summary>
    /// Where each grain of a table is: a sector, 0 for nowhere, <see cref="Zeros"/>, or <see cref="Refused"/>.
    /// </summary>
    /// <remarks>Also behind the disk's end, where nobody reads: see <see cref="CountOf"/>.</remarks>
    internal void Resolve(int table, Span<long> grains)
    {
        long sector = TableSector(table);
        if (sector <= 0)
        {
            grains.Fill(sector);
            return;
        }

        _source.ReadEntries(sector << Sector.Shift, _table, "grainTable");
        for (int i = 0; i < grains.Length; i++)
        {
            grains[i] = IsPossible(_table[i]) ? PlaceOf(_table[i]) : CopyOf(table, i);
        }
    }

    /// <summary>How many of a table's grains are in the disk.</summary>
    internal int CountOf(int table) => (int)Math.Min(
        TableEntries, ((_layout.CapacityBytes - 1) >> _layout.GrainShift) + 1 - ((long)table * TableEntries));

    /// <summary>How many sectors a grain takes; 0 when a reader refuses what is there.</summary>
    internal long LengthOf(long grain, long sector) =>
        _compressed is null ? GrainSectors : Sector.CountFor(StoredBytes(grain, sector));

    /// <summary>Whether a reader gets the bytes of the grain that is at a sector.</summary>
    internal bool IsReadable(long grain, long sector)
    {
        if (_compressed is null)
        {
            return true;
        }

        long storedBytes = StoredBytes(grain, sector);
        if (storedBytes == 0)
        {
            return false;
        }

        int roomBytes = DeepCheck.RoomFor(_layout.GrainBytes, storedBytes);
        if (_room.Length < roomBytes)
        {
            _room = new byte[roomBytes];
        }

        try
        {
            _compressed.Inflate(
                new StoredGrain(_compressed, grain, sector << Sector.Shift, (int)storedBytes),
                _room.AsSpan(0, roomBytes));
            return true;
        }
        catch (VmdkException)
        {
            return false;
        }
    }

    // 0 when a reader refuses it. Not by CompressedGrains, which throws: of a damaged image it may be every grain.
    long StoredBytes(long grain, long sector)
    {
        Span<byte> start = stackalloc byte[GrainMarker.SizeBytes];
        int prefix = _compressed!.PrefixBytes;
        if (File.Read(start[..prefix], sector << Sector.Shift) < prefix)
        {
            return 0;
        }

        uint dataBytes = _compressed.HasMarkers
            ? GrainMarker.Read(start).DataBytes
            : BinaryPrimitives.ReadUInt32LittleEndian(start);
        bool isOwn = !_compressed.HasMarkers || GrainMarker.Read(start).LbaSectors == (ulong)(grain * GrainSectors);
        long stored = prefix + (long)dataBytes;
        return isOwn && dataBytes != 0 && stored <= _compressed.MaxStoredBytes
            && (sector << Sector.Shift) + stored <= File.LengthBytes ? stored : 0;
    }

    long PlaceOf(uint entry) => entry == 1 && _layout.ZeroGrains ? Zeros : entry;

    bool IsPossible(uint entry) =>
        entry == 0 || (entry == 1 && _layout.ZeroGrains) || _source.IsPossibleGrain(entry);

    uint CopyOf(int table) => _layout.RedundantDirectoryOffsetBytes == 0
        ? 0
        : ReadEntry(_layout.RedundantDirectoryOffsetBytes + ((long)table * sizeof(uint)));

    long CopyOf(int table, int index)
    {
        uint copy = CopyOf(table);
        if (!_source.IsPossibleTable(copy))
        {
            return Refused;
        }

        uint entry = ReadEntry(((long)copy << Sector.Shift) + ((long)index * sizeof(uint)));
        return IsPossible(entry) ? PlaceOf(entry) : Refused;
    }

    uint ReadEntry(long offsetBytes)
    {
        Span<uint> entry = stackalloc uint[1];
        _source.ReadEntries(offsetBytes, entry, "grainTable");
        return entry[0];
    }

    static ReaderView? Of(ImageFile file, HostedSparseFile header) => header.IsDescriptorOnly
        ? null
        : new ReaderView(file, header.ToLayout(), header.Compressed, header.Markers) { IsAligned = !header.Compressed };

    static ReaderView Of(ImageFile file, CowdFile header) => new(file, header.ToLayout(), false, false);
}
