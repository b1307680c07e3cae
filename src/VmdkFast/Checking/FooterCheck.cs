using VmdkFast.Format;

namespace VmdkFast.Checking;

/// <summary>Looks for a footer in the last three sectors: its marker, itself, and the end of the stream.</summary>
sealed class FooterCheck(CheckedFile file)
{
    readonly byte[] _sectors = new byte[3 * Sector.Bytes];

    /// <summary>Why there is no footer; null when there is one.</summary>
    internal string? Fault { get; private set; }

    /// <summary>Where the footer is.</summary>
    internal long OffsetBytes { get; private set; }

    /// <summary>The footer; null when there is no valid one.</summary>
    internal HostedFields? Read()
    {
        long start = (file.LengthBytes & -Sector.Bytes) - _sectors.Length;
        if (start < Sector.Bytes || file.File.Read(_sectors, start) < _sectors.Length)
        {
            Fault = "the file is too short for a footer";
            return null;
        }

        OffsetBytes = start + Sector.Bytes;
        var marker = MetadataMarker.Read(_sectors);
        var end = MetadataMarker.Read(_sectors.AsSpan(2 * Sector.Bytes));
        HostedFields footer = HostedFields.Read(_sectors.AsSpan(Sector.Bytes));
        Fault = marker.DataBytes != 0 || marker.Type != MarkerType.Footer ? "no footer marker stands before the end"
            : footer.Magic != SparseHeader.MagicValue ? "the footer has no signature"
            : end.LengthSectors != 0 || end.DataBytes != 0 || end.Type != MarkerType.EndOfStream
                ? "no end-of-stream marker follows the footer"
            : footer.DirectoryAtEnd ? "the footer names no grain directory"
            : null;
        return Fault is null ? footer : null;
    }

    /// <summary>Notes that the three sectors are in use.</summary>
    internal void MarkUsed() => file.TryAddMetadata((OffsetBytes >> Sector.Shift) - 1, 3);

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
