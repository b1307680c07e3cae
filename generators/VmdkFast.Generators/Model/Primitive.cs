namespace VmdkFast.Generators.Model;

/// <summary>How a field's bytes are read; the member names are those that <c>BinaryPrimitives</c> uses.</summary>
enum Primitive
{
    Byte,
    SByte,
    UInt16,
    Int16,
    UInt32,
    Int32,
    UInt64,
    Int64,
    Bytes,
}
