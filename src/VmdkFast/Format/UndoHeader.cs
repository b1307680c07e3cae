using VmdkFast.Layout;

namespace VmdkFast.Format;

/// <summary>Start of the journal that takes a repair back.</summary>
[OnDisk(16, Meaning = "Header of an undo journal; the rest of its sector is 0.")]
[Reserved(12, 4)]
readonly ref partial struct UndoHeader
{
    /// <summary>Value of <see cref="Magic"/>: the bytes <c>VMDKUNDO</c>.</summary>
    public const ulong MagicValue = 0x4F44_4E55_4B44_4D56;

    /// <summary>Value of <see cref="Version"/>.</summary>
    public const uint VersionValue = 2;

    /// <summary>Sectors for seals behind the header's: five rounds, the end and an undo need eight.</summary>
    public const int Seals = 15;

    /// <summary>Where the first record is.</summary>
    public const int RecordsOffsetBytes = (1 + Seals) * (int)Sector.Bytes;

    [Field(0, Unit = FieldUnit.Signature, Meaning = "The bytes VMDKUNDO.")]
    public partial ulong Magic { get; }

    [Field(8, Meaning = "Version of the journal; 2.")]
    public partial uint Version { get; }
}
