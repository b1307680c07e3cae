using System.Buffers.Binary;
using System.Globalization;

namespace VmdkFast.Layout;

/// <summary>One row of a structure's field table. Immutable, so any thread may use it.</summary>
public sealed class LayoutField
{
    // Enough to tell two identifiers apart, and a line of a terminal still holds it.
    const int MaxShownBytes = 16;

    /// <summary>Describes a field; generated code calls this.</summary>
    /// <param name="name">The property's name.</param>
    /// <param name="offsetBytes">Offset of the first byte; 0 or more.</param>
    /// <param name="sizeBytes">Number of bytes: 1, 2, 4 or 8 for a number, at least 1 for bytes.</param>
    /// <param name="typeName">The property's type as tables show it: <c>uint</c>, <c>byte[16]</c>.</param>
    /// <param name="encoding">How the bytes make a value.</param>
    /// <param name="unit">What the number counts.</param>
    /// <param name="meaning">What the field means; may be empty.</param>
    /// <exception cref="ArgumentOutOfRangeException">The offset or the size is out of range.</exception>
    public LayoutField(
        string name, int offsetBytes, int sizeBytes, string typeName, FieldEncoding encoding, FieldUnit unit,
        string meaning)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(offsetBytes);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(sizeBytes, int.MaxValue - offsetBytes);
        if (encoding == FieldEncoding.Bytes ? sizeBytes < 1 : sizeBytes is not (1 or 2 or 4 or 8))
        {
            throw new ArgumentOutOfRangeException(nameof(sizeBytes), sizeBytes, "No field has this size.");
        }

        Name = name;
        OffsetBytes = offsetBytes;
        SizeBytes = sizeBytes;
        TypeName = typeName;
        Encoding = encoding;
        Unit = unit;
        Meaning = meaning;
    }

    /// <summary>The property's name.</summary>
    public string Name { get; }

    /// <summary>Offset of the first byte in the structure.</summary>
    public int OffsetBytes { get; }

    /// <summary>Number of bytes.</summary>
    public int SizeBytes { get; }

    /// <summary>The property's type: <c>uint</c>, <c>byte[16]</c>, the name of an enum.</summary>
    public string TypeName { get; }

    /// <summary>How the bytes make a value.</summary>
    public FieldEncoding Encoding { get; }

    /// <summary>What the number counts.</summary>
    public FieldUnit Unit { get; }

    /// <summary>What the field means, in one sentence; may be empty.</summary>
    public string Meaning { get; }

    /// <summary>The field's value in a structure, as text that does not depend on the culture.</summary>
    /// <remarks>
    /// Numbers are decimal; flags and signatures are hexadecimal with all their digits; of bytes the first 16 are shown
    /// in hexadecimal, then the length of all.
    /// </remarks>
    /// <param name="structure">The structure's bytes, from its first on.</param>
    /// <exception cref="ArgumentException">The structure ends before the field does.</exception>
    public string FormatValue(ReadOnlySpan<byte> structure)
    {
        if (structure.Length < OffsetBytes + SizeBytes)
        {
            throw new ArgumentException($"The structure ends before its field {Name}.", nameof(structure));
        }

        ReadOnlySpan<byte> bytes = structure.Slice(OffsetBytes, SizeBytes);
        if (Encoding == FieldEncoding.Bytes)
        {
            return bytes.Length <= MaxShownBytes
                ? Convert.ToHexStringLower(bytes)
                : string.Create(
                    CultureInfo.InvariantCulture,
                    $"{Convert.ToHexStringLower(bytes[..MaxShownBytes])}… ({SizeBytes} bytes)");
        }

        ulong value = ReadUnsigned(bytes);
        if (Unit is FieldUnit.Flags or FieldUnit.Signature)
        {
            return "0x" + value.ToString("x" + (SizeBytes * 2), CultureInfo.InvariantCulture);
        }

        return Encoding == FieldEncoding.SignedNumber
            ? SignExtend(value).ToString(CultureInfo.InvariantCulture)
            : value.ToString(CultureInfo.InvariantCulture);
    }

    static ulong ReadUnsigned(ReadOnlySpan<byte> bytes) => bytes.Length switch
    {
        1 => bytes[0],
        2 => BinaryPrimitives.ReadUInt16LittleEndian(bytes),
        4 => BinaryPrimitives.ReadUInt32LittleEndian(bytes),
        _ => BinaryPrimitives.ReadUInt64LittleEndian(bytes),
    };

    long SignExtend(ulong value)
    {
        int unusedBits = 64 - (SizeBytes * 8);
        return (long)(value << unusedBits) >> unusedBits;
    }
}
