namespace VmdkFast;

/// <summary>How an image is opened. Immutable; change one with <c>with</c>.</summary>
public sealed record VmdkOpenOptions
{
    /// <summary>Read-only, default caches and limits, references beside the image only.</summary>
    public static VmdkOpenOptions Default { get; } = new();

    /// <summary>What for. Default: reading.</summary>
    public VmdkOpenAccess Access { get; init; }

    /// <summary>
    /// Opens an image that keeps track of changes (header version 3 with a -ctk file) for writing, by taking the
    /// reference to the tracking file out with the first write: whoever relies on it would otherwise miss changes.
    /// Default false: such an image is refused for writing.
    /// </summary>
    public bool DetachChangeTracking { get; init; }

    /// <summary>
    /// Opens a streamOptimized image whose directory is at the end for appending, by pointing its header at the
    /// directory. It is no stream any more until it is converted. Default false: such an image is refused for writing.
    /// </summary>
    public bool ConvertFooterLayout { get; init; }

    /// <summary>Bounds for everything that an image may ask for.</summary>
    public VmdkLimits Limits { get; init; } = VmdkLimits.Default;

    /// <summary>Which files the image may name.</summary>
    public VmdkReferencePolicy References { get; init; } = VmdkReferencePolicy.SameFolder;

    /// <summary>
    /// Memory for grain directories and grain tables, in bytes, shared by the whole chain. Default 16 MiB, which is
    /// the tables of 256 GiB of guest disk with the usual grain of 64 KiB.
    /// </summary>
    public long TableCacheBytes { get; init; } = 16L << 20;

    /// <summary>
    /// Memory for inflated grains, in bytes, shared by the whole chain. Default 64 MiB; taken only when compressed
    /// grains are read.
    /// </summary>
    public long GrainCacheBytes { get; init; } = 64L << 20;

    /// <summary>
    /// Opens without looking at other processes' locks, and without taking one: for reading an image that a running
    /// machine writes. What is read may then be torn. Reading only.
    /// </summary>
    public bool ForceShare { get; init; }

    /// <summary>
    /// Opens a child whose parent has changed since (content IDs differ). What is read may be wrong; default false.
    /// </summary>
    public bool AllowParentMismatch { get; init; }

    /// <summary>
    /// Whether parents are opened. Without them a child reads zeros where it holds nothing; good for looking at the
    /// image itself. Default true.
    /// </summary>
    public bool OpenParents { get; init; } = true;

    /// <summary>
    /// Whether a space-efficient sparse extent is read that was not closed cleanly. Default: it is refused.
    /// </summary>
    public VmdkDirtySeSparse DirtySeSparse { get; init; }

    /// <summary>
    /// What grains of a space-efficient sparse extent read as that the guest has unmapped. Default: zeros.
    /// </summary>
    public VmdkUnmappedGrains UnmappedGrains { get; init; }

    /// <summary>
    /// Where the data of raw extents is: from the file name as an extent line spells it (decoded) to a file or block
    /// device. For <c>VMFSRDM</c>, <c>VMFSRAW</c>, <c>VMFS</c> and <c>FLAT</c> lines of every image of the chain.
    /// Default: none.
    /// </summary>
    /// <remarks>The target is the caller's: links and devices are fine; the reference policy is not asked.</remarks>
    public IReadOnlyDictionary<string, string> RawMappings { get; init; } =
        new Dictionary<string, string>(StringComparer.Ordinal);

    /// <summary>
    /// Opens streamOptimized images by the markers in front of their grains, without looking at footer, directory and
    /// tables: for streams that were cut short, or whose tables were never written. The whole file is walked through.
    /// What was found is in <see cref="VmdkExtentInfo.Recovery"/>; what is missing reads as zeros. Reading only.
    /// Images of other kinds open as usual. Default false.
    /// </summary>
    public bool RecoverStreams { get; init; }

    /// <summary>Which library inflates and deflates compressed grains. Default: the best that is there.</summary>
    public VmdkCodec Codec { get; init; }

    internal void Validate()
    {
        if (RecoverStreams && Access == VmdkOpenAccess.ReadWrite)
        {
            throw new ArgumentException("A stream that is opened by its markers can only be read.");
        }

        if (ForceShare && Access == VmdkOpenAccess.ReadWrite)
        {
            throw new ArgumentException("Without locks an image can only be read.");
        }

        if (!Enum.IsDefined(Codec))
        {
            throw new ArgumentOutOfRangeException(nameof(Codec), Codec, null);
        }

        ArgumentNullException.ThrowIfNull(Limits);
        ArgumentNullException.ThrowIfNull(References);
        ArgumentNullException.ThrowIfNull(RawMappings);
        foreach ((string name, string target) in RawMappings)
        {
            ArgumentException.ThrowIfNullOrEmpty(name, nameof(RawMappings));
            ArgumentException.ThrowIfNullOrEmpty(target, nameof(RawMappings));
        }

        if (!Enum.IsDefined(DirtySeSparse) || !Enum.IsDefined(UnmappedGrains))
        {
            throw new ArgumentOutOfRangeException(nameof(DirtySeSparse), "A policy for seSparse is not known.");
        }

        ArgumentOutOfRangeException.ThrowIfNegative(TableCacheBytes);
        ArgumentOutOfRangeException.ThrowIfNegative(GrainCacheBytes);
        ArgumentOutOfRangeException.ThrowIfLessThan(Limits.MaxDescriptorBytes, Sector.Bytes);
        ArgumentOutOfRangeException.ThrowIfLessThan(Limits.MaxExtents, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(Limits.MaxChainDepth, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(Limits.MaxNameBytes, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(Limits.MaxGrainSectors, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(Limits.MaxDirectoryEntries, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(Limits.MaxDirectoryEntries, int.MaxValue);
        ArgumentOutOfRangeException.ThrowIfLessThan(Limits.MaxOpenExtents, 1);
    }
}
