using System.Buffers.Binary;
using VmdkFast.Tests.Support;

namespace VmdkFast.Fuzz;

/// <summary>Small valid images of every layout that the structure-aware targets start from.</summary>
static class Samples
{
    // The smallest grains there are, and one table: the metadata is what a mutator should meet, not the content.
    internal const int GrainSectors = 8;
    internal const int GrainBytes = GrainSectors * Sector.Bytes;
    internal const int LengthBytes = 12 * GrainBytes;
    const int DescriptorSectors = 2;

    /// <summary>What all of them hold.</summary>
    internal static GuestContent Content => new GuestContent(LengthBytes)
        .Fill(0, 512, ContentPattern.Stamp)
        .Fill(GrainBytes, GrainBytes, ContentPattern.Text)
        .Fill(LengthBytes - 512, 512, ContentPattern.Stamp);

    /// <summary>monolithicSparse images and a bare COWD: grains as they are.</summary>
    internal static SampleImage[] Sparse() => Make(folder =>
    {
        var plain = new SparseOptions { GrainSectors = GrainSectors, DescriptorSectors = DescriptorSectors };
        GuestRange[] zeros = [new GuestRange(3 * GrainBytes, 2 * GrainBytes)];
        SparseImage.Write(folder, "a-plain", Content, plain);
        SparseImage.Write(folder, "b-single", Content, plain with { Redundant = false });
        SparseImage.Write(folder, "c-zero", Content, plain with { ZeroRanges = zeros });
        SparseImage.Write(folder, "d-tables", Content, plain with { TableEntries = 4, Order = GrainOrder.Shuffled });
        SparseImage.Write(folder, "e-absent", Content, plain with { TableEntries = 4, TablesLazilyAbsent = true });
        SparseImage.Write(folder, "f-unclean", Content, plain with { Unclean = true });
        CowdImage.WriteBare(folder, "g-cowd", Content);
    });

    /// <summary>A space-efficient sparse extent of ESX, with every kind of entry.</summary>
    internal static SampleImage[] SeSparse()
    {
        SampleImage[] written = Make(folder => SeSparseImage.WriteBare(
            folder, "a-sesparse", Content, new SeSparseOptions
            {
                Order = GrainOrder.Shuffled,
                ZeroRanges = [new GuestRange(3 * GrainBytes, GrainBytes)],
                UnmappedRanges = [new GuestRange(5 * GrainBytes, GrainBytes)],
            }));
        return [.. written.Select(image => new SampleImage(image.Name, CloseUp(image.Bytes)))];
    }

    // ESX gives each area a MiB; here they lie side by side, and what no reader looks at has a sector.
    static byte[] CloseUp(ReadOnlySpan<byte> image)
    {
        const int VolatileHeader = 0;
        const int Directory = 3;
        const int Tables = 4;
        const int Grains = 7;
        const int StoredGrains = 12;
        int[] sectors = [1, 1, 1, 1, SeSparseImage.TableSectors, 1, 1, StoredGrains * SeSparseImage.GrainSectors];
        byte[] closed = new byte[(1 + sectors.Sum()) * Sector.Bytes];
        image[..Sector.Bytes].CopyTo(closed);
        int next = 1;
        for (int area = 0; area < sectors.Length; area++)
        {
            Span<byte> field = closed.AsSpan(SeSparseImage.AreaFields[area]);
            int from = (int)BinaryPrimitives.ReadUInt64LittleEndian(field) * Sector.Bytes;
            if (area is VolatileHeader or Directory or Tables or Grains)
            {
                ReadOnlySpan<byte> content = image[from..];
                content[..Math.Min(content.Length, sectors[area] * Sector.Bytes)].CopyTo(
                    closed.AsSpan(next * Sector.Bytes));
            }

            BinaryPrimitives.WriteUInt64LittleEndian(field, (ulong)next);
            if (area != Grains)
            {
                BinaryPrimitives.WriteUInt64LittleEndian(field[sizeof(ulong)..], (ulong)sectors[area]);
            }

            next += sectors[area];
        }

        return closed;
    }

    /// <summary>Children, with and without entries for zeros, over a parent beside them.</summary>
    internal static SampleImage[] Children(ParentLink parent) => Make(folder =>
    {
        var child = new SparseOptions
        {
            GrainSectors = GrainSectors,
            DescriptorSectors = DescriptorSectors,
            Parent = parent,
        };
        GuestRange[] zeros = [new GuestRange(3 * GrainBytes, 2 * GrainBytes)];
        SparseImage.Write(folder, "a-child", Content, child);
        SparseImage.Write(folder, "b-zero", Content, child with { ZeroRanges = zeros });
    });

    /// <summary>streamOptimized images of all layouts.</summary>
    internal static SampleImage[] Streams() => Make(folder =>
    {
        WriteExports(folder);
        var local = new StreamOptions
        {
            Layout = StreamLayout.Local,
            GrainSectors = GrainSectors,
            DescriptorSectors = DescriptorSectors,
        };
        StreamImage.Write(folder, "d-local", Content, local);
        StreamImage.Write(folder, "e-qemu", Content, local with { Layout = StreamLayout.Qemu });
        StreamImage.Write(folder, "f-bare", Content, local with { Layout = StreamLayout.Qemu, Markers = false });
        StreamImage.Write(folder, "g-stored", Content, local with { Level = 0 });
    });

    /// <summary>streamOptimized images for a pipe: all layouts, and grains in no order.</summary>
    internal static SampleImage[] Piped() =>
    [
        .. Streams(),
        .. Make(folder => StreamImage.Write(folder, "h-shuffled", Content, new StreamOptions
        {
            Layout = StreamLayout.Local,
            GrainSectors = GrainSectors,
            DescriptorSectors = DescriptorSectors,
            Order = GrainOrder.Shuffled,
        })),
    ];

    /// <summary>streamOptimized images whose directory is at the end.</summary>
    internal static SampleImage[] Exports() => Make(WriteExports);

    static void WriteExports(string folder)
    {
        var export = new StreamOptions
        {
            Layout = StreamLayout.Export,
            GrainSectors = GrainSectors,
            DescriptorSectors = DescriptorSectors,
        };
        StreamImage.Write(folder, "a-export", Content, export);
        StreamImage.Write(folder, "b-progress", Content, export with { ProgressEvery = 2 });
        StreamImage.Write(folder, "c-twice", Content, export with { DirectoryInHeaderToo = true });
    }

    static SampleImage[] Make(Action<string> write)
    {
        using var folder = new FuzzFolder();
        string images = Directory.CreateDirectory(folder["images"]).FullName;
        write(images);
        return
        [
            .. Directory.GetFiles(images).Order(StringComparer.Ordinal)
                .Select(path => new SampleImage(Path.GetFileNameWithoutExtension(path), File.ReadAllBytes(path))),
        ];
    }
}
