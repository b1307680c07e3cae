namespace VmdkFast;

/// <summary>How much of a new disk's space is taken at once.</summary>
public enum VmdkPreallocation
{
    /// <summary>None: files grow, flat files are holes.</summary>
    Off,

    /// <summary>Blocks are reserved by the file system, without writing.</summary>
    Reserved,

    /// <summary>Every byte is written.</summary>
    Full,
}

/// <summary>The adapter that a new disk is made for; it decides the geometry.</summary>
public enum VmdkAdapter
{
    /// <summary>IDE.</summary>
    Ide,

    /// <summary>SCSI, BusLogic.</summary>
    BusLogic,

    /// <summary>SCSI, LSI Logic.</summary>
    LsiLogic,

    /// <summary>The SCSI adapter of old ESX versions.</summary>
    LegacyEsx,
}

/// <summary>What a new disk is. Immutable; change one with <c>with</c>.</summary>
public sealed record VmdkCreateOptions
{
    /// <summary>Length of the disk, in bytes; rounded up to a sector. Null takes the parent's.</summary>
    public long? LengthBytes { get; init; }

    /// <summary>The kind of image. Default monolithicSparse.</summary>
    public VmdkDiskKind Kind { get; init; } = VmdkDiskKind.MonolithicSparse;

    /// <summary>The adapter. Default IDE, as qemu-img.</summary>
    public VmdkAdapter Adapter { get; init; } = VmdkAdapter.Ide;

    /// <summary>Virtual hardware version, 1 or more. Default 4, as qemu-img.</summary>
    public int HardwareVersion { get; init; } = 4;

    /// <summary>Version of the guest's tools; default 2147483647, which stands for unmanaged.</summary>
    public uint ToolsVersion { get; init; } = int.MaxValue;

    /// <summary>
    /// Whether grain table entries may say "zeros" (header version 2). Hosted sparse kinds only. Default false.
    /// </summary>
    public bool ZeroGrains { get; init; }

    /// <summary>
    /// Bytes of a grain: a power of two from 4 KiB to 1 GiB; in COWD files from 512 bytes to 1 MiB. Null takes the
    /// usual one, 64 KiB, and 512 bytes in COWD files. Sparse kinds only.
    /// </summary>
    public long? GrainBytes { get; init; }

    /// <summary>The parent's path, as it can be opened from here; null makes a disk of its own.</summary>
    /// <remarks>
    /// The child names a parent in its own folder by its plain name, any other one as given here: absolute, or
    /// relative and then counted from the child's folder. Flat and streamOptimized disks have no parent.
    /// </remarks>
    public string? ParentPath { get; init; }

    /// <summary>How the parent is opened to be asked for its length and content ID.</summary>
    public VmdkOpenOptions? ParentOpenOptions { get; init; }

    /// <summary>
    /// The encoding of the descriptor, by the name that stands in it: <c>UTF-8</c> (the default), <c>windows-1252</c>,
    /// <c>GBK</c>, <c>Shift_JIS</c>, <c>Big5</c> and other code pages. Names that it cannot express are refused.
    /// </summary>
    /// <remarks>
    /// It decides the bytes in the descriptor alone: files get the names that the caller gives, as the file system
    /// spells them.
    /// </remarks>
    public string Encoding { get; init; } = "UTF-8";

    /// <summary>How much space is taken at once. Default none. Flat kinds only, vmfsThin excepted.</summary>
    public VmdkPreallocation Preallocation { get; init; }

    /// <summary>
    /// Replaces existing files, unless somebody has them open. Default false: an existing name is refused.
    /// </summary>
    public bool Overwrite { get; init; }

    /// <summary>
    /// The content ID, for reproducible output; null takes the end of <see cref="LongContentId"/>, or a random one.
    /// ffffffff and fffffffe mean something else and are refused.
    /// </summary>
    public uint? ContentId { get; init; }

    /// <summary>
    /// The 32 hexadecimal digits of longContentID; null takes random ones. The last 8 are replaced by
    /// <see cref="ContentId"/> where that is given.
    /// </summary>
    public string? LongContentId { get; init; }

    /// <summary>
    /// The disk's UUID, for reproducible output; null takes a random one of VMware's form, and none for a child, which
    /// has its parent's.
    /// </summary>
    public Guid? Uuid { get; init; }

    /// <summary>Whether the new files are durable, names included, when the creation ends. Default true.</summary>
    public bool Sync { get; init; } = true;
}
