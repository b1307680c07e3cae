using System.Globalization;
using System.Text;

namespace VmdkFast.Format;

/// <summary>
/// A descriptor, kept byte for byte: comments, unknown keys, order, line ends and padding survive, and single values
/// can be replaced. Immutable, hence thread-safe; a replacement gives a new instance.
/// </summary>
/// <remarks>
/// Keys are compared whole and without regard to case. (A search for the text <c>CID=</c> finds <c>parentCID=</c>,
/// and finds any key inside a comment: a defect of QEMU's reader.) A header key that appears twice with different
/// values is refused, because two readers of such a file would see two different disks.
/// </remarks>
sealed partial class DescriptorText
{
    /// <summary>Bytes at the start of a file that <see cref="LooksLikeDescriptor"/> looks at, at most.</summary>
    internal const int ProbeBytes = 4096;

    // Lines besides the extents: comments, header and database. 1,100 is VirtualBox's limit for a whole descriptor;
    // thrice the extents leaves room for a comment and a blank line at each.
    const int SpareLines = 1_100;
    const int LinesPerExtent = 3;

    readonly byte[] _bytes;
    readonly int _textLength;
    readonly DescriptorSource _source;
    readonly VmdkLimits _limits;
    readonly Encoding _encoding;
    readonly List<DescriptorLine> _lines = [];
    readonly Dictionary<string, int> _lineByKey = new(StringComparer.OrdinalIgnoreCase);

    DescriptorText(byte[] bytes, DescriptorSource source, VmdkLimits limits)
    {
        _bytes = bytes;
        _source = source;
        _limits = limits;
        int nul = Array.IndexOf(bytes, (byte)0);
        _textLength = nul < 0 ? bytes.Length : nul;
        SplitLines();

        // Good enough for the names of encodings, which are ASCII.
        _encoding = DescriptorEncoding.ForReading(DescriptorEncoding.DefaultName);
        Version = ReadVersion();
        EncodingName = HeaderValue(DescriptorKeys.Encoding) ?? this[DescriptorKeys.DatabaseEncoding]
            ?? DescriptorEncoding.DefaultName;
        _encoding = DescriptorEncoding.ForReading(EncodingName);
        CreateType = HeaderValue(DescriptorKeys.CreateType) is { Length: > 0 } createType
            ? createType
            : Missing(DescriptorKeys.CreateType, "a createType");
        ParentFileNameHintBytes = ReadName(DescriptorKeys.ParentFileNameHint);
        ChangeTrackPathBytes = ReadName(DescriptorKeys.ChangeTrackPath);
        ContentId = ReadContentId(DescriptorKeys.ContentId) ?? MissingId(DescriptorKeys.ContentId);
        // Without a hint there is no parent whose CID could be missing; with one, guessing would skip its check.
        ParentContentId = ReadContentId(DescriptorKeys.ParentContentId)
            ?? (ParentFileNameHintBytes.IsEmpty
                ? DescriptorValue.NoParent
                : MissingId(DescriptorKeys.ParentContentId));
        Extents = ReadExtents();
        CapacitySectors = Extents.Sum(e => e.LengthSectors);
        Entries = [.. _lines.Where(l => l.Kind == DescriptorLineKind.Entry)
            .Select(l => KeyValuePair.Create(Decode(l.Key), Decode(l.Value)))];
    }

    /// <summary>Version of the grammar: 1, 2 or 3.</summary>
    internal int Version { get; }

    /// <summary>Name of the encoding as written; UTF-8 where none is.</summary>
    internal string EncodingName { get; }

    /// <summary>The encoding of names and values.</summary>
    internal Encoding NameEncoding => _encoding;

    /// <summary>The CID.</summary>
    internal uint ContentId { get; }

    /// <summary>The parent's CID; <see cref="DescriptorValue.NoParent"/> without a parent.</summary>
    internal uint ParentContentId { get; }

    /// <summary>The <c>createType</c> as written; never empty.</summary>
    internal string CreateType { get; }

    /// <summary>The kind that <see cref="CreateType"/> states.</summary>
    internal VmdkDiskKind Kind => CreateTypes.KindOf(CreateType);

    /// <summary>Where the parent was, as raw bytes; empty when not stated.</summary>
    internal ReadOnlyMemory<byte> ParentFileNameHintBytes { get; }

    /// <summary>Where the parent was, decoded; null when not stated.</summary>
    internal string? ParentFileNameHint => DecodeName(ParentFileNameHintBytes);

    /// <summary>The change tracking file, as raw bytes; empty when not stated.</summary>
    internal ReadOnlyMemory<byte> ChangeTrackPathBytes { get; }

    /// <summary>The change tracking file, decoded; null when not stated.</summary>
    internal string? ChangeTrackPath => DecodeName(ChangeTrackPathBytes);

    /// <summary>The extents in disk order; empty when there are none. Embedded ones may misname their file.</summary>
    internal IReadOnlyList<ExtentLine> Extents { get; }

    /// <summary>Sum of the extents' lengths, in sectors; at most <see cref="Sector.MaxSectors"/>.</summary>
    internal long CapacitySectors { get; }

    /// <summary>All <c>key = value</c> lines in order, header and database, unknown keys included.</summary>
    internal IReadOnlyList<KeyValuePair<string, string>> Entries { get; }

    /// <summary>The <c>ddb.</c> lines in order.</summary>
    internal IEnumerable<KeyValuePair<string, string>> DatabaseEntries =>
        Entries.Where(e => DescriptorKeys.IsDatabase(e.Key));

    internal string? AdapterType => this[DescriptorKeys.AdapterType];

    internal string? LongContentId => this[DescriptorKeys.LongContentId];

    internal string? Uuid => this[DescriptorKeys.Uuid];

    internal uint? HardwareVersion => Number(DescriptorKeys.HardwareVersion);

    /// <summary>1024 x major + 32 x minor + patch; 2147483647 for unmanaged tools; null when not stated.</summary>
    internal uint? ToolsVersion => Number(DescriptorKeys.ToolsVersion);

    internal VmdkGeometry? Geometry =>
        ReadGeometry(DescriptorKeys.Cylinders, DescriptorKeys.Heads, DescriptorKeys.Sectors);

    internal VmdkGeometry? BiosGeometry =>
        ReadGeometry(DescriptorKeys.BiosCylinders, DescriptorKeys.BiosHeads, DescriptorKeys.BiosSectors);

    /// <summary>The complete text, without padding.</summary>
    internal string Text => _encoding.GetString(_bytes, 0, _textLength);

    /// <summary>Length of the text without padding, in bytes.</summary>
    internal int TextLengthBytes => _textLength;

    /// <summary>The value of a key, without quotes; null when there is no such line; the first of several.</summary>
    internal string? this[string key] =>
        _lineByKey.TryGetValue(key, out int line) ? Decode(_lines[line].Value) : null;

    /// <summary>Reads a descriptor.</summary>
    /// <param name="bytes">The file, or the embedded area; the text ends at the first NUL.</param>
    /// <param name="path">The file that holds it, for messages.</param>
    /// <param name="limits">Bounds for what the text may ask for; the defaults when null.</param>
    /// <param name="offsetBytes">Where in the file the bytes start, for messages.</param>
    /// <exception cref="VmdkException">The text is no descriptor, or asks for more than the limits.</exception>
    internal static DescriptorText Parse(
        ReadOnlySpan<byte> bytes, string path, VmdkLimits? limits = null, long offsetBytes = 0)
    {
        limits ??= VmdkLimits.Default;
        var source = new DescriptorSource(path, offsetBytes);
        if (bytes.Length > limits.MaxDescriptorBytes)
        {
            source.Throw(
                VmdkErrorCode.LimitExceeded, 0, "descriptor", "The descriptor is too long", $"{bytes.Length} bytes",
                $"at most {limits.MaxDescriptorBytes} bytes");
        }

        return new DescriptorText(bytes.ToArray(), source, limits);
    }

    /// <summary>
    /// Whether a file that starts so is a descriptor: its first line that is neither blank nor a comment states
    /// version 1, 2 or 3. Looks at no more than <see cref="ProbeBytes"/> bytes.
    /// </summary>
    /// <remarks>For separate files only. An embedded descriptor is known by its place and need not pass this.</remarks>
    internal static bool LooksLikeDescriptor(ReadOnlySpan<byte> start)
    {
        ReadOnlySpan<byte> text = start[..Math.Min(start.Length, ProbeBytes)];
        for (int at = 0; at < text.Length;)
        {
            DescriptorLine line = DescriptorLine.Read(text, at);
            if (line.Kind is not (DescriptorLineKind.Blank or DescriptorLineKind.Comment))
            {
                return line.Kind == DescriptorLineKind.Entry
                    && Ascii.EqualsIgnoreCase(line.Key.Of(text), DescriptorKeys.Version)
                    && line.Value.Of(text).TrimEnd((byte)0) is [>= (byte)'1' and <= (byte)'3'];
            }

            at = line.Next;
        }

        return false;
    }

    /// <summary>
    /// Whether an embedded area holds no descriptor at all: QEMU reserves the area in the extents of split disks and
    /// leaves it NUL.
    /// </summary>
    internal static bool IsEmpty(ReadOnlySpan<byte> area) => area.IsEmpty || area[0] == 0;

    /// <summary>A copy of all bytes, padding included: those parsed, where nothing was replaced.</summary>
    internal byte[] ToBytes() => [.. _bytes];

    /// <summary>The text padded with NUL to the length of an embedded area.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The area is shorter than the text.</exception>
    internal byte[] ToPaddedBytes(int areaBytes)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(areaBytes, _textLength);
        var area = new byte[areaBytes];
        _bytes.AsSpan(0, _textLength).CopyTo(area);
        return area;
    }

    /// <summary>The public view.</summary>
    internal VmdkDescriptor ToDescriptor() => new()
    {
        Version = Version,
        Encoding = EncodingName,
        CreateType = CreateType,
        Kind = Kind,
        ContentId = ContentId,
        ParentContentId = ParentContentId,
        ParentFileNameHint = ParentFileNameHint,
        ChangeTrackPath = ChangeTrackPath,
        AdapterType = AdapterType,
        Geometry = Geometry,
        BiosGeometry = BiosGeometry,
        Extents = [.. Extents.Select((extent, index) => extent.ToInfo(index))],
        Entries = Entries,
        Text = Text,
    };

    string Decode(ByteSlice slice) => _encoding.GetString(slice.Of(_bytes));

    string? DecodeName(ReadOnlyMemory<byte> name) => name.IsEmpty ? null : _encoding.GetString(name.Span);

    // Geometry and versions of tools describe, they locate nothing: a broken one reads as absent, so that it cannot
    // keep a disk from opening.
    uint? Number(string key) =>
        uint.TryParse(this[key], NumberStyles.None, CultureInfo.InvariantCulture, out uint number) ? number : null;

    VmdkGeometry? ReadGeometry(string cylinders, string heads, string sectors) =>
        Number(cylinders) is { } c && Number(heads) is { } h && Number(sectors) is { } s
            ? new VmdkGeometry(c, h, s)
            : null;
}
