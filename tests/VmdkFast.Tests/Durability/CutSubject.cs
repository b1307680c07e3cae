using VmdkFast.Tests.Support;

namespace VmdkFast.Tests.Durability;

/// <summary>A kind of image that is written while the power fails. Small: many tables and reuse matter.</summary>
/// <param name="Name">For messages and theories.</param>
/// <param name="GrainBytes">The grain; requests are laid around its borders.</param>
/// <param name="Write">Writes the image <c>disk.vmdk</c> and all that belongs to it into a folder.</param>
sealed record CutSubject(string Name, int GrainBytes, Action<string> Write)
{
    internal const long DiskBytes = 8L << 20;
    internal const string FileName = "disk.vmdk";

    /// <summary>Whether a grain can be written only once.</summary>
    internal bool AppendOnly { get; init; }

    /// <summary>
    /// Whether QEMU may write the image as a cut leaves it. It looks at no unclean mark, and with a directory whose
    /// copy lacks a table it writes that table's copy over the header: what a cut leaves of a new table is not for it.
    /// </summary>
    internal bool QemuMayWrite { get; init; }

    static readonly DescriptorText s_parentText = new() { Cid = 0x12345678 };

    // Longer than a sector behind the lines that change: their change must not need two sectors at once.
    static readonly DescriptorText s_trackedText = new()
    {
        Cid = 0x1234567,
        CidDigits = 1,
        HeaderLines = ["changeTrackPath=\"disk-ctk.vmdk\""],
        DatabaseLines = [.. Enumerable.Range(0, 40).Select(i => $"ddb.toolsVersion{i} = \"{i}\"")],
    };

    /// <summary>Every kind.</summary>
    internal static IReadOnlyList<CutSubject> All { get; } =
    [
        Sparse("sparse", new SparseOptions()),
        Sparse("sparse-zero-grains", new SparseOptions { ZeroRanges = [new GuestRange(4 << 20, 64 << 10)] }),
        Sparse("sparse-not-redundant", new SparseOptions { Redundant = false }),
        Sparse("sparse-left-unclean", new SparseOptions { Unclean = true }),
        Sparse("sparse-tracked", new SparseOptions { Version = 3, Descriptor = s_trackedText }),
        Sparse("sparse-tables-absent", new SparseOptions { TablesLazilyAbsent = true }),
        new("split", 4096, folder => SplitSparseImage.Write(
            folder, "disk", Content(), DiskBytes / Sector.Bytes / 3 / 8 * 8,
            new SparseOptions { GrainSectors = 8, TableEntries = 128 })),
        new("flat", 4096, folder => FlatImage.Write(folder, "disk", FlatContent())) { QemuMayWrite = true },
        new("split-flat", 4096, folder => FlatImage.Write(
            folder, "disk", FlatContent(), "twoGbMaxExtentFlat", FlatBytes / Sector.Bytes / 3)),
        new("cowd", Sector.Bytes, folder => CowdImage.Write(folder, "disk", Content())),
        new("cowd-large-grains", 4096, folder => CowdImage.Write(
            folder, "disk", Content(), new CowdOptions { GrainSectors = 8 }, DiskBytes / Sector.Bytes / 2)),
        Child("child", []),
        Child("child-zero-grains", [new GuestRange(6 << 20, 32 << 10)]),
        new("stream", 4096, folder => StreamImage.Write(
            folder, "disk", Content(), new StreamOptions { Layout = StreamLayout.Local, GrainSectors = 8 }))
        {
            AppendOnly = true,
        },
        new("stream-footer", 4096, folder => StreamImage.Write(
            folder, "disk", Content(), new StreamOptions { Layout = StreamLayout.Export, GrainSectors = 8 }))
        {
            AppendOnly = true,
        },
    ];

    // All of a flat file is written with every case's folder: kept smaller than the others.
    const long FlatBytes = 1L << 20;

    internal static CutSubject Named(string name) => All.Single(subject => subject.Name == name);

    static GuestContent Content() => WithoutZeroRanges(GuestContent.Scattered(DiskBytes, 3, 10, 48 << 10));

    static GuestContent FlatContent() => GuestContent.Scattered(FlatBytes, 5, 8, 48 << 10);

    static CutSubject Sparse(string name, SparseOptions options) => new(name, 4096, folder => SparseImage.Write(
        folder, "disk", Content(), options with { GrainSectors = 8, TableEntries = 128 }))
    {
        QemuMayWrite = !options.TablesLazilyAbsent,
    };

    static CutSubject Child(string name, IReadOnlyList<GuestRange> zeroRanges) => new(name, 4096, folder =>
    {
        var parentOptions = new SparseOptions { GrainSectors = 8, Descriptor = s_parentText };
        GuestContent parentContent = Content();
        string parent = SparseImage.Write(folder, "parent", parentContent, parentOptions);
        GuestContent content = parentContent.Clone();
        content.Fill(100 << 10, 40 << 10, ContentPattern.Text, 9);
        content.Fill(6 << 20, 32 << 10, ContentPattern.Zeros);
        SparseImage.Write(folder, "disk", content, new SparseOptions
        {
            GrainSectors = 8,
            TableEntries = 128,
            ZeroRanges = zeroRanges,
            Parent = ParentLink.To(parent, parentContent, folder),
        });
    });

    // Ranges that some image keeps as zero grains must hold zeros in all of them.
    static GuestContent WithoutZeroRanges(GuestContent content) =>
        content.Fill(4 << 20, 64 << 10, ContentPattern.Zeros);
}
