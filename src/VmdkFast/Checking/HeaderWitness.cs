using System.Numerics;
using VmdkFast.Format;
using VmdkFast.Layout;

namespace VmdkFast.Checking;

/// <summary>
/// Says which one number of a hosted header is wrong, where all else in the file agrees on another one: the number and
/// the length of the tables, what their entries lead to, the descriptor's line, and the markers of a stream.
/// </summary>
/// <param name="file">The file.</param>
/// <param name="header">Its header.</param>
/// <param name="lineSectors">What the descriptor says of the capacity; null when it says nothing.</param>
/// <param name="limits">How large numbers may be.</param>
sealed class HeaderWitness(CheckedFile file, HostedFields header, long? lineSectors, VmdkLimits limits)
{
    const ulong MinGrainSectors = 8;

    // More than one of them is amiss where the header is right.
    const int MaxGrains = 4;

    // Behind the descriptor of an export, whatever the length of its grains.
    const long ExportOverheadSectors = 128;

    /// <summary>Looks for it.</summary>
    /// <returns>
    /// The field and what is right; null when nothing contradicts the header, or more than one other header would do.
    /// </returns>
    internal HeaderFault? Find(CancellationToken cancellationToken)
    {
        if (header.IsCompressed)
        {
            return header.Flags.HasFlag(SparseFlags.Markers) ? FindFirstMarker() ?? FindByMarkers()
                : header.Flags.HasFlag(SparseFlags.Compressed) ? null
                : FindPlainGrains(cancellationToken);
        }

        if (Measure() is not { } layout || IsUsual(layout))
        {
            return null;
        }

        var entries = new AgreedEntries(file, layout, cancellationToken);
        if (FitsTables(header, layout) && IsEndOfMetadata(header, layout) && FitsEntries(header, entries))
        {
            // Only the descriptor speaks against it, or the place of the first grain, which a product may choose.
            return null;
        }

        List<HeaderFault> faults = [.. Others(layout).Where(other =>
            FitsLine(other.Right) && FitsTables(other.Right, layout) && FitsEntries(other.Right, entries)
            && other.Right.OverheadSectors == OverheadOf(other.Right, layout))];
        if (faults.Count > 1)
        {
            // Grains that end amid their own data are too short.
            faults.RemoveAll(fault => entries.LeaveData((long)fault.Right.GrainSizeSectors));
        }

        return faults.Count == 1 ? faults[0] : null;
    }

    // What costs no look at the tables, and holds in nearly every file.
    bool IsUsual(TableLayout layout) => FitsLine(header) && FitsTables(header, layout)
        && header.OverheadSectors == OverheadOf(header, layout);

    TableLayout? Measure() => TableLayout.Measure(
        file, header, (int)Math.Min(limits.MaxDirectoryEntries, int.MaxValue));

    // Compressed grains begin at any sector; these begin where plain ones do.
    HeaderFault? FindPlainGrains(CancellationToken cancellationToken)
    {
        if (Measure() is not { } layout || !IsUsual(layout))
        {
            return null;
        }

        var entries = new AgreedEntries(file, layout, cancellationToken);
        return entries.Count > 1 && FitsEntries(header, entries)
            ? new HeaderFault(
                nameof(header.CompressAlgorithm), $"{header.CompressAlgorithm}", "0", 0,
                header with { CompressAlgorithm = 0 })
            : null;
    }

    // In a stream with its directory in front the first grains say where in the disk they belong, and an entry there
    // leads to them; in an export the footer repeats the header, and what contradicts it is judged elsewhere.
    HeaderFault? FindByMarkers()
    {
        if (Measure() is not { } layout)
        {
            return null;
        }

        List<(ulong LbaSectors, long Sector)> grains = FirstGrains();
        if (grains.TrueForAll(static grain => grain.LbaSectors == 0)
            || (FitsTables(header, layout) && AreNamed(header, layout, grains)))
        {
            return null;
        }

        List<HeaderFault> faults = [.. Others(layout).Where(other =>
            FitsLine(other.Right) && FitsTables(other.Right, layout) && AreNamed(other.Right, layout, grains)
            && other.Right.OverheadSectors == header.OverheadSectors)];
        return faults.Count == 1 ? faults[0] : null;
    }

    List<(ulong LbaSectors, long Sector)> FirstGrains()
    {
        var grains = new List<(ulong LbaSectors, long Sector)>();
        Span<byte> head = stackalloc byte[StreamMarker.HeadBytes];
        long at = header.FirstUsableSector;
        while (grains.Count < MaxGrains && file.File.Read(head, at << Sector.Shift) == head.Length)
        {
            var marker = StreamMarker.Read(head);
            if (!marker.IsGrain)
            {
                break;
            }

            grains.Add((marker.LbaSectors, at));
            at += marker.StrideBytes >> Sector.Shift;
        }

        return grains;
    }

    bool AreNamed(HostedFields fields, TableLayout layout, List<(ulong LbaSectors, long Sector)> grains)
    {
        Span<uint> entry = stackalloc uint[1];
        foreach ((ulong lba, long sector) in grains)
        {
            (ulong table, ulong index) = Math.DivRem(lba / fields.GrainSizeSectors, fields.GrainTableEntries);
            if (lba % fields.GrainSizeSectors != 0 || table >= (ulong)layout.Tables)
            {
                return false;
            }

            long tableSector = layout.DirectorySector + layout.DirectorySectors + ((long)table * layout.TableSectors);
            file.ReadEntries((tableSector << Sector.Shift) + ((long)index * sizeof(uint)), entry);
            if (entry[0] != sector)
            {
                return false;
            }
        }

        return true;
    }

    // Every header that differs in one number.
    IEnumerable<HeaderFault> Others(TableLayout layout)
    {
        // What may be metadata is only taken for grains where something is.
        bool mayBeMetadata = HasGrain(header) && IsEndOfMetadata(header, layout);
        long overheadBytes = (long)Math.Min(header.OverheadSectors, uint.MaxValue) << Sector.Shift;
        if (HasGrain(header)
            && !(mayBeMetadata && file.FirstUsedByte(layout.EndSector << Sector.Shift, overheadBytes) < 0))
        {
            yield return OfOverhead((ulong)OverheadOf(header, layout));
        }

        if (lineSectors is not (> 0 and { } line))
        {
            yield break;
        }

        yield return new HeaderFault(
            nameof(header.CapacitySectors), $"{header.CapacitySectors} sectors", $"{line} sectors", (ulong)line,
            header with { CapacitySectors = (ulong)line });
        uint entries = layout.TableEntries;
        yield return new HeaderFault(
            nameof(header.GrainTableEntries), $"{header.GrainTableEntries}", $"{entries}", entries,
            header with { GrainTableEntries = entries });
        for (ulong grain = MinGrainSectors; grain <= (ulong)limits.MaxGrainSectors; grain *= 2)
        {
            yield return new HeaderFault(
                nameof(header.GrainSizeSectors), $"{header.GrainSizeSectors} sectors", $"{grain} sectors", grain,
                header with { GrainSizeSectors = grain });
        }
    }

    HeaderFault OfOverhead(ulong sector) => new(
        nameof(header.OverheadSectors), $"sector {header.OverheadSectors}", $"sector {sector}", sector,
        header with { OverheadSectors = sector });

    bool HasGrain(HostedFields fields) => fields.GrainSizeSectors >= MinGrainSectors
        && BitOperations.IsPow2(fields.GrainSizeSectors) && fields.GrainSizeSectors <= (ulong)limits.MaxGrainSectors;

    // A capacity is often rounded up to whole grains, and the descriptor's length is not.
    bool FitsLine(HostedFields fields) => lineSectors is not { } line || fields.CapacitySectors == (ulong)line
        || (HasGrain(fields) && fields.CapacitySectors == (ulong)Sector.RoundUp(line, (long)fields.GrainSizeSectors));

    bool FitsTables(HostedFields fields, TableLayout layout)
    {
        uint entries = fields.GrainTableEntries;
        return HasGrain(fields) && fields.CapacitySectors is not 0 and <= Sector.MaxSectors
            && BitOperations.IsPow2(entries) && entries <= layout.TableEntries
            && Sector.CountFor((long)entries * sizeof(uint)) == layout.TableSectors
            && ((fields.CapacitySectors - 1) / (fields.GrainSizeSectors * entries)) + 1 == (ulong)layout.Tables;
    }

    static bool FitsEntries(HostedFields fields, AgreedEntries entries)
    {
        ulong last = ((ulong)Math.Max(0, entries.Last.Table) * fields.GrainTableEntries)
            + (ulong)Math.Max(0, entries.Last.Index);
        return (ulong)entries.Lowest >= fields.OverheadSectors
            && entries.AreMultiplesOf(fields.GrainSizeSectors)
            && (ulong)entries.LeastDistance >= fields.GrainSizeSectors
            && last <= (fields.CapacitySectors - 1) / fields.GrainSizeSectors;
    }

    static bool IsEndOfMetadata(HostedFields fields, TableLayout layout) =>
        fields.OverheadSectors >= (ulong)layout.EndSector && fields.OverheadSectors % fields.GrainSizeSectors == 0;

    static ulong OverheadOf(HostedFields fields, TableLayout layout) =>
        (ulong)Sector.RoundUp(layout.EndSector, (long)fields.GrainSizeSectors);

    // The first grain of a stream stands behind its overhead, and nothing but zeros between that and other metadata.
    HeaderFault? FindFirstMarker()
    {
        if (!HasGrain(header) || header.CapacitySectors is 0 or > Sector.MaxSectors
            || !BitOperations.IsPow2(header.GrainTableEntries)
            || (header.CapacitySectors - 1) / (header.GrainSizeSectors * header.GrainTableEntries)
                >= (ulong)limits.MaxDirectoryEntries)
        {
            return null;
        }

        SparseShape shape = header.ToShape();
        long end = TableLayout.EndOfDescriptor(header);
        if (!header.DirectoryAtEnd)
        {
            ulong last = Math.Max(header.DirectoryOffsetSectors, header.RedundantDirectoryOffsetSectors);
            end = Math.Max(
                end, (long)Math.Min(last, uint.MaxValue) + shape.DirectorySectors
                + (shape.DirectoryEntries * shape.TableSectors));
        }

        long lastStart = Sector.RoundUp(end, Math.Max(shape.GrainSectors, ExportOverheadSectors));
        if (header.OverheadSectors >= (ulong)end && header.OverheadSectors <= (ulong)lastStart
            && header.OverheadSectors % (ulong)Math.Min(shape.GrainSectors, ExportOverheadSectors) == 0)
        {
            return null;
        }

        long firstByte = file.FirstUsedByte(end << Sector.Shift, (lastStart + 1) << Sector.Shift);
        long first = firstByte >> Sector.Shift;
        return firstByte >= 0 && first != (long)header.OverheadSectors
            && (header.OverheadSectors < (ulong)end || header.OverheadSectors > (ulong)first)
            && new MarkerWalk(
                new SparseSubject(file, shape with { FirstUsableSector = first }, 0, new FindingLog(0, false)),
                new StoredGrains()).Inflates(first)
                ? OfOverhead((ulong)first)
                : null;
    }
}

/// <summary>A number of a header that all else in the file refutes.</summary>
/// <param name="Field">Its name.</param>
/// <param name="Found">What it is, as text.</param>
/// <param name="Wanted">What is right, as text.</param>
/// <param name="Value">What is right.</param>
/// <param name="Right">The header with it.</param>
sealed record HeaderFault(string Field, string Found, string Wanted, ulong Value, HostedFields Right)
{
    /// <summary>What sets it right in the header, or in a footer that repeats it.</summary>
    internal WriteStep Mend(CheckedFile file, long headerOffsetBytes)
    {
        LayoutField field = SparseHeader.Fields.First(known => known.Name == Field);
        return new WriteStep(
            file, RepairClass.Restore, $"header field {Field}: {Wanted}, as all else in the file says",
            headerOffsetBytes + field.OffsetBytes, DirectoryPlaces.FieldOf(Value)[..field.SizeBytes])
        { ProvesHeader = true };
    }
}
