using System.Buffers.Binary;
using VmdkFast.Format;
using VmdkFast.Storage;

namespace VmdkFast.Creating;

/// <summary>Writes a hosted sparse extent that holds no grain yet.</summary>
static class HostedExtent
{
    const uint PlainVersion = 1, ZeroGrainVersion = 2, StreamVersion = 3;
    const ushort Deflate = 1;
    const int DirectoryPieceEntries = 1 << 16;

    /// <summary>Fills a new, empty file.</summary>
    /// <param name="file">The file.</param>
    /// <param name="layout">Where things go.</param>
    /// <param name="flags">What the header says of the extent; the version follows from it.</param>
    /// <param name="descriptor">The embedded descriptor; empty without one.</param>
    internal static void Write(
        LocalFile file, HostedLayout layout, SparseFlags flags, ReadOnlySpan<byte> descriptor)
    {
        // In a stream a sector of zeros behind the last grain is the marker that ends it.
        bool isStream = flags.HasFlag(SparseFlags.Markers);
        file.Grow(Sector.ToBytes((ulong)layout.OverheadSectors + (isStream ? 1u : 0u)));
        if (layout.RedundantDirectoryOffset != 0)
        {
            WriteDirectory(file, layout, layout.RedundantDirectoryOffset);
        }

        WriteDirectory(file, layout, layout.DirectoryOffset);
        if (!descriptor.IsEmpty)
        {
            file.Write(descriptor, layout.DescriptorOffset * Sector.Bytes);
        }

        Span<byte> header = stackalloc byte[SparseHeader.SizeBytes];
        FillHeader(header, layout, flags);
        file.Write(header, 0);
    }

    /// <summary>Fills in the header of an extent, or its footer.</summary>
    /// <param name="sector">Receives it.</param>
    /// <param name="layout">Where things are.</param>
    /// <param name="flags">What the header says of the extent; the version follows from it.</param>
    /// <param name="directorySector">Where the directory is, when the layout could not know.</param>
    internal static void FillHeader(
        Span<byte> sector, HostedLayout layout, SparseFlags flags, uint? directorySector = null)
    {
        SparseHeader.Writer header = SparseHeader.CreateWriter(sector);
        header.Magic = SparseHeader.MagicValue;
        header.Version = flags.HasFlag(SparseFlags.Compressed) ? StreamVersion
            : flags.HasFlag(SparseFlags.ZeroGrains) ? ZeroGrainVersion
            : PlainVersion;
        header.Flags = flags;
        header.CapacitySectors = (ulong)layout.CapacitySectors;
        header.GrainSizeSectors = (ulong)layout.GrainSectors;
        header.DescriptorOffsetSectors = (ulong)layout.DescriptorOffset;
        header.DescriptorSizeSectors = (ulong)layout.DescriptorSectors;
        header.GrainTableEntries = HostedLayout.TableEntries;
        header.RedundantDirectoryOffsetSectors = (ulong)layout.RedundantDirectoryOffset;
        header.DirectoryOffsetSectors = directorySector ?? (ulong)layout.DirectoryOffset;
        header.OverheadSectors = (ulong)layout.OverheadSectors;
        header.NewlineTest = SparseHeader.NewlineTestValue;
        header.CompressAlgorithm = flags.HasFlag(SparseFlags.Compressed) ? Deflate : (ushort)0;
    }

    // The tables follow their directory in order, and are holes: a table of zeros is one of no grains.
    static void WriteDirectory(LocalFile file, HostedLayout layout, long directorySector)
    {
        var piece = new byte[Math.Min(layout.DirectoryEntries, DirectoryPieceEntries) * sizeof(uint)];
        long tableSector = directorySector + layout.DirectorySectors;
        long offsetBytes = directorySector * Sector.Bytes;
        for (long left = layout.DirectoryEntries; left > 0; left -= DirectoryPieceEntries)
        {
            Span<byte> entries = piece.AsSpan(0, (int)Math.Min(left, DirectoryPieceEntries) * sizeof(uint));
            for (int i = 0; i < entries.Length; i += sizeof(uint))
            {
                BinaryPrimitives.WriteUInt32LittleEndian(entries[i..], (uint)tableSector);
                tableSector += HostedLayout.TableSectors;
            }

            file.Write(entries, offsetBytes);
            offsetBytes += entries.Length;
        }
    }
}
