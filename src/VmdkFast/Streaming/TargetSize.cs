using VmdkFast.Creating;

namespace VmdkFast.Streaming;

/// <summary>The length of an image's files, from the number of grains and tables that are in it.</summary>
sealed class TargetSize
{
    // Deflate makes at most 258 bytes of two bits, so a grain cannot shrink further than this.
    const long MaxDeflateRatio = 1032;
    const long MarkerBytes = 12;

    readonly long _fixedBytes;
    readonly long _capacitySectors;
    readonly NewDisk? _disk;
    readonly bool _isExport;
    readonly int _sparseBytes;

    /// <param name="options">What for; the target has passed <see cref="CreateRules"/>.</param>
    /// <param name="lengthBytes">Length of the disk.</param>
    internal TargetSize(VmdkMeasureOptions options, long lengthBytes)
    {
        if (options.Target is not { } target)
        {
            _fixedBytes = lengthBytes;
            return;
        }

        _sparseBytes = options.SparseBytes;
        _isExport = options.StreamLayout == VmdkStreamLayout.Export;
        _disk = NewDisk.Plan(options.TargetName, target with { LengthBytes = lengthBytes }, parent: null);
        _capacitySectors = _disk.CapacitySectors;
        GrainBytes = _disk.GrainSectors << Sector.Shift;
        TableEntries = Storing == Storing.Cowd ? CowdExtent.TableEntries : HostedLayout.TableEntries;
        _fixedBytes = (Storing switch
        {
            Storing.Flat => _capacitySectors,
            Storing.Cowd => CowdExtent.EmptySectors(_capacitySectors, _disk.GrainSectors),
            Storing.Stream when _isExport => ExportSectors(),
            Storing.Stream => new HostedLayout(
                _capacitySectors, _disk.GrainSectors, embedsDescriptor: true, isRedundant: false).OverheadSectors + 1,
            _ => _disk.Extents.Sum(extent => new HostedLayout(
                extent.LengthSectors, _disk.GrainSectors, _disk.Form.EmbedsDescriptor, isRedundant: true)
                .OverheadSectors),
        }) << Sector.Shift;
        _fixedBytes += _disk.Form.EmbedsDescriptor ? 0 : _disk.Descriptor.Length;
    }

    /// <summary>Bytes of a grain; 0 when the content does not count.</summary>
    internal long GrainBytes { get; }

    /// <summary>How a conversion cuts the source: by whole grains, giant ones by parts.</summary>
    internal PieceCut Cut => Zeros.Within(PieceCut.ByGrain(UnitBytes));

    /// <summary>Which zeros of a piece count.</summary>
    internal ZeroRuns Zeros =>
        Storing == Storing.Stream ? ZeroRuns.ByUnit(UnitBytes) : ZeroRuns.Of(_sparseBytes, UnitBytes);

    /// <summary>Whether the length is the same whatever the content.</summary>
    internal bool IsKnown => GrainBytes == 0 || (_sparseBytes == 0 && Storing != Storing.Stream);

    /// <summary>Grains of a table.</summary>
    internal int TableEntries { get; }

    int UnitBytes => (int)Math.Min(GrainBytes, DiskPiece.UsualMaxBytes);

    Storing Storing => _disk!.Form.Storing;

    /// <summary>The length with every grain.</summary>
    internal VmdkMeasurement WithAll()
    {
        long bytes = With(0, 0).FullyAllocatedBytes;
        return new VmdkMeasurement(bytes, bytes, bytes);
    }

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
            Storing.Stream when _isExport => 1 + HostedLayout.TableSectors,

            // They are there from the start.
            _ => 0,
        };
        return checked(_fixedBytes + (grains * grainBytes) + (tables * (tableSectors << Sector.Shift)));
    }

    // What is in front, and at the end the directory and the footer, each behind a marker, and a marker that ends it.
    long ExportSectors()
    {
        HostedLayout layout = HostedLayout.ForExport(_capacitySectors, _disk!.GrainSectors, _disk.Descriptor.Length);
        return layout.OverheadSectors + 1 + layout.DirectorySectors + 1 + 1 + 1;
    }

    static long CountUnits(long count, long unit) => ((count - 1) / unit) + 1;
}
