using VmdkFast.Layout;

namespace VmdkFast.Format;

/// <summary>What an <see cref="UndoRecord"/> holds.</summary>
enum UndoKind : uint
{
    /// <summary>No record.</summary>
    None = 0,

    /// <summary>A file. Once more for the same number: where it was found later.</summary>
    File = 1,

    /// <summary>The length that a file had.</summary>
    Length = 2,

    /// <summary>The bytes that a range had.</summary>
    Range = 3,

    /// <summary>A range that a round changes.</summary>
    Change = 4,

    /// <summary>The length and the hash of what was changed, as the repair left it.</summary>
    Result = 5,
}

/// <summary>One record of an undo journal; its data follow it.</summary>
[OnDisk(48, Meaning = "Record of an undo journal; its data follow.")]
readonly ref partial struct UndoRecord
{
    [Field(0, Meaning = "1 a file, 2 its length, 3 bytes of a range, 4 a range to be changed, 5 what the repair left.")]
    public partial UndoKind Kind { get; }

    [Field(4, Meaning = "Number of the file, from 0.")]
    public partial uint FileNumber { get; }

    [Field(8, Unit = FieldUnit.Bytes, Meaning = "Where the range begins; of 2 and 5, the file's length.")]
    public partial ulong OffsetBytes { get; }

    [Field(16, Unit = FieldUnit.Bytes, Meaning = "Length of the range; of the others 0.")]
    public partial ulong LengthBytes { get; }

    [Field(24, Unit = FieldUnit.Bytes, Meaning = "Length of the data: names, saved bytes or hash.")]
    public partial ulong DataBytes { get; }

    [Field(32, Meaning = "Device of the file; of the others 0.")]
    public partial ulong Device { get; }

    [Field(40, Meaning = "Inode of the file; of the others 0.")]
    public partial ulong Inode { get; }
}
