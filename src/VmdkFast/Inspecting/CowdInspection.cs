using VmdkFast.Format;

namespace VmdkFast.Inspecting;

/// <summary>Shows an ESX sparse file: header, geometry of a root, directory, tables.</summary>
sealed class CowdInspection(FoundStructures found, VmdkLimits limits, CancellationToken cancellationToken)
{
    const int TableEntries = 4096;
    const int ParentFileNameOffset = 32;

    /// <summary>Shows what follows from the file's first bytes.</summary>
    internal void Show(ReadOnlySpan<byte> start)
    {
        ReadOnlySpan<byte> bytes = start[..Math.Min(start.Length, CowdHeader.SizeBytes)];
        found.Add<CowdHeader>("header", bytes, 0);
        if (!CowdHeader.TryRead(bytes, out CowdHeader header))
        {
            return;
        }

        ReadOnlySpan<byte> root = header.ParentFileName[..CowdRootGeometry.SizeBytes];
        if (root.ContainsAnyExcept((byte)0))
        {
            found.Add<CowdRootGeometry>("header, read as that of a root", root, ParentFileNameOffset);
        }

        if (header.GrainSizeSectors == 0 || header.CapacitySectors == 0)
        {
            found.Problem("the header gives no size by which tables could be found", 0);
            return;
        }

        ulong coverage = (ulong)header.GrainSizeSectors * TableEntries;
        ulong entries = ((header.CapacitySectors - 1) / coverage) + 1;
        new TableInspection(found, cancellationToken)
        {
            DirectoryEntries = Math.Min(entries, (ulong)limits.MaxDirectoryEntries),
            TableEntries = TableEntries,
            GrainSectors = header.GrainSizeSectors,
            ZeroGrains = false,
        }.Show("grain directory", "grain tables", header.DirectoryOffsetSectors);
    }
}
