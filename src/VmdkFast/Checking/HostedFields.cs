using VmdkFast.Format;

namespace VmdkFast.Checking;

/// <summary>The fields of a hosted sparse header or footer, kept beyond the sector that they were read from.</summary>
sealed record HostedFields
{
    internal uint Magic { get; init; }

    internal uint Version { get; init; }

    internal SparseFlags Flags { get; init; }

    internal ulong CapacitySectors { get; init; }

    internal ulong GrainSizeSectors { get; init; }

    internal ulong DescriptorOffsetSectors { get; init; }

    internal ulong DescriptorSizeSectors { get; init; }

    internal uint GrainTableEntries { get; init; }

    internal ulong RedundantDirectoryOffsetSectors { get; init; }

    internal ulong DirectoryOffsetSectors { get; init; }

    internal ulong OverheadSectors { get; init; }

    internal byte UncleanShutdown { get; init; }

    internal uint NewlineTest { get; init; }

    internal ushort CompressAlgorithm { get; init; }

    internal bool IsCompressed => Flags.HasFlag(SparseFlags.Compressed) || CompressAlgorithm == 1;

    internal bool DirectoryAtEnd => DirectoryOffsetSectors == SparseHeader.DirectoryAtEnd;

    /// <summary>Nothing is stored before this sector.</summary>
    internal long FirstUsableSector => (long)Math.Clamp(OverheadSectors, 1, uint.MaxValue);

    /// <summary>What tables and grains are looked for by, but for the directories; sizes must be possible.</summary>
    internal SparseShape ToShape() => new()
    {
        CapacitySectors = (long)CapacitySectors,
        GrainSectors = (long)GrainSizeSectors,
        TableEntries = (int)GrainTableEntries,
        DirectorySector = 0,
        FirstUsableSector = FirstUsableSector,
        ZeroGrains = Flags.HasFlag(SparseFlags.ZeroGrains),
        Compressed = IsCompressed,
        Markers = Flags.HasFlag(SparseFlags.Markers),
    };

    internal static HostedFields Read(ReadOnlySpan<byte> sector)
    {
        var header = SparseHeader.Read(sector);
        return new HostedFields
        {
            Magic = header.Magic,
            Version = header.Version,
            Flags = header.Flags,
            CapacitySectors = header.CapacitySectors,
            GrainSizeSectors = header.GrainSizeSectors,
            DescriptorOffsetSectors = header.DescriptorOffsetSectors,
            DescriptorSizeSectors = header.DescriptorSizeSectors,
            GrainTableEntries = header.GrainTableEntries,
            RedundantDirectoryOffsetSectors = header.RedundantDirectoryOffsetSectors,
            DirectoryOffsetSectors = header.DirectoryOffsetSectors,
            OverheadSectors = header.OverheadSectors,
            UncleanShutdown = header.UncleanShutdown,
            NewlineTest = header.NewlineTest,
            CompressAlgorithm = header.CompressAlgorithm,
        };
    }
}
