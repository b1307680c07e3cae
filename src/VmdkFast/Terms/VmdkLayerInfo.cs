namespace VmdkFast;

/// <summary>What one image of a chain says of itself.</summary>
public sealed record VmdkLayerInfo
{
    /// <summary>The image's own file: descriptor, or the extent that embeds it.</summary>
    public required string Path { get; init; }

    /// <summary>Length of the disk as this image declares it, in bytes; a multiple of 512.</summary>
    public required long LengthBytes { get; init; }

    /// <summary>
    /// Length of the file or device itself when the image is raw: <see cref="LengthBytes"/> is this rounded up to 512,
    /// and what is past it reads as zeros. Null for every other kind.
    /// </summary>
    public long? RawLengthBytes { get; init; }

    /// <summary>The kind of image, from its descriptor or, without one, from its header.</summary>
    public required VmdkDiskKind Kind { get; init; }

    /// <summary>The descriptor with every key that it holds; null for an extent without one.</summary>
    public VmdkDescriptor? Descriptor { get; init; }

    /// <summary>The extents in guest order.</summary>
    public required IReadOnlyList<VmdkExtentInfo> Extents { get; init; }

    /// <summary>
    /// Geometry as the descriptor gives it, or else the nearest parent that was opened; null when none does.
    /// </summary>
    public VmdkGeometry? Geometry { get; init; }

    /// <summary>
    /// The bus adapter, from the descriptor or the nearest parent that was opened; null when none states it.
    /// </summary>
    public string? AdapterType { get; init; }

    /// <summary>
    /// The disk database as it holds for this image: its own values, then those of its parents that it does not state,
    /// the nearest first. Of parents that were not opened nothing is known.
    /// </summary>
    public IReadOnlyList<VmdkDatabaseEntry> Database { get; init; } = [];

    /// <summary>The file that tracks the image's changes; null when it names none.</summary>
    public VmdkChangeTracking? ChangeTracking { get; init; }

    /// <summary>Bytes that the file system has allocated for the files of this image.</summary>
    public required long AllocatedBytes { get; init; }

    /// <summary>Size of a grain in bytes, of the first extent that has grains; null when none has.</summary>
    public long? GrainBytes { get; init; }

    /// <summary>Whether grains are compressed.</summary>
    public bool Compressed { get; init; }

    /// <summary>Whether an extent was left open by its last writer (header byte uncleanShutdown).</summary>
    public bool UncleanShutdown { get; init; }

    /// <summary>The parent's name as the descriptor spells it; null when the image has no parent.</summary>
    public string? ParentFileNameHint { get; init; }

    /// <summary>What a reader must know before he trusts what he reads; one line each, usually none.</summary>
    public IReadOnlyList<string> Warnings { get; init; } = [];
}
