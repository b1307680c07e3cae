using VmdkFast.Creating;

namespace VmdkFast.Streaming;

/// <summary>The length of an image's files, from the number of grains and tables that are in it.</summary>
sealed class TargetSize
{
    // What stands in front of the grains of an exported stream, as VMware has it.
    const long ExportOverheadSectors = 128;

    // Deflate makes at most 258 bytes of two bits, so a grain cannot shrink further than this.
    const long MaxDeflateRatio = 1032;
    const long MarkerBytes = 12;

    readonly long _fixedBytes;
    readonly long _capacitySectors;
    readonly NewDisk? _disk;

    /// <param name="target">The image; null for raw bytes. It has passed <see cref="CreateRules"/>.</param>
    /// <param name="name">Its file name.</param>
    /// <param name="lengthBytes">Length of the disk.</param>
    internal TargetSize(VmdkCreateOptions? target, string name, long lengthBytes)
    {
        if (target is null)
        {
            _fixedBytes = lengthBytes;
            return;
        }

        _disk = NewDisk.Plan(name, target with { LengthBytes = lengthBytes }, parent: null);
        _capacitySectors = _disk.CapacitySectors;
        GrainBytes = _disk.GrainSectors << Sector.Shift;
        TableEntries = Storing == Storing.Cowd ? CowdExtent.TableEntries : HostedLayout.TableEntries;
        _fixedBytes = (Storing switch
        {
            Storing.Flat => _capacitySectors,
            Storing.Cowd => CowdExtent.EmptySectors(_capacitySectors, _disk.GrainSectors),
            Storing.Stream => StreamFrontSectors() + StreamEndSectors(),
            _ => _disk.Extents.Sum(extent => new HostedLayout(
                extent.LengthSectors, _disk.GrainSectors, _disk.Form.EmbedsDescriptor, isRedundant: true)
                .OverheadSectors),
        }) << Sector.Shift;
        _fixedBytes += _disk.Form.EmbedsDescriptor ? 0 : _disk.Descriptor.Length;
    }

    /// <summary>Bytes of a grain; 0 when the content does not count.</summary>
    internal long GrainBytes { get; }

    /// <summary>Grains of a table.</summary>
    internal int TableEntries { get; }

    Storing Storing => _disk!.Form.Storing;

    /// <summary>The length with so many grains that are not zeros, in so many tables.</summary>
    internal VmdkMeasurement With(long grains, long tables)
    {
        if (_disk is null || Storing == Storing.Flat)
        {
            return new VmdkMeasurement(_fixedBytes, _fixedBytes, _fixedBytes);
        }

        long allGrains = _disk.Extents.Sum(extent => CountUnits(extent.LengthSectors, _disk.GrainSectors));
        long allTables = CountUnits(allGrains, TableEntries);
        long grainBytes = Storing == Storing.Stream ? GrainBytes + Sector.Bytes : GrainBytes;
        long leastBytes = Storing == Storing.Stream
            ? Sector.CountFor(MarkerBytes + ((GrainBytes + MaxDeflateRatio - 1) / MaxDeflateRatio)) << Sector.Shift
            : GrainBytes;
        return new VmdkMeasurement(
            Total(grains, grainBytes, tables), Total(allGrains, grainBytes, allTables),
            Total(grains, leastBytes, tables));
    }

    long Total(long grains, long grainBytes, long tables)
    {
        long tableSectors = Storing switch
        {
            Storing.Cowd => CowdExtent.TableSectors,

            // A marker in front of it.
            Storing.Stream => 1 + HostedLayout.TableSectors,

            // They are there from the start.
            _ => 0,
        };
        return checked(_fixedBytes + (grains * grainBytes) + (tables * (tableSectors << Sector.Shift)));
    }

    // The export layout: header and descriptor, up to where the first grain may be.
    long StreamFrontSectors()
    {
        var local = new HostedLayout(_capacitySectors, _disk!.GrainSectors, embedsDescriptor: true, isRedundant: false);
        long align = Math.Max(_disk.GrainSectors, ExportOverheadSectors);
        long used = 1 + Math.Max(local.DescriptorSectors, Sector.CountFor(_disk.Descriptor.Length));
        return CountUnits(used, align) * align;
    }

    // The directory and the footer, each behind a marker, and the marker that ends the stream.
    long StreamEndSectors()
    {
        long tables = CountUnits(CountUnits(_capacitySectors, _disk!.GrainSectors), HostedLayout.TableEntries);
        return 1 + Sector.CountFor(tables * sizeof(uint)) + 1 + 1 + 1;
    }

    static long CountUnits(long count, long unit) => ((count - 1) / unit) + 1;
}
