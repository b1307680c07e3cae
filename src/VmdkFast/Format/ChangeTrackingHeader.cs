using VmdkFast.Layout;

namespace VmdkFast.Format;

/// <summary>First sector of a change tracking file, <c>-ctk.vmdk</c>: it is no image, though it is named like one.
/// </summary>
/// <remarks>VMware has published nothing; libvmdk's notes tell a few fields, and of most of them no meaning.</remarks>
[OnDisk(512, Meaning = "Header of a change tracking file.")]
[Reserved(60, 452)]
readonly ref partial struct ChangeTrackingHeader
{
    /// <summary>Value of <see cref="Magic"/>: the bytes <c>A2 72 19 F6</c>.</summary>
    public const uint MagicValue = 0xF619_72A2;

    [Field(0, Unit = FieldUnit.Signature, Meaning = "The bytes A2 72 19 F6.")]
    public partial uint Magic { get; }

    [Field(4, Meaning = "Not publicly known; 1 in the files seen.")]
    public partial uint Unknown4 { get; }

    [Field(8, Meaning = "Not publicly known; 0 in the files seen.")]
    public partial uint Unknown8 { get; }

    [Field(12, Meaning = "Not publicly known; 512 in the files seen.")]
    public partial uint Unknown12 { get; }

    [Field(16, Meaning = "Not publicly known.")]
    public partial ulong Unknown16 { get; }

    [Field(24, Meaning = "Not publicly known.")]
    public partial ulong Unknown24 { get; }

    [Field(32, Meaning = "Not publicly known.")]
    public partial uint Unknown32 { get; }

    [Field(36, Meaning = "Not publicly known.")]
    public partial uint Unknown36 { get; }

    [Field(40, Meaning = "Not publicly known.")]
    public partial uint Unknown40 { get; }

    [Field(44, LengthBytes = 16, Meaning = "Tells one run of tracking from another.")]
    public partial ReadOnlySpan<byte> Identifier { get; }
}
