using VmdkFast.Layout;

namespace VmdkFast.Format;

/// <summary>What has come true with an <see cref="UndoSeal"/>.</summary>
enum UndoState : uint
{
    /// <summary>Nothing: the seal is empty.</summary>
    None = 0,

    /// <summary>All of a round is saved: only now may its first change be made.</summary>
    Saved = 1,

    /// <summary>The repair has ended: the journal says how it left the files.</summary>
    Finished = 2,

    /// <summary>An undo has begun: the files are no longer as the repair left them.</summary>
    Undoing = 3,

    /// <summary>All was put back.</summary>
    Undone = 4,
}

/// <summary>One seal of an undo journal, alone in its sector: that is written whole or not at all.</summary>
[OnDisk(40, Meaning = "Seal of an undo journal; the rest of its sector is 0.")]
readonly ref partial struct UndoSeal
{
    [Field(0, Meaning = "1 a round is saved, 2 the repair has ended, 3 an undo has begun, 4 it has ended.")]
    public partial UndoState State { get; }

    [Field(4, Meaning = "Number of the seal, from 0.")]
    public partial uint Number { get; }

    [Field(8, Unit = FieldUnit.Bytes, Meaning = "Length of the journal that counts.")]
    public partial ulong JournalBytes { get; }

    [Field(16, Meaning = "XxHash128 of all records so far, lower half.")]
    public partial ulong HashLow { get; }

    [Field(24, Meaning = "XxHash128 of all records so far, upper half.")]
    public partial ulong HashHigh { get; }

    [Field(32, Meaning = "XxHash64 of the seal's sector, with this field 0.")]
    public partial ulong Checksum { get; }
}
