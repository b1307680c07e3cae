namespace VmdkFast;

/// <summary>Why an image could not be used. Stable: a number never changes its meaning.</summary>
public enum VmdkErrorCode
{
    /// <summary>The file is not a VMDK: no known signature and no descriptor text.</summary>
    NotVmdk = 1,

    /// <summary>The file ends before a structure or data that it promises.</summary>
    Truncated = 2,

    /// <summary>A header, footer or marker holds an impossible value.</summary>
    HeaderInvalid = 3,

    /// <summary>The descriptor text is missing something or says something impossible.</summary>
    DescriptorInvalid = 4,

    /// <summary>A grain directory or grain table entry points where no table or grain can be.</summary>
    TableInvalid = 5,

    /// <summary>A compressed grain's marker or data is damaged.</summary>
    GrainInvalid = 6,

    /// <summary>A valid image of a kind or version that is not supported.</summary>
    Unsupported = 7,

    /// <summary>A number from the image exceeds a limit of <see cref="VmdkLimits"/>.</summary>
    LimitExceeded = 8,

    /// <summary>A file that the image names does not exist.</summary>
    FileMissing = 9,

    /// <summary>The reference policy forbids a file that the image names.</summary>
    ReferenceRefused = 10,

    /// <summary>The parent's content ID is not the one that the child was made from.</summary>
    ParentMismatch = 11,

    /// <summary>The chain of parents comes back to a file that is already part of it.</summary>
    ChainLoop = 12,

    /// <summary>Another process (or another disk of this one) holds the file.</summary>
    Locked = 13,

    /// <summary>The image does not allow the access that was asked for.</summary>
    AccessRefused = 14,

    /// <summary>The operating system failed an operation on the file.</summary>
    InputOutput = 15,

    /// <summary>A file changed while it was read as a whole.</summary>
    SourceChanged = 16,

    /// <summary>A barrier failed: what was not flushed before may be lost, and nothing more can be written.</summary>
    DurabilityLost = 17,

    /// <summary>Redundant structures disagree and the disk must be repaired before it is written.</summary>
    TablesDisagree = 18,

    /// <summary>A compressed grain that exists cannot be written again.</summary>
    GrainImmutable = 19,

    /// <summary>The target already exists, or is part of the source.</summary>
    TargetRefused = 20,

    /// <summary>A target does not hold what was written into it, as reading it back showed.</summary>
    VerificationFailed = 21,

    /// <summary>A stream's grains do not ascend, and the target needs them in order.</summary>
    OrderNotAscending = 22,
}
