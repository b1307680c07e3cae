namespace VmdkFast;

/// <summary>One structure of a file, as it stands there: nothing is judged. Immutable.</summary>
public sealed record VmdkStructure
{
    /// <summary>What it is: <c>header</c>, <c>footer</c>, <c>grain directory</c>, …</summary>
    public required string Name { get; init; }

    /// <summary>The file that holds it.</summary>
    public required string Path { get; init; }

    /// <summary>Where in the file it begins, in bytes.</summary>
    public required long OffsetBytes { get; init; }

    /// <summary>What the structure is for, in one sentence.</summary>
    public required string Meaning { get; init; }

    /// <summary>Its fields by offset; of tables the counts, then the first entries.</summary>
    public required IReadOnlyList<VmdkField> Fields { get; init; }

    /// <summary>The complete text of a descriptor; null for every other structure.</summary>
    public string? Text { get; init; }
}
