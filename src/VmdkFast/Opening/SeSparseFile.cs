using VmdkFast.Extents;
using VmdkFast.Format;
using VmdkFast.Storage;

namespace VmdkFast.Opening;

/// <summary>An ESX space-efficient sparse file whose headers have passed every check.</summary>
sealed class SeSparseFile
{
    const int EntriesPerSector = Sector.Bytes / sizeof(ulong);

    SeSparseFile(SeSparseLayout layout, long capacityBytes, ulong replayJournal)
    {
        Layout = layout;
        CapacityBytes = capacityBytes;
        IsDirty = replayJournal != 0;
    }

    /// <summary>The numbers that mapping works with.</summary>
    internal SeSparseLayout Layout { get; }

    internal long CapacityBytes { get; }

    /// <summary>Whether the journal holds changes that the tables may lack.</summary>
    internal bool IsDirty { get; }

    /// <summary>What a dirty file's reader must know.</summary>
    internal const string DirtyWarning =
        "the journal has not been replayed; grain directory, grain tables, free bitmap and back map may be stale, and "
        + "what the guest wrote last may read as older content, as zeros or as the parent's";

    /// <summary>The warning with the file's name in front; null of a clean one.</summary>
    internal static string? WarningOf(SeSparseFile? file, string path) =>
        file is { IsDirty: true } ? $"{path}: {DirtyWarning}" : null;

    /// <summary>Reads and checks both headers.</summary>
    /// <exception cref="VmdkException">Anything is impossible, too large, not supported, or refused.</exception>
    internal static SeSparseFile Read(ImageFile file, VmdkOpenOptions options)
    {
        Span<byte> bytes = stackalloc byte[SeSparseHeader.SizeBytes];
        ReadSector(file, bytes, 0, "header");
        var header = SeSparseHeader.Read(bytes);
        var rules = new HeaderRules(file, 0);
        CheckConstants(header, rules);
        int entries = CheckCapacity(header, rules, options.Limits);
        var areas = new SeSparseAreas(header, file.LengthBytes, rules);
        areas.Check();
        ulong replayJournal = CheckVolatile(file, Sector.ToBytes(header.VolatileHeaderOffsetSectors), options);
        return new SeSparseFile(
            new SeSparseLayout
            {
                DirectoryEntries = entries,
                DirectoryOffsetBytes = Sector.ToBytes(header.DirectoryOffsetSectors),
                TablesOffsetBytes = Sector.ToBytes(header.TablesOffsetSectors),
                TablesEndBytes = areas.EndBehind(header.TablesOffsetSectors),
                GrainsOffsetBytes = Sector.ToBytes(header.GrainsOffsetSectors),
                GrainsEndBytes = areas.EndBehind(header.GrainsOffsetSectors),
                UnmappedGrains = options.UnmappedGrains,
            },
            Sector.ToBytes(header.CapacitySectors), replayJournal);
    }

    static void CheckConstants(in SeSparseHeader header, HeaderRules rules)
    {
        if (header.Version != SeSparseHeader.VersionValue)
        {
            throw rules.Unsupported(
                nameof(header.Version), 8, $"0x{header.Version:x16}", $"0x{SeSparseHeader.VersionValue:x16}");
        }

        if (header.GrainSizeSectors != SeSparseHeader.GrainSectors)
        {
            throw rules.Unsupported(
                nameof(header.GrainSizeSectors), 24, $"{header.GrainSizeSectors} sectors",
                $"{SeSparseHeader.GrainSectors} sectors");
        }

        if (header.TableSizeSectors != SeSparseHeader.TableSectors)
        {
            throw rules.Unsupported(
                nameof(header.TableSizeSectors), 32, $"{header.TableSizeSectors} sectors",
                $"{SeSparseHeader.TableSectors} sectors");
        }

        if (header.Flags != 0)
        {
            throw rules.Unsupported(nameof(header.Flags), 40, $"0x{header.Flags:x16}", "0");
        }

        RequireZeros(header.ReservedBytes, nameof(header.ReservedBytes), 48, rules);
        RequireZeros(header.PaddingBytes, nameof(header.PaddingBytes), 208, rules);
    }

    static int CheckCapacity(in SeSparseHeader header, HeaderRules rules, VmdkLimits limits)
    {
        ulong capacity = header.CapacitySectors;
        if (capacity is 0 or > Sector.MaxSectors)
        {
            throw rules.Invalid(
                nameof(header.CapacitySectors), 16, $"{capacity} sectors", $"1 to {Sector.MaxSectors} sectors");
        }

        const ulong TableCoverage = SeSparseHeader.GrainSectors * (ulong)SeSparseLayout.TableEntries;
        ulong entries = ((capacity - 1) / TableCoverage) + 1;
        if (entries > (ulong)limits.MaxDirectoryEntries)
        {
            throw rules.TooLarge(
                nameof(header.CapacitySectors), 16, $"{entries} grain directory entries",
                $"at most {limits.MaxDirectoryEntries}");
        }

        ulong sectors = ((entries - 1) / EntriesPerSector) + 1;
        if (header.DirectorySizeSectors < sectors)
        {
            throw rules.Invalid(
                nameof(header.DirectorySizeSectors), 136, $"{header.DirectorySizeSectors} sectors",
                $"{sectors} sectors for the capacity");
        }

        return (int)entries;
    }

    static ulong CheckVolatile(ImageFile file, long offsetBytes, VmdkOpenOptions options)
    {
        Span<byte> bytes = stackalloc byte[SeSparseVolatileHeader.SizeBytes];
        ReadSector(file, bytes, offsetBytes, "volatile header");
        var header = SeSparseVolatileHeader.Read(bytes);
        var rules = new HeaderRules(file, offsetBytes);
        if (header.Magic != SeSparseVolatileHeader.MagicValue)
        {
            throw rules.Invalid(
                nameof(header.Magic), 0, $"0x{header.Magic:x16}", $"0x{SeSparseVolatileHeader.MagicValue:x16}");
        }

        RequireZeros(header.PaddingBytes, nameof(header.PaddingBytes), 32, rules);
        if (header.ReplayJournal != 0 && options.DirtySeSparse == VmdkDirtySeSparse.Refuse)
        {
            VmdkException.Throw(
                VmdkErrorCode.Unsupported, file.Path,
                "the extent was not closed cleanly, and its journal can be replayed only by ESX", offsetBytes + 24,
                nameof(header.ReplayJournal), $"{header.ReplayJournal}",
                "0, or the option to read it as it is, last writes possibly missing");
        }

        return header.ReplayJournal;
    }

    static void RequireZeros(ReadOnlySpan<byte> bytes, string field, int fieldOffset, HeaderRules rules)
    {
        int at = bytes.IndexOfAnyExcept((byte)0);
        if (at >= 0)
        {
            throw rules.Unsupported(field, fieldOffset + at, $"0x{bytes[at]:x2}", "zeros");
        }
    }

    static void ReadSector(ImageFile file, Span<byte> bytes, long offsetBytes, string name)
    {
        int read = file.Read(bytes, offsetBytes);
        if (read < bytes.Length)
        {
            VmdkException.Throw(
                VmdkErrorCode.Truncated, file.Path, $"the file ends inside the {name}", offsetBytes, name,
                $"{read} bytes", $"{bytes.Length} bytes");
        }
    }
}
