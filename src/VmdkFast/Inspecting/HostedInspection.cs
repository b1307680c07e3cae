using VmdkFast.Format;

namespace VmdkFast.Inspecting;

/// <summary>Shows a hosted sparse file: header, descriptor, footer, directories, tables, markers.</summary>
sealed class HostedInspection(FoundStructures found, VmdkLimits limits, CancellationToken cancellationToken)
{
    // As the reader's; a larger one cannot be a grain table, and would let a header choose a buffer's size.
    const uint MaxTableEntries = 512;

    /// <summary>Shows what follows from the file's first bytes.</summary>
    internal void Show(ReadOnlySpan<byte> start)
    {
        ReadOnlySpan<byte> bytes = start[..Math.Min(start.Length, SparseHeader.SizeBytes)];
        found.Add<SparseHeader>("header", bytes, 0);
        if (!SparseHeader.TryRead(bytes, out SparseHeader header))
        {
            return;
        }

        DescriptorInspection.ShowEmbedded(found, header, limits);
        ulong directory = header.DirectoryOffsetSectors;
        ulong redundant = header.Flags.HasFlag(SparseFlags.RedundantDirectory)
            ? header.RedundantDirectoryOffsetSectors
            : 0;
        bool markers = header.Flags.HasFlag(SparseFlags.Markers);
        bool atEnd = directory == SparseHeader.DirectoryAtEnd;
        long? footerOffsetBytes = markers || atEnd ? StreamInspection.ShowFooter(found) : null;
        if (atEnd)
        {
            directory = footerOffsetBytes is { } footer ? StreamInspection.DirectoryOf(found, footer) : 0;
        }

        if (header.CapacitySectors != 0)
        {
            ShowTables(header, directory, redundant);
        }

        if (markers)
        {
            new StreamInspection(found, cancellationToken).ShowMarkers(header.OverheadSectors);
        }
    }

    void ShowTables(in SparseHeader header, ulong directory, ulong redundant)
    {
        ulong grain = header.GrainSizeSectors;
        uint tableEntries = header.GrainTableEntries;
        if (grain == 0 || grain > (ulong)limits.MaxGrainSectors || tableEntries is 0 or > MaxTableEntries)
        {
            found.Problem("the header gives no size of grain or grain table by which tables could be found", 0);
            return;
        }

        ulong entries = ((header.CapacitySectors - 1) / (grain * tableEntries)) + 1;
        var tables = new TableInspection(found, cancellationToken)
        {
            DirectoryEntries = Math.Min(entries, (ulong)limits.MaxDirectoryEntries),
            TableEntries = (int)tableEntries,
            GrainSectors = grain,
            ZeroGrains = header.Flags.HasFlag(SparseFlags.ZeroGrains),
        };
        tables.Show("grain directory", "grain tables", directory);
        if (redundant != 0)
        {
            tables.Show("redundant grain directory", "redundant grain tables", redundant);
        }
    }
}
