namespace VmdkFast.Cli;

/// <summary>What <c>-o help</c> prints: every option of an image that is made.</summary>
static class OptionList
{
    static readonly OptionRow[] s_image =
    [
        new($"adapter_type={CreateArguments.Adapters}", "Virtual adapter type (default ide)"),
        new("cid=HEX", "Content ID, up to 8 digits (default by chance)"),
        new("compat6=on|off", "Hardware version 6"),
        new("encoding=NAME", "Encoding of the descriptor: UTF-8 (default), windows-1252, GBK, Shift_JIS, Big5 ..."),
        new("grain_size=SIZE", "Size of a grain in sparse images (default 64k)"),
        new("hwversion=NUMBER", "Virtual hardware version (default 4)"),
        new("long_content_id=HEX", "ddb.longContentID, 32 digits (default by chance)"),
        new(
            $"preallocation={CreateArguments.Preallocations}",
            "Whether the space of flat images is reserved or written (default off)"),
        new($"subformat={CreateArguments.Subformats}", "Kind of the image (default monolithicSparse)"),
        new("toolsversion=NUMBER", "Version of the guest's tools (default 2147483647)"),
        new("uuid=HEX", "ddb.uuid, 32 digits (default by chance)"),
        new("zeroed_grain=on|off", "Table entries that stand for zeros (default off)"),
    ];

    static readonly OptionRow[] s_backing =
    [
        new("backing_file=NAME", "The parent; a relative name counts from the new image's folder"),
        new("backing_fmt=vmdk", "Format of the parent"),
    ];

    static readonly OptionRow[] s_create =
    [
        new("overwrite=on|off", "Replace an existing file (default off)"),
        new("size=SIZE", "Length of the disk"),
    ];

    static readonly OptionRow s_streamLayout = new(
        "stream_layout=export|local", "Where a streamOptimized image keeps its tables (default export)");

    /// <summary>The options of <c>create</c>.</summary>
    internal static IReadOnlyList<OptionRow> OfCreate { get; } = Sorted([.. s_image, .. s_backing, .. s_create]);

    /// <summary>The options of a target of <c>convert</c>.</summary>
    internal static IReadOnlyList<OptionRow> OfTarget { get; } = Sorted([.. s_image, .. s_backing, s_streamLayout]);

    /// <summary>The options of a target of <c>measure</c>, which knows of no parent.</summary>
    internal static IReadOnlyList<OptionRow> OfMeasured { get; } = Sorted([.. s_image, s_streamLayout]);

    /// <summary>What is to be printed; null when nobody has asked for it.</summary>
    /// <param name="texts">What <c>-o</c> said.</param>
    /// <param name="rows">The options that there are.</param>
    internal static string? If(IEnumerable<string>? texts, IReadOnlyList<OptionRow> rows) =>
        texts?.Any(static text => text is "help" or "?") == true
            ? string.Join(
                '\n', rows.Select(static row => $"  {row.Form}\n      {row.Meaning}").Prepend("Supported options:"))
            : null;

    static OptionRow[] Sorted(OptionRow[] rows) => [.. rows.OrderBy(static row => row.Form, StringComparer.Ordinal)];
}

/// <summary>One option of an image.</summary>
/// <param name="Form">Its key and its values.</param>
/// <param name="Meaning">What it does.</param>
sealed record OptionRow(string Form, string Meaning);
