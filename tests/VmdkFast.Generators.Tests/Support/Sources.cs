namespace VmdkFast.Generators.Tests.Support;

/// <summary>Structures that several tests use.</summary>
static class Sources
{
    /// <summary>A valid structure of 16 bytes.</summary>
    public const string Good =
        """
        using VmdkFast.Layout;
        namespace Disks;
        /// <summary>Subject.</summary>
        [OnDisk(16, Meaning = "A header.")]
        [Reserved(12, 4)]
        public readonly ref partial struct Header
        {
            [Field(0, Unit = FieldUnit.Signature, Meaning = "Magic.")]
            public partial uint Magic { get; }
            [Field(4, Unit = FieldUnit.Sectors, Meaning = "Capacity.")]
            public partial ulong CapacitySectors { get; }
        }
        """;

    /// <summary>The same structure, said in other words, in another order and place.</summary>
    public const string GoodSaidOtherwise =
        """
        // A comment moves everything.
        using U = VmdkFast.Layout.FieldUnit;
        namespace Disks
        {
            /// <summary>Another text.</summary>
            [VmdkFast.Layout.Reserved(0xC, 2 + 2), VmdkFast.Layout.OnDisk(Sizes.Header, Meaning = "A " + "header.")]
            public ref partial struct Header
            {
                [VmdkFast.Layout.FieldAttribute(4, Meaning = "Capacity.", Unit = U.Sectors)]
                public partial System.UInt64 CapacitySectors
                {
                    get;
                }

                [VmdkFast.Layout.Field(offsetBytes: 0, Unit = (U)5, Meaning = "Magic.")]
                public partial System.UInt32 Magic { get; }
            }

            readonly partial struct Header;

            static class Sizes
            {
                public const int Header = 0x10;
            }
        }
        """;

    /// <summary>A valid structure beside <see cref="Good"/>.</summary>
    public const string Sibling =
        """
        using VmdkFast.Layout;
        namespace Disks;
        [OnDisk(1)]
        readonly ref partial struct Sibling
        {
            [Field(0)]
            public partial byte Only { get; }
        }
        """;

    /// <summary>A structure whose two fields overlap.</summary>
    public const string Overlapping =
        """
        using VmdkFast.Layout;
        namespace Disks;
        [OnDisk(6)]
        readonly ref partial struct Header
        {
            [Field(0)]
            public partial uint First { get; }
            [Field(2)]
            public partial uint Second { get; }
        }
        """;
}
