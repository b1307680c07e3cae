using VmdkFast.Layout;

namespace VmdkFast.Generators.Tests;

[Flags]
enum Options : uint
{
    None = 0,
    One = 1,
    Top = 0x8000_0000,
}

enum Level : sbyte
{
    Low = -2,
    High = 3,
}

/// <summary>Every width at an odd offset, declared out of order, with reserved bytes at both ends.</summary>
[OnDisk(64, Meaning = "A subject of tests.")]
[Reserved(0, 1)]
[Reserved(56, 8)]
readonly ref partial struct Unaligned
{
    [Field(47, LengthBytes = 9, Meaning = "Some bytes.")]
    public partial ReadOnlySpan<byte> Raw { get; }

    [Field(1)]
    public partial byte U1 { get; }

    [Field(2)]
    public partial sbyte S1 { get; }

    [Field(3)]
    public partial ushort U2 { get; }

    [Field(5)]
    public partial short S2 { get; }

    [Field(7)]
    public partial uint U4 { get; }

    [Field(11)]
    public partial int S4 { get; }

    [Field(15, Unit = FieldUnit.Sectors)]
    public partial ulong U8 { get; }

    [Field(23)]
    public partial long S8 { get; }

    [Field(31, Unit = FieldUnit.Flags)]
    public partial Options Options { get; }

    [Field(35)]
    public partial Level Level { get; }

    [Field(36)]
    public partial byte Pad { get; }

    [Field(37, LengthBytes = 10)]
    internal partial ReadOnlySpan<byte> Name { get; }
}

/// <summary>A structure inside others, one of them generic.</summary>
static partial class Outer<T>
{
    internal partial record struct Inner
    {
        [OnDisk(3)]
        internal readonly ref partial struct Leaf
        {
            [Field(0)]
            public partial byte First { get; }

            [Field(1)]
            public partial ushort Second { get; }
        }
    }
}
