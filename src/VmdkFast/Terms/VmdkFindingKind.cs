namespace VmdkFast;

/// <summary>What a check can find. docs/checking.md explains each, with what a repair does about it.</summary>
public enum VmdkFindingKind
{
    /// <summary>A header field holds an impossible value, or one that all else in the file refutes.</summary>
    HeaderInvalid = 1,

    /// <summary>A header field holds a value that no product writes, and that hurts nobody.</summary>
    HeaderOdd = 2,

    /// <summary>The test bytes for line ends were changed: a transfer in text mode has damaged the file.</summary>
    LineEndsChanged = 3,

    /// <summary>The file ends before metadata that its header promises.</summary>
    Truncated = 4,

    /// <summary>
    /// The directory is said to be at the end, and there is no valid footer: an incomplete stream; or something follows
    /// the footer, so that others do not find it.
    /// </summary>
    FooterInvalid = 5,

    /// <summary>The footer contradicts the header.</summary>
    FooterDisagrees = 6,

    /// <summary>The descriptor lacks something, or says something impossible.</summary>
    DescriptorInvalid = 7,

    /// <summary>The embedded descriptor lies over other metadata.</summary>
    DescriptorOverlaps = 8,

    /// <summary>A file that the image names is missing.</summary>
    ExtentMissing = 9,

    /// <summary>The file of an extent is not what the descriptor says it is.</summary>
    ExtentInvalid = 10,

    /// <summary>The file of an extent holds less than the descriptor says.</summary>
    ExtentTooShort = 11,

    /// <summary>A sparse extent holds more than the descriptor says; the rest is never read.</summary>
    ExtentTooLong = 12,

    /// <summary>One file is used for two extents.</summary>
    ExtentTwice = 13,

    /// <summary>The geometry is impossible, or larger than the disk.</summary>
    GeometryDisagrees = 14,

    /// <summary>The parent is missing, or not named.</summary>
    ParentMissing = 15,

    /// <summary>The parent's content ID is not the one that the child was made from.</summary>
    ParentMismatch = 16,

    /// <summary>The chain of parents comes back to itself, or is too long.</summary>
    ParentLoop = 17,

    /// <summary>The last writer left the extent open.</summary>
    Unclean = 18,

    /// <summary>The change tracking file that the descriptor names is missing.</summary>
    ChangeTrackingMissing = 19,

    /// <summary>Header and descriptor disagree on whether changes are tracked.</summary>
    ChangeTrackingStale = 20,

    /// <summary>The header's grain directory is where none can be.</summary>
    DirectoryInvalid = 21,

    /// <summary>A directory entry points where no table can be, or to one that has lost its entries.</summary>
    DirectoryEntryInvalid = 22,

    /// <summary>Two tables, or a table and other metadata, lie over each other.</summary>
    TableOverlap = 23,

    /// <summary>A table entry points where no grain can be: beyond the file, or into its header.</summary>
    TableEntryInvalid = 24,

    /// <summary>A table entry points into metadata.</summary>
    GrainOverMetadata = 25,

    /// <summary>A grain has two owners, or two grains lie over each other.</summary>
    GrainShared = 26,

    /// <summary>An uncompressed grain begins at no multiple of the grain.</summary>
    GrainMisaligned = 27,

    /// <summary>The file ends inside a grain.</summary>
    GrainCutOff = 28,

    /// <summary>A directory or table and its copy differ, and either could be right.</summary>
    CopiesDisagree = 29,

    /// <summary>The redundant directory or one of its tables is damaged; the primary one is not.</summary>
    CopyInvalid = 30,

    /// <summary>What stands where a marker of a stream must be is none.</summary>
    MarkerInvalid = 31,

    /// <summary>The marker of a compressed grain belongs to another grain, or gives an impossible length.</summary>
    MarkerMismatch = 32,

    /// <summary>A compressed grain does not inflate; found only by a deep check.</summary>
    GrainDamaged = 33,

    /// <summary>A stored grain of a stream is named by no table.</summary>
    GrainWithoutEntry = 34,

    /// <summary>Space of the file that nothing uses.</summary>
    LeakedSpace = 35,

    /// <summary>The first free sector of an ESX sparse file is within what is used.</summary>
    FreeSectorInvalid = 36,

    /// <summary>Something could not be checked: it could not be read, or the reference policy forbids it.</summary>
    NotChecked = 37,

    /// <summary>A grain table that no directory names: its grains look unused, and are lost.</summary>
    TableWithoutEntry = 38,

    /// <summary>
    /// The guest has unmapped grains of a space-efficient sparse extent: what they read as is a matter of policy,
    /// <see cref="VmdkOpenOptions.UnmappedGrains"/>.
    /// </summary>
    GrainUnmapped = 39,
}

/// <summary>How bad a finding is; every <see cref="VmdkFindingKind"/> has one severity.</summary>
public enum VmdkFindingSeverity
{
    /// <summary>Worth knowing; nothing is lost and nothing will be.</summary>
    Warning,

    /// <summary>Wasted space, no harm to data.</summary>
    Leak,

    /// <summary>Data is or may be lost, or further writes may lose some.</summary>
    Corruption,

    /// <summary>A part of the image was not checked.</summary>
    Unchecked,
}
