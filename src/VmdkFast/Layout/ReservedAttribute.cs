namespace VmdkFast.Layout;

/// <summary>Names bytes of an <see cref="OnDiskAttribute"/> structure that belong to no field.</summary>
/// <remarks>A byte that is neither in a field nor reserved is a gap, and a gap is a build error.</remarks>
/// <param name="offsetBytes">Offset of the first reserved byte.</param>
/// <param name="lengthBytes">Number of reserved bytes; at least 1.</param>
[AttributeUsage(AttributeTargets.Struct, AllowMultiple = true)]
public sealed class ReservedAttribute(int offsetBytes, int lengthBytes) : Attribute
{
    /// <summary>Offset of the first reserved byte.</summary>
    public int OffsetBytes { get; } = offsetBytes;

    /// <summary>Number of reserved bytes.</summary>
    public int LengthBytes { get; } = lengthBytes;
}
