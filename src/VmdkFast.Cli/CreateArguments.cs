using System.Globalization;

namespace VmdkFast.Cli;

/// <summary>What <c>-o</c> of <c>create</c> says, in the library's terms. Names and values are qemu-img's.</summary>
static class CreateArguments
{
    const int Compat6HardwareVersion = 6;

    static readonly (string Word, VmdkDiskKind Kind)[] s_subformats =
    [
        ("monolithicSparse", VmdkDiskKind.MonolithicSparse), ("monolithicFlat", VmdkDiskKind.MonolithicFlat),
        ("twoGbMaxExtentSparse", VmdkDiskKind.TwoGbMaxExtentSparse),
        ("twoGbMaxExtentFlat", VmdkDiskKind.TwoGbMaxExtentFlat), ("streamOptimized", VmdkDiskKind.StreamOptimized),
        ("vmfs", VmdkDiskKind.Vmfs), ("vmfsThin", VmdkDiskKind.VmfsThin), ("vmfsSparse", VmdkDiskKind.VmfsSparse),
    ];

    static readonly (string Word, VmdkAdapter Adapter)[] s_adapters =
    [
        ("ide", VmdkAdapter.Ide), ("buslogic", VmdkAdapter.BusLogic), ("lsilogic", VmdkAdapter.LsiLogic),
        ("legacyESX", VmdkAdapter.LegacyEsx),
    ];

    static readonly (string Word, VmdkPreallocation Preallocation)[] s_preallocations =
    [
        ("off", VmdkPreallocation.Off), ("falloc", VmdkPreallocation.Reserved), ("full", VmdkPreallocation.Full),
    ];

    /// <summary>The words for kinds of images, as help shows them.</summary>
    internal static string Subformats => Choice(s_subformats);

    /// <summary>The words for adapters, as help shows them.</summary>
    internal static string Adapters => Choice(s_adapters);

    /// <summary>The words for what is done with space, as help shows them.</summary>
    internal static string Preallocations => Choice(s_preallocations);

    /// <summary>Reads the options of the list; all but the size and the parent, which come by other ways too.</summary>
    /// <exception cref="UsageException">A value means nothing, or two contradict each other.</exception>
    internal static VmdkCreateOptions Read(KeyValueList list)
    {
        var options = new VmdkCreateOptions
        {
            Kind = Find(list, "subformat", s_subformats) ?? VmdkDiskKind.MonolithicSparse,
            Adapter = Find(list, "adapter_type", s_adapters) ?? VmdkAdapter.Ide,
            Preallocation = Find(list, "preallocation", s_preallocations) ?? VmdkPreallocation.Off,
            ZeroGrains = list.TakeSwitch("zeroed_grain"),
            Overwrite = list.TakeSwitch("overwrite"),
            GrainBytes = list.Take("grain_size") is { } grain ? ReadSize(grain) : null,
            Encoding = list.Take("encoding") ?? "UTF-8",
            LongContentId = list.Take("long_content_id"),
            ContentId = ReadContentId(list.Take("cid")),
            Uuid = ReadUuid(list.Take("uuid")),
        };
        string? hardware = list.Take("hwversion") is "undefined" ? null : list.Take("hwversion");
        if (list.TakeSwitch("compat6"))
        {
            return hardware is null
                ? WithTools(options with { HardwareVersion = Compat6HardwareVersion }, list)
                : throw new UsageException("compat6 cannot be enabled with hwversion set");
        }

        return WithTools(
            hardware is null
                ? options
                : options with { HardwareVersion = (int)ReadNumber("hwversion", hardware, int.MaxValue) },
            list);
    }

    /// <summary>Reads a size with a suffix.</summary>
    /// <exception cref="UsageException">It is none.</exception>
    internal static long ReadSize(string text) => Sizes.TryParse(text, out long bytes)
        ? bytes
        : throw new UsageException(
            $"Invalid image size '{text}' specified. You may use k, M, G, T, P or E suffixes for kilobytes, "
            + "megabytes, gigabytes, terabytes, petabytes and exabytes.");

    static string Choice<T>((string Word, T Value)[] words) =>
        string.Join('|', words.Select(static entry => entry.Word));

    static VmdkCreateOptions WithTools(VmdkCreateOptions options, KeyValueList list) =>
        list.Take("toolsversion") is { } tools
            ? options with { ToolsVersion = (uint)ReadNumber("toolsversion", tools, uint.MaxValue) }
            : options;

    static long ReadNumber(string key, string text, long max) =>
        long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out long number) && number <= max
            ? number
            : throw new UsageException($"{key}={text}: wanted a number up to {max}");

    static uint? ReadContentId(string? text)
    {
        if (text is null)
        {
            return null;
        }

        ReadOnlySpan<char> digits = text.StartsWith("0x", StringComparison.OrdinalIgnoreCase) ? text.AsSpan(2) : text;
        return uint.TryParse(digits, NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out uint number)
            ? number
            : throw new UsageException($"cid={text}: wanted up to 8 hexadecimal digits");
    }

    // VMware's spelling with blanks is as good as any other.
    static Guid? ReadUuid(string? text) => text is null ? null
        : Guid.TryParseExact(
            text.Replace(" ", "", StringComparison.Ordinal).Replace("-", "", StringComparison.Ordinal), "N",
            out Guid uuid)
            ? uuid
            : throw new UsageException($"uuid={text}: wanted 32 hexadecimal digits, with or without dashes");

    // Case counts, as in qemu-img.
    static T? Find<T>(KeyValueList list, string key, (string Word, T Value)[] words)
        where T : struct
    {
        if (list.Take(key) is not { } text)
        {
            return null;
        }

        foreach ((string word, T value) in words)
        {
            if (word == text)
            {
                return value;
            }
        }

        throw new UsageException(
            $"invalid parameter value: {key}={text}; wanted {string.Join(", ", words.Select(entry => entry.Word))}");
    }
}
