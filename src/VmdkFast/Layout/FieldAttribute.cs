namespace VmdkFast.Layout;

/// <summary>Places a partial property of an <see cref="OnDiskAttribute"/> structure.</summary>
/// <remarks>
/// The property's type gives the width: an integer, an enum over one, or <c>ReadOnlySpan&lt;byte&gt;</c> with
/// <see cref="LengthBytes"/>. Integers are little-endian and need no alignment.
/// </remarks>
/// <param name="offsetBytes">Offset of the field's first byte in the structure; 0 or more.</param>
[AttributeUsage(AttributeTargets.Property)]
public sealed class FieldAttribute(int offsetBytes) : Attribute
{
    /// <summary>Offset of the field's first byte in the structure.</summary>
    public int OffsetBytes { get; } = offsetBytes;

    /// <summary>What the number counts.</summary>
    public FieldUnit Unit { get; init; }

    /// <summary>What the field means, in one sentence.</summary>
    public string Meaning { get; init; } = "";

    /// <summary>Length of a <c>ReadOnlySpan&lt;byte&gt;</c> field, in bytes; 0 for every other type.</summary>
    public int LengthBytes { get; init; }
}
