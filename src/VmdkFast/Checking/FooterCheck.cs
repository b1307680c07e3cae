using VmdkFast.Format;
using VmdkFast.Layout;

namespace VmdkFast.Checking;

/// <summary>
/// Looks for a footer in the last three sectors: its marker, itself, and the end of the stream; or, where other bytes
/// follow these, before them.
/// </summary>
sealed class FooterCheck(CheckedFile file)
{
    // What a transfer or a tool adds is padding to a block of some device; what is longer is met by the markers.
    const int WindowBytes = 1 << 20;
    const int LengthSectors = 3;

    byte[] _window = [];

    /// <summary>Why there is no footer; null when there is one.</summary>
    internal string? Fault { get; private set; }

    /// <summary>Where the footer is.</summary>
    internal long OffsetBytes { get; private set; }

    /// <summary>Behind the stream's last sector.</summary>
    internal long EndBytes => OffsetBytes + (2 * Sector.Bytes);

    /// <summary>The markers around a footer that has no equal but its header, where they are none.</summary>
    internal List<(long OffsetBytes, MarkerType Type)> LostMarkers { get; } = [];

    /// <summary>Whether a footer that repeats all else of its header does not begin with the signature.</summary>
    internal bool HasLostSignature { get; private set; }

    /// <summary>The footer; null when there is no valid one.</summary>
    /// <param name="header">What the footer repeats.</param>
    internal HostedFields? Read(HostedFields header)
    {
        long end = file.LengthBytes & -Sector.Bytes;
        long start = Math.Max(Sector.Bytes, end - WindowBytes);
        if (end - (LengthSectors * Sector.Bytes) < Sector.Bytes)
        {
            Fault = "the file is too short for a footer";
            return null;
        }

        HostedFields? last = ReadLast(header, end - (LengthSectors * Sector.Bytes));
        if (last is not null || !header.DirectoryAtEnd)
        {
            return last;
        }

        _window = new byte[end - start];
        int read = file.File.Read(_window, start);
        for (int at = (read & -Sector.Bytes) - ((LengthSectors + 1) * Sector.Bytes); at >= 0; at -= Sector.Bytes)
        {
            ReadOnlySpan<byte> sectors = _window.AsSpan(at, LengthSectors * Sector.Bytes);
            if (FaultOf(sectors) is null && Repeats(header, FooterOf(sectors)))
            {
                Fault = null;
                OffsetBytes = start + at + Sector.Bytes;
                return FooterOf(sectors);
            }
        }

        return null;
    }

    HostedFields? ReadLast(HostedFields header, long start)
    {
        var sectors = new byte[LengthSectors * Sector.Bytes];
        if (file.File.Read(sectors, start) < sectors.Length)
        {
            Fault = "the file is too short for a footer";
            return null;
        }

        OffsetBytes = start + Sector.Bytes;
        HostedFields footer = FooterOf(sectors);
        HostedFields signed = footer with { Magic = SparseHeader.MagicValue };
        if (header.DirectoryAtEnd && Repeats(header, signed))
        {
            HasLostSignature = footer != signed;
            footer = signed;
            NoteMarker(sectors, start, MarkerType.Footer);
            NoteMarker(sectors.AsSpan(2 * Sector.Bytes), start + (2 * Sector.Bytes), MarkerType.EndOfStream);
            return footer;
        }

        Fault = FaultOf(sectors);
        return Fault is null ? footer : null;
    }

    void NoteMarker(ReadOnlySpan<byte> sector, long offsetBytes, MarkerType type)
    {
        var marker = MetadataMarker.Read(sector);
        if (marker.DataBytes != 0 || marker.Type != type
            || marker.LengthSectors != (type == MarkerType.EndOfStream ? 0ul : 1))
        {
            LostMarkers.Add((offsetBytes, type));
        }
    }

    // A footer that repeats its whole header, and names a directory, is one, whatever stands around it.
    static bool Repeats(HostedFields header, HostedFields footer) =>
        !footer.DirectoryAtEnd && header.Magic == SparseHeader.MagicValue && header with
        {
            DirectoryOffsetSectors = footer.DirectoryOffsetSectors,
            UncleanShutdown = footer.UncleanShutdown,
        } == footer;

    static HostedFields FooterOf(ReadOnlySpan<byte> sectors) => HostedFields.Read(sectors[Sector.Bytes..]);

    static string? FaultOf(ReadOnlySpan<byte> sectors)
    {
        var marker = MetadataMarker.Read(sectors);
        var end = MetadataMarker.Read(sectors[(2 * Sector.Bytes)..]);
        HostedFields footer = FooterOf(sectors);
        return marker.DataBytes != 0 || marker.Type != MarkerType.Footer ? "no footer marker stands before the end"
            : footer.Magic != SparseHeader.MagicValue ? "the footer has no signature"
            : end.LengthSectors != 0 || end.DataBytes != 0 || end.Type != MarkerType.EndOfStream
                ? "no end-of-stream marker follows the footer"
            : footer.DirectoryAtEnd ? "the footer names no grain directory"
            : null;
    }

    /// <summary>Whether other bytes follow the end of the stream.</summary>
    internal bool IsFollowed => EndBytes < file.LengthBytes;

    /// <summary>Reports what is wrong around a footer that is right.</summary>
    internal void Report(FindingLog log)
    {
        if (HasLostSignature)
        {
            log.Add(VmdkFindingKind.FooterInvalid, file.Path, "the footer has lost its signature KDMV", OffsetBytes);
        }

        foreach ((long offsetBytes, MarkerType type) in LostMarkers)
        {
            log.Add(
                VmdkFindingKind.MarkerInvalid, file.Path,
                $"the marker of the {(type == MarkerType.Footer ? "footer" : "end of the stream")} does not stand here",
                offsetBytes);
        }

        if (IsFollowed)
        {
            log.Add(
                VmdkFindingKind.FooterInvalid, file.Path,
                $"{file.LengthBytes - EndBytes} bytes follow the end of the stream: other readers look for the footer "
                + "at the file's end", EndBytes);
        }
    }

    /// <summary>Proposes to set the footer's signature right, and what contradicts a header that is.</summary>
    internal void ProposeHeaders(FindingLog log, HostedFields header, HostedFields footer)
    {
        var right = new byte[SparseHeader.SizeBytes];
        if (file.File.Read(right, 0) < right.Length)
        {
            return;
        }

        HashSet<string> wrong = [.. Differences(header, footer).Select(difference => difference.Field)];
        if (HasLostSignature)
        {
            wrong.Add(nameof(SparseHeader.Magic));
        }

        foreach (LayoutField field in SparseHeader.Fields)
        {
            if (wrong.Contains(field.Name))
            {
                log.Propose(new WriteStep(
                    file, RepairClass.Restore, $"footer field {field.Name}: as in the header",
                    OffsetBytes + field.OffsetBytes, right[field.OffsetBytes..(field.OffsetBytes + field.SizeBytes)]));
            }
        }
    }

    /// <summary>Notes that the three sectors are in use.</summary>
    internal void MarkUsed() => file.TryAddMetadata((OffsetBytes >> Sector.Shift) - 1, LengthSectors);

    /// <summary>The fields in which a footer must equal its header, and does not.</summary>
    internal static IEnumerable<(string Field, string Found, string Expected)> Differences(
        HostedFields header, HostedFields footer)
    {
        (string Field, ulong Header, ulong Footer)[] pairs =
        [
            (nameof(SparseHeader.Version), header.Version, footer.Version),
            (nameof(SparseHeader.Flags), (ulong)header.Flags, (ulong)footer.Flags),
            (nameof(SparseHeader.CapacitySectors), header.CapacitySectors, footer.CapacitySectors),
            (nameof(SparseHeader.GrainSizeSectors), header.GrainSizeSectors, footer.GrainSizeSectors),
            (nameof(SparseHeader.GrainTableEntries), header.GrainTableEntries, footer.GrainTableEntries),
            (nameof(SparseHeader.CompressAlgorithm), header.CompressAlgorithm, footer.CompressAlgorithm),
        ];
        return pairs.Where(pair => pair.Header != pair.Footer)
            .Select(pair => (pair.Field, $"{pair.Footer}", $"{pair.Header}"));
    }
}
