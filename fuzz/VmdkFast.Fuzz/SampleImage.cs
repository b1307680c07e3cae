using System.Buffers.Binary;
using System.Collections.Immutable;
using VmdkFast.Format;
using VmdkFast.Layout;

namespace VmdkFast.Fuzz;

/// <summary>A small valid image and the places of its numbers, for structure-aware targets to start from.</summary>
sealed class SampleImage
{
    // A table has hundreds of entries that are alike; these and those that are used are enough.
    const int EntriesAtEnds = 3;
    const int CowdTableEntries = 4096;

    readonly byte[] _bytes;
    readonly List<FieldPlace> _places = [];

    internal SampleImage(string name, byte[] bytes)
    {
        Name = name;
        _bytes = bytes;
        if (BinaryPrimitives.ReadUInt32LittleEndian(bytes) == CowdHeader.MagicValue)
        {
            FindCowd();
        }
        else if (BinaryPrimitives.ReadUInt32LittleEndian(bytes) == SparseHeader.MagicValue)
        {
            FindHosted();
        }
        else if (BinaryPrimitives.ReadUInt64LittleEndian(bytes) == SeSparseHeader.MagicValue)
        {
            FindSeSparse();
        }
        else
        {
            Descriptor = (0, bytes.Length);
        }
    }

    internal string Name { get; }

    internal ReadOnlySpan<byte> Bytes => _bytes;

    /// <summary>Offsets of the compressed grains' markers.</summary>
    internal List<int> Grains { get; } = [];

    /// <summary>Where headers, footer and markers are, with what is reserved in them.</summary>
    internal List<(int OffsetBytes, int LengthBytes)> Structures { get; } = [];

    /// <summary>Where the descriptor's text is; of no length when there is none.</summary>
    internal (int OffsetBytes, int LengthBytes) Descriptor { get; private set; }

    /// <summary>The numbers of some structures.</summary>
    internal IEnumerable<FieldPlace> Places(PlaceGroup groups) =>
        _places.Where(place => (place.Group & groups) != 0);

    void FindHosted()
    {
        var header = SparseHeader.Read(_bytes);
        AddFields(PlaceGroup.Header, 0, SparseHeader.Fields, SparseHeader.SizeBytes);
        int text = (int)header.DescriptorOffsetSectors * Sector.Bytes;
        Descriptor = (text, _bytes.AsSpan(text, (int)header.DescriptorSizeSectors * Sector.Bytes).IndexOf((byte)0));
        ulong directory = header.DirectoryOffsetSectors;
        if (directory == SparseHeader.DirectoryAtEnd)
        {
            int footer = _bytes.Length - (2 * Sector.Bytes);
            AddFields(PlaceGroup.Footer, footer - Sector.Bytes, MetadataMarker.Fields, MetadataMarker.SizeBytes);
            AddFields(PlaceGroup.Footer, footer, SparseHeader.Fields, SparseHeader.SizeBytes);
            AddFields(PlaceGroup.Footer, footer + Sector.Bytes, MetadataMarker.Fields, MetadataMarker.SizeBytes);
            directory = SparseHeader.Read(_bytes.AsSpan(footer)).DirectoryOffsetSectors;
        }

        ulong coverage = header.GrainSizeSectors * header.GrainTableEntries;
        int tables = (int)((header.CapacitySectors + coverage - 1) / coverage);
        bool compressed = header.CompressAlgorithm != 0;
        FindTables((int)directory, tables, (int)header.GrainTableEntries, compressed);
        if (header.Flags.HasFlag(SparseFlags.RedundantDirectory))
        {
            FindTables((int)header.RedundantDirectoryOffsetSectors, tables, (int)header.GrainTableEntries, false);
        }

        if (header.Flags.HasFlag(SparseFlags.Markers))
        {
            FindMetadataMarkers((int)header.OverheadSectors * Sector.Bytes);
        }
    }

    // From marker to marker to the end of the stream, or of the file.
    void FindMetadataMarkers(int offsetBytes)
    {
        while (offsetBytes + Sector.Bytes <= _bytes.Length)
        {
            var marker = StreamMarker.Read(_bytes.AsSpan(offsetBytes));
            if (!marker.IsGrain)
            {
                AddPlaces(PlaceGroup.MetadataMarkers, offsetBytes, MetadataMarker.Fields);
                if (marker.Type == MarkerType.EndOfStream)
                {
                    return;
                }
            }

            offsetBytes += (int)marker.StrideBytes;
        }
    }

    void FindCowd()
    {
        var header = CowdHeader.Read(_bytes);
        AddFields(PlaceGroup.Header, 0, CowdHeader.Fields, CowdHeader.SizeBytes);
        FindTables((int)header.DirectoryOffsetSectors, (int)header.DirectoryEntries, CowdTableEntries, false);
    }

    void FindSeSparse()
    {
        var header = SeSparseHeader.Read(_bytes);
        int volatileHeader = (int)header.VolatileHeaderOffsetSectors * Sector.Bytes;
        AddFields(PlaceGroup.Header, 0, SeSparseHeader.Fields, SeSparseHeader.SizeBytes);
        AddFields(PlaceGroup.Header, volatileHeader, SeSparseVolatileHeader.Fields, SeSparseVolatileHeader.SizeBytes);

        // One table holds 16 MiB of the disk, which is more than a sample has.
        AddEntry((int)header.DirectoryOffsetSectors * Sector.Bytes, sizeof(ulong));
        int table = (int)header.TablesOffsetSectors * Sector.Bytes;
        for (int i = 0; i < CowdTableEntries; i++)
        {
            int at = table + (i * sizeof(ulong));
            bool isUsed = BinaryPrimitives.ReadUInt64LittleEndian(_bytes.AsSpan(at)) != 0;
            if (isUsed || i < EntriesAtEnds || i >= CowdTableEntries - EntriesAtEnds)
            {
                AddEntry(at, sizeof(ulong));
            }
        }
    }

    void FindTables(int directorySector, int tables, int entriesEach, bool compressed)
    {
        for (int table = 0; table < tables; table++)
        {
            int at = (directorySector * Sector.Bytes) + (table * sizeof(uint));
            AddEntry(at);
            uint sector = BinaryPrimitives.ReadUInt32LittleEndian(_bytes.AsSpan(at));
            for (int i = 0; sector != 0 && i < entriesEach; i++)
            {
                int entryAt = ((int)sector * Sector.Bytes) + (i * sizeof(uint));
                uint entry = BinaryPrimitives.ReadUInt32LittleEndian(_bytes.AsSpan(entryAt));
                if (entry != 0 || i < EntriesAtEnds || i >= entriesEach - EntriesAtEnds)
                {
                    AddEntry(entryAt);
                }

                if (compressed && entry > 1)
                {
                    Grains.Add((int)entry * Sector.Bytes);
                    AddFields(
                        PlaceGroup.Markers, (int)entry * Sector.Bytes, GrainMarker.Fields, GrainMarker.SizeBytes);
                }
            }
        }
    }

    void AddEntry(int offsetBytes, int sizeBytes = sizeof(uint)) =>
        _places.Add(new FieldPlace(PlaceGroup.Tables, offsetBytes, sizeBytes, FieldUnit.Sectors));

    void AddFields(PlaceGroup group, int offsetBytes, ImmutableArray<LayoutField> fields, int sizeBytes)
    {
        Structures.Add((offsetBytes, sizeBytes));
        AddPlaces(group, offsetBytes, fields);
    }

    void AddPlaces(PlaceGroup group, int offsetBytes, ImmutableArray<LayoutField> fields)
    {
        foreach (LayoutField field in fields.Where(field => field.Encoding != FieldEncoding.Bytes))
        {
            _places.Add(new FieldPlace(group, offsetBytes + field.OffsetBytes, field.SizeBytes, field.Unit));
        }
    }
}
