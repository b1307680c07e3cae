using VmdkFast.Tests.Support;
using Xunit;

namespace VmdkFast.Tests.Writing;

/// <summary>Writes the images of <see cref="WritableKind"/>, by writers that share nothing with the library.</summary>
static class WritableKinds
{
    /// <summary>Not a multiple of any grain, so that every kind has a short last grain.</summary>
    internal const long LengthBytes = (3 << 20) + (5 * 512);

    internal static TheoryData<WritableKind> All => [.. Enum.GetValues<WritableKind>()];

    /// <summary>The parents' disk where a kind has one that is shorter than the child.</summary>
    const long ShortLengthBytes = (2 << 20) + 512;

    // Asks for the flag that allows zero grains without making any.
    static readonly GuestRange[] s_noZeroGrains = [default];

    /// <summary>Writes an image with some content; its path, and what the disk reads as.</summary>
    internal static (string Path, GuestContent Content) Write(WritableKind kind, string folder, int seed)
    {
        if (kind >= WritableKind.SparseOverFlat)
        {
            return WriteChild(kind, folder, seed);
        }

        GuestContent content = kind == WritableKind.EmptyCowd
            ? new GuestContent(LengthBytes)
            : GuestContent.Scattered(LengthBytes, seed, rangeCount: 12);
        return (WriteRoot(kind, folder, content), content);
    }

    static string WriteRoot(WritableKind kind, string folder, GuestContent content) => kind switch
    {
        WritableKind.SplitSparse => SplitSparseImage.Write(folder, "disk", content, 2048),
        <= WritableKind.ZeroGrainsWithoutCopies => SparseImage.Write(folder, "disk", content, SparseOf(kind)),
        WritableKind.MonolithicFlat => FlatImage.Write(folder, "disk", content),
        WritableKind.SplitFlat => FlatImage.Write(folder, "disk", content, "twoGbMaxExtentFlat", 2047),
        WritableKind.Vmfs => FlatImage.Write(folder, "disk", content, "vmfs"),
        WritableKind.FlatAtOffset => DescriptorImage.Write(
            folder, "disk", "custom", content,
            [new FlatExtent { Sectors = content.LengthSectors, OffsetSectors = 63, ExtraBytes = 4096 }]),
        WritableKind.OneFileForTwoExtents => WriteShared(folder, content),
        WritableKind.Mixture => WriteMixture(folder, content),
        WritableKind.CowdOfLargeGrains => CowdImage.Write(
            folder, "disk", content, new CowdOptions { GrainSectors = 128 }),
        WritableKind.CowdSplit => CowdImage.Write(
            folder, "disk", content, new CowdOptions { GrainSectors = 8, SpareSectors = 77 }, 2048),
        WritableKind.CowdBare => CowdImage.WriteBare(folder, "disk", content),
        _ => CowdImage.Write(folder, "disk", content),
    };

    static SparseOptions SparseOf(WritableKind kind) => kind switch
    {
        WritableKind.SparseOfSmallGrains => new SparseOptions { GrainSectors = 8 },
        WritableKind.SparseOfSmallTables => new SparseOptions { GrainSectors = 8, TableEntries = 8 },
        WritableKind.SparseWithoutCopies => new SparseOptions { Redundant = false, GrainSectors = 16 },
        WritableKind.SparseWithAbsentTables =>
            new SparseOptions { TablesLazilyAbsent = true, GrainSectors = 8, TableEntries = 128 },
        WritableKind.SparseUnclean => new SparseOptions { Unclean = true },
        WritableKind.SparseOfGiantGrains => new SparseOptions { GrainSectors = 4096 },
        WritableKind.ZeroGrains =>
            new SparseOptions { GrainSectors = 8, TableEntries = 16, ZeroRanges = s_noZeroGrains },
        WritableKind.ZeroGrainsWithoutCopies => new SparseOptions { Redundant = false, ZeroRanges = s_noZeroGrains },
        _ => new SparseOptions(),
    };

    // A partitioned device's extents: two lines, one file.
    static string WriteShared(string folder, GuestContent content)
    {
        long half = content.LengthSectors / 2;
        var first = new FlatExtent { Sectors = half, FileName = "disk-flat.vmdk" };
        FlatExtent second = first with { Sectors = content.LengthSectors - half, OffsetSectors = half };
        return DescriptorImage.Write(folder, "disk", "partitionedDevice", content, [first, second]);
    }

    static string WriteMixture(string folder, GuestContent content)
    {
        const long FirstSectors = 1999;
        const long SecondSectors = 2050;
        return DescriptorImage.Write(folder, "disk", "custom", content,
        [
            new FlatExtent { Sectors = FirstSectors, OffsetSectors = 1 },
            new SparseExtent { Sectors = SecondSectors, Options = new SparseOptions { GrainSectors = 16 } },
            new CowdExtent { Sectors = content.LengthSectors - FirstSectors - SecondSectors },
        ]);
    }

    static (string Path, GuestContent Content) WriteChild(WritableKind kind, string folder, int seed)
    {
        bool isShort = kind == WritableKind.SparseOverShorterStream;
        var below = GuestContent.Scattered(isShort ? ShortLengthBytes : LengthBytes, seed, rangeCount: 12);
        string parent = kind switch
        {
            WritableKind.SparseOverFlat => FlatImage.Write(folder, "parent", below),
            WritableKind.SparseOverShorterStream => StreamImage.Write(folder, "parent", below),
            WritableKind.SplitOverCowd => CowdImage.Write(folder, "parent", below),
            _ => SparseImage.Write(folder, "parent", below),
        };
        if (kind == WritableKind.SmallGrainsOverChild)
        {
            (parent, below) = Chain.Write(folder, parent, below, seed, ChildKind.MonolithicSparse)[^1];
        }

        GuestContent content = below.Clone(LengthBytes);
        content.Fill(100_352, 30_208, ContentPattern.Stamp, seed);
        content.Fill(2_050_048, 200_192, ContentPattern.Stamp, seed + 1);
        string path = kind switch
        {
            WritableKind.ZeroGrainsOverSparse => SparseImage.Write(folder, "disk", content, new SparseOptions
            {
                Parent = ParentLink.To(parent, below, folder),
                ZeroRanges = s_noZeroGrains,
                GrainSectors = 32,
            }),
            WritableKind.SplitOverCowd => Chain.WriteChild(
                ChildKind.SplitSparse, folder, "disk", content, parent, below),
            WritableKind.CowdOverSparse => Chain.WriteChild(
                ChildKind.VmfsSparse, folder, "disk", content, parent, below, grainSectors: 8),
            WritableKind.SmallGrainsOverChild => Chain.WriteChild(
                ChildKind.MonolithicSparse, folder, "disk", content, parent, below, grainSectors: 8),
            _ => Chain.WriteChild(ChildKind.MonolithicSparse, folder, "disk", content, parent, below),
        };
        return (path, content);
    }
}
