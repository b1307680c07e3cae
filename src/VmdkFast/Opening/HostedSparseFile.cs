using System.Numerics;
using VmdkFast.Extents;
using VmdkFast.Format;
using VmdkFast.Storage;

namespace VmdkFast.Opening;

/// <summary>
/// A hosted sparse file (KDMV) whose header has passed every check: what it promises, the file can hold.
/// </summary>
/// <remarks>
/// Sources of the rules: the Virtual Disk Format technote 5.0, and the checks that QEMU, VirtualBox, 7-Zip and
/// open-vmdk make. Sizes are compared with the real file and with <see cref="VmdkLimits"/> before anything is made.
/// </remarks>
sealed class HostedSparseFile
{
    const ulong MinGrainSectors = 8;
    const uint MaxTableEntries = 512;
    const int FooterDistanceBytes = 3 * Sector.Bytes;
    const ushort Deflate = 1;
    const SparseFlags KnownHighFlags = SparseFlags.Compressed | SparseFlags.Markers;
    const uint HighFlags = 0xffff_0000;

    HostedSparseFile()
    {
    }

    /// <summary>The text that the file embeds; null when it embeds none.</summary>
    internal DescriptorText? Descriptor { get; private init; }

    /// <summary>The file only wraps a descriptor: its own capacity is 0, the extents are elsewhere.</summary>
    internal bool IsDescriptorOnly { get; private init; }

    /// <summary>Where the descriptor is; 0 when there is none.</summary>
    internal long DescriptorOffsetBytes { get; private init; }

    /// <summary>Room for the descriptor.</summary>
    internal int DescriptorAreaBytes { get; private init; }

    /// <summary>
    /// What is there instead of the descriptor that the header names; null when it names none, or has it.
    /// </summary>
    internal string? InsteadOfDescriptor { get; private init; }

    /// <summary>Whether the header leaves the directory to the footer.</summary>
    internal bool DirectoryAtEnd { get; private init; }

    internal uint Version { get; private init; }

    internal long CapacityBytes { get; private init; }

    internal long GrainBytes { get; private init; }

    internal int TableEntries { get; private init; }

    internal int DirectoryEntries { get; private init; }

    internal long DirectoryOffsetBytes { get; private init; }

    /// <summary>0 when there is no redundant directory, or it cannot be where the header says.</summary>
    internal long RedundantDirectoryOffsetBytes { get; private init; }

    internal uint OverheadSectors { get; private init; }

    internal bool ZeroGrains { get; private init; }

    internal bool Compressed { get; private init; }

    internal bool Markers { get; private init; }

    /// <summary>Whether only the markers tell where grains are: directory and tables were not looked at.</summary>
    internal bool IsReadByMarkers { get; private init; }

    /// <summary>The numbers that markers are judged by.</summary>
    internal StreamShape Shape => new(CapacityBytes, GrainBytes, TableEntries, DirectoryEntries);

    internal bool UncleanShutdown { get; private init; }

    /// <summary>The numbers that grains are found by; not what is known of compressed ones.</summary>
    internal SparseLayout ToLayout() => new()
    {
        CapacityBytes = CapacityBytes,
        GrainShift = BitOperations.Log2((ulong)GrainBytes),
        TableShift = BitOperations.Log2((uint)TableEntries),
        DirectoryEntries = DirectoryEntries,
        DirectoryOffsetBytes = DirectoryOffsetBytes,
        RedundantDirectoryOffsetBytes = RedundantDirectoryOffsetBytes,
        FirstUsableSector = OverheadSectors,
        ZeroGrains = ZeroGrains,
    };

    /// <summary>Reads and checks the header, the footer if that counts, and the embedded descriptor.</summary>
    /// <param name="file">The file.</param>
    /// <param name="limits">Bounds for what it says.</param>
    /// <param name="byMarkers">
    /// Of a stream with markers only the header and the descriptor count: footer and directory may be missing.
    /// </param>
    /// <exception cref="VmdkException">Anything is impossible, too large, or not supported.</exception>
    internal static HostedSparseFile Read(ImageFile file, VmdkLimits limits, bool byMarkers = false)
    {
        Span<byte> bytes = stackalloc byte[SparseHeader.SizeBytes];
        var header = SparseHeader.Read(ReadSector(file, 0, bytes, "header"));
        var rules = new HeaderRules(file, 0);
        CheckIdentity(header, rules);
        (DescriptorText? descriptor, string? instead) = ReadDescriptor(file, header, limits, rules);
        if (header.CapacitySectors == 0)
        {
            return descriptor is not null
                ? new HostedSparseFile
                {
                    Descriptor = descriptor,
                    IsDescriptorOnly = true,
                    DescriptorOffsetBytes = Sector.ToBytes(header.DescriptorOffsetSectors),
                    DescriptorAreaBytes = (int)header.DescriptorSizeSectors * Sector.Bytes,
                }
                : throw rules.Invalid(nameof(header.CapacitySectors), 12, "0", "at least 1 sector");
        }

        CheckShape(header, limits, rules);
        if (header.DirectoryOffsetSectors != SparseHeader.DirectoryAtEnd || GoesByMarkers(header, byMarkers))
        {
            return Make(file, header, header, (descriptor, instead), rules, byMarkers);
        }

        Span<byte> footerBytes = stackalloc byte[SparseHeader.SizeBytes];
        long footerOffset = ReadFooter(file, footerBytes);
        var footer = SparseHeader.Read(footerBytes);
        var footerRules = new HeaderRules(file, footerOffset);
        CheckFooter(header, footer, footerRules);
        return Make(file, header, footer, (descriptor, instead), footerRules);
    }

    /// <summary>
    /// Refuses a file that is to be an image by itself, and has lost the descriptor that its header names.
    /// </summary>
    /// <remarks>An extent of a split disk has another file's descriptor, and nothing in its own area.</remarks>
    /// <exception cref="VmdkException"><see cref="VmdkErrorCode.DescriptorInvalid"/>.</exception>
    internal void RequireDescriptor(ImageFile file)
    {
        if (InsteadOfDescriptor is { } found)
        {
            VmdkException.Throw(
                VmdkErrorCode.DescriptorInvalid, file.Path,
                "the header names a descriptor, and there is none: whether the image has a parent is not known",
                28, nameof(SparseHeader.DescriptorOffsetSectors), found,
                "a descriptor; an extent of a split disk is opened by the file that describes the disk");
        }
    }

    /// <summary>What is there instead of a descriptor that could be read; null when the header names none.</summary>
    internal static string? MissingDescriptor(ulong offsetSectors, ulong sizeSectors, ReadOnlySpan<byte> area) =>
        (offsetSectors, sizeSectors) switch
        {
            (0, 0) => null,
            (0, _) => $"{sizeSectors} sectors at no place",
            (_, 0) => $"no room at sector {offsetSectors}",
            _ => area.ContainsAnyExcept((byte)0) ? "a zero byte before other bytes" : "zeros",
        };

    static HostedSparseFile Make(
        ImageFile file, in SparseHeader header, in SparseHeader truth,
        (DescriptorText? Descriptor, string? Instead) embedded, in HeaderRules rules, bool byMarkers = false)
    {
        ulong coverage = header.GrainSizeSectors * header.GrainTableEntries;
        int entries = (int)(((header.CapacitySectors - 1) / coverage) + 1);
        long directoryBytes = entries * (long)sizeof(uint);
        bool hasRedundant = header.Flags.HasFlag(SparseFlags.RedundantDirectory);
        bool noDirectory = GoesByMarkers(header, byMarkers);
        ulong redundant = hasRedundant && !noDirectory ? truth.RedundantDirectoryOffsetSectors : 0;
        return new HostedSparseFile
        {
            Descriptor = embedded.Descriptor,
            InsteadOfDescriptor = embedded.Instead,
            DescriptorOffsetBytes = embedded.Descriptor is null ? 0 : Sector.ToBytes(header.DescriptorOffsetSectors),
            DescriptorAreaBytes = embedded.Descriptor is null ? 0 : (int)header.DescriptorSizeSectors * Sector.Bytes,
            DirectoryAtEnd = header.DirectoryOffsetSectors == SparseHeader.DirectoryAtEnd,
            Version = header.Version,
            CapacityBytes = Sector.ToBytes(header.CapacitySectors),
            GrainBytes = Sector.ToBytes(header.GrainSizeSectors),
            TableEntries = (int)header.GrainTableEntries,
            DirectoryEntries = entries,
            IsReadByMarkers = noDirectory,
            DirectoryOffsetBytes = noDirectory ? 0 : rules.Place(
                nameof(header.DirectoryOffsetSectors), 56, truth.DirectoryOffsetSectors, directoryBytes),
            RedundantDirectoryOffsetBytes = Fits(file, redundant, directoryBytes) ? Sector.ToBytes(redundant) : 0,
            OverheadSectors = (uint)Math.Clamp(header.OverheadSectors, 1, uint.MaxValue),
            ZeroGrains = header.Flags.HasFlag(SparseFlags.ZeroGrains),
            Compressed = IsCompressed(header),
            Markers = header.Flags.HasFlag(SparseFlags.Markers),
            UncleanShutdown = header.UncleanShutdown != 0,
        };
    }

    static bool GoesByMarkers(in SparseHeader header, bool asked) =>
        asked && IsCompressed(header) && header.Flags.HasFlag(SparseFlags.Markers);

    static void CheckIdentity(in SparseHeader header, in HeaderRules rules)
    {
        if (header.Version is 0 or > 3)
        {
            throw rules.Unsupported(nameof(header.Version), 4, $"{header.Version}", "1, 2 or 3");
        }

        // The high half of the flags is what a reader must understand.
        var unknown = (SparseFlags)((uint)header.Flags & HighFlags) & ~KnownHighFlags;
        if (unknown != 0)
        {
            throw rules.Unsupported(
                nameof(header.Flags), 8, $"0x{(uint)header.Flags:x8}", "no incompatible flags but 0x00030000");
        }

        if (header.Flags.HasFlag(SparseFlags.NewlineTest) && header.NewlineTest != SparseHeader.NewlineTestValue)
        {
            throw rules.Invalid(
                nameof(header.NewlineTest), 73, $"0x{header.NewlineTest:x8}",
                $"0x{SparseHeader.NewlineTestValue:x8}; a transfer in text mode has damaged the file");
        }
    }

    static void CheckShape(in SparseHeader header, VmdkLimits limits, in HeaderRules rules)
    {
        ulong grain = header.GrainSizeSectors;
        if (grain < MinGrainSectors || !BitOperations.IsPow2(grain))
        {
            throw rules.Invalid(
                nameof(header.GrainSizeSectors), 20, $"{grain} sectors",
                $"a power of two from {MinGrainSectors} sectors");
        }

        if (grain > (ulong)limits.MaxGrainSectors)
        {
            throw rules.TooLarge(
                nameof(header.GrainSizeSectors), 20, $"{grain} sectors", $"at most {limits.MaxGrainSectors} sectors");
        }

        uint tableEntries = header.GrainTableEntries;
        if (tableEntries is 0 or > MaxTableEntries || !BitOperations.IsPow2(tableEntries))
        {
            throw rules.Invalid(
                nameof(header.GrainTableEntries), 44, $"{tableEntries}", $"a power of two up to {MaxTableEntries}");
        }

        ulong entries = ((header.CapacitySectors - 1) / (grain * tableEntries)) + 1;
        if (entries > (ulong)limits.MaxDirectoryEntries || header.CapacitySectors > Sector.MaxSectors)
        {
            throw rules.TooLarge(
                nameof(header.CapacitySectors), 12,
                $"{header.CapacitySectors} sectors, a directory of {entries} entries",
                $"at most {limits.MaxDirectoryEntries} entries");
        }

        bool flagged = header.Flags.HasFlag(SparseFlags.Compressed);
        if (header.CompressAlgorithm > Deflate || (flagged && header.CompressAlgorithm != Deflate))
        {
            throw rules.Unsupported(
                nameof(header.CompressAlgorithm), 77, $"{header.CompressAlgorithm}",
                flagged ? "1 (deflate), since grains are compressed" : "0 or 1 (deflate)");
        }

        rules.CheckOverhead(header.OverheadSectors);
    }

    static bool IsCompressed(in SparseHeader header) =>
        header.Flags.HasFlag(SparseFlags.Compressed) || header.CompressAlgorithm == Deflate;

    static (DescriptorText? Descriptor, string? Instead) ReadDescriptor(
        ImageFile file, in SparseHeader header, VmdkLimits limits, in HeaderRules rules)
    {
        if (header.DescriptorOffsetSectors == 0 || header.DescriptorSizeSectors == 0)
        {
            return (null, MissingDescriptor(header.DescriptorOffsetSectors, header.DescriptorSizeSectors, []));
        }

        if (header.DescriptorSizeSectors > (ulong)(limits.MaxDescriptorBytes / Sector.Bytes))
        {
            throw rules.TooLarge(
                nameof(header.DescriptorSizeSectors), 36, $"{header.DescriptorSizeSectors} sectors",
                $"at most {limits.MaxDescriptorBytes / Sector.Bytes} sectors");
        }

        int lengthBytes = (int)header.DescriptorSizeSectors * Sector.Bytes;
        long offsetBytes = rules.Place(
            nameof(header.DescriptorOffsetSectors), 28, header.DescriptorOffsetSectors, lengthBytes);
        var text = new byte[lengthBytes];
        int read = file.Read(text, offsetBytes);

        // Extents of split disks reserve the area and leave it empty.
        return DescriptorText.IsEmpty(text.AsSpan(0, read))
            ? (null, MissingDescriptor(header.DescriptorOffsetSectors, header.DescriptorSizeSectors, text))
            : (DescriptorText.Parse(text.AsSpan(0, read), file.Path, limits, offsetBytes), null);
    }

    // At the end of the file: the footer's marker, the footer, the end-of-stream marker, each one sector.
    static long ReadFooter(ImageFile file, Span<byte> footer)
    {
        long endBytes = file.LengthBytes & ~(long)(Sector.Bytes - 1);
        long start = endBytes - FooterDistanceBytes;
        if (start < Sector.Bytes)
        {
            throw NoFooter(file, Math.Max(start, 0), "a file too short for one");
        }

        Span<byte> markerBytes = stackalloc byte[MetadataMarker.SizeBytes];
        var marker = MetadataMarker.Read(ReadSector(file, start, markerBytes, "footerMarker"));
        if (marker.DataBytes != 0 || marker.Type != MarkerType.Footer)
        {
            throw NoFooter(file, start, $"a marker of type {(uint)marker.Type} and size {marker.DataBytes}");
        }

        ReadSector(file, start + Sector.Bytes, footer, "footer");
        if (SparseHeader.Read(footer).Magic != SparseHeader.MagicValue)
        {
            throw NoFooter(file, start + Sector.Bytes, $"magic 0x{SparseHeader.Read(footer).Magic:x8}");
        }

        Span<byte> endOfStreamBytes = stackalloc byte[MetadataMarker.SizeBytes];
        var end = MetadataMarker.Read(ReadSector(file, start + (2 * Sector.Bytes), endOfStreamBytes, "endOfStream"));
        if (end.LengthSectors != 0 || end.DataBytes != 0 || end.Type != MarkerType.EndOfStream)
        {
            throw NoFooter(file, start + (2 * Sector.Bytes), $"a marker of type {(uint)end.Type} behind the footer");
        }

        return start + Sector.Bytes;
    }

    static VmdkException NoFooter(ImageFile file, long offsetBytes, string found) =>
        new(VmdkErrorCode.Truncated, file.Path,
            "the file has no valid footer, and its header names no grain directory (an incomplete stream)", offsetBytes,
            "footer", found, "footer marker, footer and end-of-stream marker in the last three sectors");

    /// <summary>Refuses a footer that is not the header's, or that knows no more than the header.</summary>
    internal static void CheckFooter(in SparseHeader header, in SparseHeader footer, in HeaderRules rules)
    {
        rules.Same(nameof(header.Version), 4, header.Version, footer.Version);
        rules.Same(nameof(header.Flags), 8, (uint)header.Flags, (uint)footer.Flags);
        rules.Same(nameof(header.CapacitySectors), 12, header.CapacitySectors, footer.CapacitySectors);
        rules.Same(nameof(header.GrainSizeSectors), 20, header.GrainSizeSectors, footer.GrainSizeSectors);
        rules.Same(nameof(header.GrainTableEntries), 44, header.GrainTableEntries, footer.GrainTableEntries);
        rules.Same(nameof(header.CompressAlgorithm), 77, header.CompressAlgorithm, footer.CompressAlgorithm);
        if (footer.DirectoryOffsetSectors == SparseHeader.DirectoryAtEnd)
        {
            throw rules.Invalid(nameof(footer.DirectoryOffsetSectors), 56, "the end again", "a sector of this file");
        }
    }

    static bool Fits(ImageFile file, ulong offsetSectors, long lengthBytes) =>
        offsetSectors is not 0 && offsetSectors <= Sector.MaxSectors
        && Sector.ToBytes(offsetSectors) <= file.LengthBytes - lengthBytes;

    static ReadOnlySpan<byte> ReadSector(ImageFile file, long offsetBytes, Span<byte> sector, string field)
    {
        int read = file.Read(sector, offsetBytes);
        if (read < sector.Length)
        {
            VmdkException.Throw(
                VmdkErrorCode.Truncated, file.Path, $"the file ends inside the {field}", offsetBytes, field,
                $"{read} bytes", $"{sector.Length} bytes");
        }

        return sector;
    }
}
