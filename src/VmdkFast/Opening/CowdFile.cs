using System.Numerics;
using VmdkFast.Extents;
using VmdkFast.Format;
using VmdkFast.Storage;

namespace VmdkFast.Opening;

/// <summary>An ESX sparse file (COWD) whose header has passed every check.</summary>
sealed class CowdFile
{
    /// <summary>Entries of every COWD grain table.</summary>
    internal const int TableEntries = 4096;

    const uint MaxGrainSectors = (1 << 20) / Sector.Bytes;

    CowdFile()
    {
    }

    internal long CapacityBytes { get; private init; }

    internal long GrainBytes { get; private init; }

    internal int DirectoryEntries { get; private init; }

    internal long DirectoryOffsetBytes { get; private init; }

    /// <summary>First sector behind the directory: nothing else can lie before it.</summary>
    internal uint FirstUsableSector { get; private init; }

    /// <summary>First sector that the header calls free.</summary>
    internal uint FreeSector { get; private init; }

    internal bool UncleanShutdown { get; private init; }

    /// <summary>The numbers that grains are found by.</summary>
    internal SparseLayout ToLayout() => new()
    {
        CapacityBytes = CapacityBytes,
        GrainShift = BitOperations.Log2((ulong)GrainBytes),
        TableShift = BitOperations.Log2(TableEntries),
        DirectoryEntries = DirectoryEntries,
        DirectoryOffsetBytes = DirectoryOffsetBytes,
        FirstUsableSector = FirstUsableSector,
    };

    /// <summary>Reads and checks the header.</summary>
    /// <exception cref="VmdkException">Anything is impossible, too large, or not supported.</exception>
    internal static CowdFile Read(ImageFile file, VmdkLimits limits)
    {
        Span<byte> bytes = stackalloc byte[CowdHeader.SizeBytes];
        int read = file.Read(bytes, 0);
        if (read < bytes.Length)
        {
            VmdkException.Throw(
                VmdkErrorCode.Truncated, file.Path, "the file ends inside the header", 0, "header", $"{read} bytes",
                $"{bytes.Length} bytes");
        }

        var header = CowdHeader.Read(bytes);
        var rules = new HeaderRules(file, 0);
        if (header.Version != 1)
        {
            throw rules.Unsupported(nameof(header.Version), 4, $"{header.Version}", "1");
        }

        if (header.CapacitySectors == 0)
        {
            throw rules.Invalid(nameof(header.CapacitySectors), 12, "0", "at least 1 sector");
        }

        uint grain = header.GrainSizeSectors;
        if (grain is 0 or > MaxGrainSectors || !BitOperations.IsPow2(grain) || grain > limits.MaxGrainSectors)
        {
            throw rules.Invalid(
                nameof(header.GrainSizeSectors), 16, $"{grain} sectors",
                $"a power of two up to {MaxGrainSectors} sectors");
        }

        uint entries = ((header.CapacitySectors - 1) / (grain * TableEntries)) + 1;
        if (header.DirectoryEntries < entries)
        {
            throw rules.Invalid(
                nameof(header.DirectoryEntries), 24, $"{header.DirectoryEntries}", $"{entries} for the capacity");
        }

        long directoryBytes = entries * (long)sizeof(uint);
        return new CowdFile
        {
            CapacityBytes = Sector.ToBytes(header.CapacitySectors),
            GrainBytes = Sector.ToBytes(grain),
            DirectoryEntries = (int)entries,
            DirectoryOffsetBytes = rules.Place(
                nameof(header.DirectoryOffsetSectors), 20, header.DirectoryOffsetSectors, directoryBytes),
            FirstUsableSector = header.DirectoryOffsetSectors + (uint)Sector.CountFor(directoryBytes),
            FreeSector = header.FreeSector,
            UncleanShutdown = header.UncleanShutdown != 0,
        };
    }
}
