namespace VmdkFast;

/// <summary>One extent: what its line in the descriptor says and, once opened, what its file is. Immutable.</summary>
public sealed record VmdkExtentInfo
{
    /// <summary>Position among the extent lines, from 0.</summary>
    public required int Index { get; init; }

    /// <summary>What the line allows.</summary>
    public required VmdkAccess Access { get; init; }

    /// <summary>How the line says that the extent is stored.</summary>
    public required VmdkExtentType Type { get; init; }

    /// <summary>Length within the disk, in sectors of 512 bytes.</summary>
    public required long LengthSectors { get; init; }

    /// <summary>The file as the line names it, decoded; null when the line names none.</summary>
    public string? FileName { get; init; }

    /// <summary>First sector of the extent within its file; not zero only for flat extents.</summary>
    public long OffsetSectors { get; init; }

    /// <summary>The file that was opened; null when none was.</summary>
    public string? Path { get; init; }

    /// <summary>How the extent really is stored.</summary>
    public VmdkExtentFormat Format { get; init; }

    /// <summary>Size of this extent's grains in bytes; null when it has none, or was not opened.</summary>
    public long? GrainBytes { get; init; }

    /// <summary>What its markers gave, when it is a stream that was opened by them; null otherwise.</summary>
    public VmdkStreamRecovery? Recovery { get; init; }
}
