using VmdkFast.Layout;

namespace VmdkFast.Format;

/// <summary>What an <see cref="UndoRecord"/> holds.</summary>
enum UndoKind : uint
{
    /// <summary>No record.</summary>
    None = 0,

    /// <summary>The length that a file had.</summary>
    Length = 1,

    /// <summary>The bytes that a range had.</summary>
    Range = 2,

    /// <summary>All of a round is saved: only now may its first change be made.</summary>
    EndOfRound = 3,
}

/// <summary>One record of an undo journal; the file's name and the saved bytes follow it.</summary>
[OnDisk(56, Meaning = "Record of an undo journal; the name and the saved bytes follow.")]
[Reserved(48, 8)]
readonly ref partial struct UndoRecord
{
    [Field(0, Meaning = "1 length of a file, 2 bytes of a range, 3 end of a round.")]
    public partial UndoKind Kind { get; }

    [Field(4, Unit = FieldUnit.Bytes, Meaning = "Length of the file's name, which follows in UTF-8.")]
    public partial uint NameBytes { get; }

    [Field(8, Meaning = "Device of the file.")]
    public partial ulong Device { get; }

    [Field(16, Meaning = "Inode of the file.")]
    public partial ulong Inode { get; }

    [Field(24, Unit = FieldUnit.Bytes, Meaning = "Where the range begins; of a length, the length.")]
    public partial ulong OffsetBytes { get; }

    [Field(32, Unit = FieldUnit.Bytes, Meaning = "Number of saved bytes, which follow the name.")]
    public partial ulong LengthBytes { get; }

    [Field(40, Meaning = "XxHash64 of record, name and bytes, with this field 0.")]
    public partial ulong Checksum { get; }
}
