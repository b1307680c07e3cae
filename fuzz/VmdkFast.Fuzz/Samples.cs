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

    /// <summary>Children, with and without entries for zeros, over a parent beside them.</summary>
    internal static SampleImage[] Children(ParentLink parent) => Make(folder =>
    {
        var child = new SparseOptions
        {
            GrainSectors = GrainSectors, DescriptorSectors = DescriptorSectors, Parent = parent,
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
            Layout = StreamLayout.Local, GrainSectors = GrainSectors, DescriptorSectors = DescriptorSectors,
        };
        StreamImage.Write(folder, "d-local", Content, local);
        StreamImage.Write(folder, "e-qemu", Content, local with { Layout = StreamLayout.Qemu });
        StreamImage.Write(folder, "f-bare", Content, local with { Layout = StreamLayout.Qemu, Markers = false });
        StreamImage.Write(folder, "g-stored", Content, local with { Level = 0 });
    });

    /// <summary>streamOptimized images whose directory is at the end.</summary>
    internal static SampleImage[] Exports() => Make(WriteExports);

    static void WriteExports(string folder)
    {
        var export = new StreamOptions
        {
            Layout = StreamLayout.Export, GrainSectors = GrainSectors, DescriptorSectors = DescriptorSectors,
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
