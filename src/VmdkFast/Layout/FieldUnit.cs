namespace VmdkFast.Layout;

/// <summary>What a field's number counts.</summary>
public enum FieldUnit
{
    /// <summary>A plain number or a code.</summary>
    None,

    /// <summary>Bytes.</summary>
    Bytes,

    /// <summary>Sectors of 512 bytes.</summary>
    Sectors,

    /// <summary>Entries of a grain table or a grain directory.</summary>
    Entries,

    /// <summary>A set of bits.</summary>
    Flags,

    /// <summary>A constant that tells the structure apart from others; people know it in hexadecimal.</summary>
    Signature,
}
