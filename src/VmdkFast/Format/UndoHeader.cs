using VmdkFast.Layout;

namespace VmdkFast.Format;

/// <summary>Start of the journal that takes a repair back.</summary>
[OnDisk(16, Meaning = "Header of an undo journal; records follow until its end.")]
[Reserved(12, 4)]
readonly ref partial struct UndoHeader
{
    /// <summary>Value of <see cref="Magic"/>: the bytes <c>VMDKUNDO</c>.</summary>
    public const ulong MagicValue = 0x4F44_4E55_4B44_4D56;

    /// <summary>Value of <see cref="Version"/>.</summary>
    public const uint VersionValue = 1;

    [Field(0, Unit = FieldUnit.Signature, Meaning = "The bytes VMDKUNDO.")]
    public partial ulong Magic { get; }

    [Field(8, Meaning = "Version of the journal; 1.")]
    public partial uint Version { get; }
}
