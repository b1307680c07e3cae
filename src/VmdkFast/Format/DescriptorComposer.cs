using System.Globalization;
using System.Text;

namespace VmdkFast.Format;

/// <summary>A descriptor to be written from nothing, in VMware's order and spelling. Immutable.</summary>
/// <remarks>
/// Strict readers decide the form: oslo.utils wants only known lines, imago refuses unknown keys, and Workstation is
/// said to want the blanks around the database's equals signs and none in the header.
/// </remarks>
sealed record DescriptorComposer
{
    /// <summary>The kind, not Unknown.</summary>
    internal required VmdkDiskKind Kind { get; init; }

    /// <summary>The encoding of names and values, one that <see cref="DescriptorEncoding.IsKnown"/>.</summary>
    internal string EncodingName { get; init; } = DescriptorEncoding.DefaultName;

    /// <summary>The CID.</summary>
    internal required uint ContentId { get; init; }

    /// <summary>The parent's CID; <see cref="DescriptorValue.NoParent"/> without a parent.</summary>
    internal uint ParentContentId { get; init; } = DescriptorValue.NoParent;

    /// <summary>Where the parent is, seen from the descriptor; null without a parent.</summary>
    internal string? ParentFileNameHint { get; init; }

    /// <summary>The extents in disk order; their names must be made by <see cref="ExtentLine.ForFile"/>.</summary>
    internal required IReadOnlyList<ExtentLine> Extents { get; init; }

    /// <summary>The disk database in order, keys with <c>ddb.</c> in front; may be empty, as in ESX deltas.</summary>
    internal IReadOnlyList<KeyValuePair<string, string>> DatabaseEntries { get; init; } = [];

    /// <summary>The database that VMware writes for a disk that is no delta.</summary>
    /// <param name="capacitySectors">The disk's capacity, in sectors.</param>
    /// <param name="adapterType">
    /// The bus adapter: <c>ide</c>, <c>lsilogic</c>, <c>buslogic</c> or <c>legacyESX</c>.
    /// </param>
    /// <param name="hardwareVersion">The version of the virtual hardware.</param>
    /// <param name="longContentId">32 hex digits whose last eight are the CID; null to leave it out.</param>
    /// <param name="uuid">The disk's UUID in VMware's spelling; null to leave it out.</param>
    /// <param name="toolsVersion">The version of the guest's tools; null to leave it out.</param>
    internal static IReadOnlyList<KeyValuePair<string, string>> StandardDatabase(
        long capacitySectors, string adapterType, uint hardwareVersion,
        string? longContentId = null, string? uuid = null, uint? toolsVersion = null)
    {
        VmdkGeometry geometry = Geometry.For(capacitySectors, adapterType);
        var entries = new List<KeyValuePair<string, string>>();
        void Add(string key, string? value)
        {
            if (value is not null)
            {
                entries.Add(KeyValuePair.Create(key, value));
            }
        }

        Add(DescriptorKeys.AdapterType, adapterType);
        Add(DescriptorKeys.Cylinders, Decimal(geometry.Cylinders));
        Add(DescriptorKeys.Heads, Decimal(geometry.Heads));
        Add(DescriptorKeys.Sectors, Decimal(geometry.Sectors));
        Add(DescriptorKeys.LongContentId, longContentId);
        Add(DescriptorKeys.ToolsVersion, toolsVersion is { } version ? Decimal(version) : null);
        Add(DescriptorKeys.Uuid, uuid);
        Add(DescriptorKeys.HardwareVersion, Decimal(hardwareVersion));
        return entries;
    }

    /// <summary>The descriptor in its encoding, with LF line ends and without padding.</summary>
    /// <exception cref="ArgumentException">
    /// A name, key or value holds what a descriptor, or its encoding, cannot express.
    /// </exception>
    internal byte[] ToBytes()
    {
        var text = new StringBuilder("# Disk DescriptorFile\nversion=1\n")
            .Append("encoding=\"").Append(EncodingName).Append("\"\nCID=")
            .Append(DescriptorValue.FormatContentId(ContentId)).Append('\n')
            .Append("parentCID=").Append(DescriptorValue.FormatContentId(ParentContentId)).Append('\n')
            .Append("createType=\"").Append(CreateTypes.NameOf(Kind)).Append("\"\n");
        if (ParentFileNameHint is { } hint)
        {
            ArgumentException.ThrowIfNullOrEmpty(hint, nameof(ParentFileNameHint));
            DescriptorValue.ThrowIfUnwritable(hint, nameof(ParentFileNameHint));
            text.Append("parentFileNameHint=\"").Append(hint).Append("\"\n");
        }

        text.Append("\n# Extent description\n");
        foreach (ExtentLine extent in Extents)
        {
            DescriptorValue.ThrowIfUnwritable(extent.FileName ?? "", nameof(Extents));
            text.Append(extent).Append('\n');
        }

        text.Append("\n# The Disk Data Base\n#DDB\n\n");
        foreach ((string key, string value) in DatabaseEntries)
        {
            DescriptorValue.ThrowIfNoKey(key, nameof(DatabaseEntries));
            DescriptorValue.ThrowIfUnwritable(value, nameof(DatabaseEntries));
            if (!DescriptorKeys.IsDatabase(key))
            {
                throw new ArgumentException($"The database has no key {key}: it needs ddb. in front.");
            }

            text.Append(key).Append(" = \"").Append(value).Append("\"\n");
        }

        return DescriptorEncoding.Write(text.ToString(), EncodingName);
    }

    static string Decimal(uint number) => number.ToString(CultureInfo.InvariantCulture);
}
