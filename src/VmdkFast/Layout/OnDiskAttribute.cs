namespace VmdkFast.Layout;

/// <summary>
/// Declares a <c>readonly ref partial struct</c> as the picture of a fixed-size, little-endian, packed structure.
/// The generator that travels in this package implements its partial properties, a <c>Writer</c> and a field table.
/// </summary>
/// <param name="sizeBytes">Size of the whole structure, in bytes; at least 1.</param>
[AttributeUsage(AttributeTargets.Struct)]
public sealed class OnDiskAttribute(int sizeBytes) : Attribute
{
    /// <summary>Size of the whole structure, in bytes.</summary>
    public int SizeBytes { get; } = sizeBytes;

    /// <summary>What the structure is, in one sentence; it appears in field tables.</summary>
    public string Meaning { get; init; } = "";
}
