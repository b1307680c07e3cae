namespace VmdkFast.Layout;

/// <summary>How the bytes of a field make a value.</summary>
public enum FieldEncoding
{
    /// <summary>A little-endian number without sign, of 1, 2, 4 or 8 bytes.</summary>
    Number,

    /// <summary>A little-endian number in two's complement, of 1, 2, 4 or 8 bytes.</summary>
    SignedNumber,

    /// <summary>Bytes that the structure gives no further meaning.</summary>
    Bytes,
}
