using VmdkFast.Layout;

namespace VmdkFast.Format;

/// <summary>The sector of a space-efficient sparse extent that changes while a writer has it open.</summary>
[OnDisk(512, Meaning = "Volatile header of an ESX space-efficient sparse extent.")]
readonly ref partial struct SeSparseVolatileHeader
{
    /// <summary>Value of <see cref="Magic"/>.</summary>
    public const ulong MagicValue = 0x0000_0000_CAFE_CAFE;

    [Field(0, Unit = FieldUnit.Signature, Meaning = "The bytes FE CA FE CA and four of zero.")]
    public partial ulong Magic { get; }

    [Field(8, Meaning = "Index of the next grain table that is free.")]
    public partial ulong FreeTableIndex { get; }

    [Field(16, Meaning = "Number of the journal's next transaction.")]
    public partial ulong NextTransaction { get; }

    [Field(24, Meaning = "Not 0 while the journal holds changes that the tables may lack.")]
    public partial ulong ReplayJournal { get; }

    [Field(32, LengthBytes = 480, Meaning = "Zeros; anything else is not understood.")]
    public partial ReadOnlySpan<byte> PaddingBytes { get; }
}
