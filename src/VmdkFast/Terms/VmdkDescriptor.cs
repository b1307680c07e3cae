namespace VmdkFast;

/// <summary>What a disk's descriptor says, read only. Immutable, hence thread-safe.</summary>
public sealed class VmdkDescriptor
{
    internal VmdkDescriptor()
    {
    }

    /// <summary>Version of the descriptor's grammar: 1, 2 or 3.</summary>
    public required int Version { get; init; }

    /// <summary>Name of the encoding of names and values, as written; UTF-8 where the descriptor names none.</summary>
    public required string Encoding { get; init; }

    /// <summary>The <c>createType</c>, as written.</summary>
    public required string CreateType { get; init; }

    /// <summary>The kind of disk that <see cref="CreateType"/> states.</summary>
    public required VmdkDiskKind Kind { get; init; }

    /// <summary>The content ID (CID): changes with the first write after each opening.</summary>
    public required uint ContentId { get; init; }

    /// <summary>The content ID that the parent had when this disk was made; 0xFFFFFFFF without a parent.</summary>
    public required uint ParentContentId { get; init; }

    /// <summary>Where the parent was when this disk was made; null when not stated.</summary>
    public string? ParentFileNameHint { get; init; }

    /// <summary>The file that tracks changed blocks; null when there is none.</summary>
    public string? ChangeTrackPath { get; init; }

    /// <summary>The bus adapter (<c>ide</c>, <c>lsilogic</c>, …); null when not stated.</summary>
    public string? AdapterType { get; init; }

    /// <summary>The geometry; null when not stated, or not stated in numbers.</summary>
    public VmdkGeometry? Geometry { get; init; }

    /// <summary>The geometry that a BIOS shows; null when not stated.</summary>
    public VmdkGeometry? BiosGeometry { get; init; }

    /// <summary>The extents in disk order; empty when the descriptor lists none.</summary>
    public required IReadOnlyList<VmdkExtentInfo> Extents { get; init; }

    /// <summary>Every <c>key = value</c> in the order written, unknown keys included, values without quotes.</summary>
    public required IReadOnlyList<KeyValuePair<string, string>> Entries { get; init; }

    /// <summary>The complete text, decoded; bytes that the encoding does not know show as U+FFFD.</summary>
    public required string Text { get; init; }
}
