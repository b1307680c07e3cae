using System.Globalization;
using System.Text;
using VmdkFast.Format;

namespace VmdkFast.Fuzz;

/// <summary>The descriptor's grammar: any text is read or refused, and read the same again.</summary>
sealed class DescriptorTarget : IFuzzTarget
{
    internal const string TargetName = "descriptor";

    const string Path = "fuzz.vmdk";

    static readonly string[] s_words =
    [
        "# Disk DescriptorFile\n", "# Extent description\n", "RW ", "RDONLY ", "NOACCESS ", " FLAT ", " SPARSE ",
        " ZERO",
        " VMFS ", " VMFSSPARSE ", " VMFSRDM ", " VMFSRAW ", " SESPARSE ", " VSANSPARSE ", "\"disk.vmdk\"", "fffffffe",
        "ffffffff", "9223372036854775807", "18446744073709551616", "-1", "UTF-8", "windows-1252", "\r\n", "\"\"",
    ];

    static readonly string[] s_keys =
    [
        DescriptorKeys.Version, DescriptorKeys.Encoding, DescriptorKeys.ContentId, DescriptorKeys.ParentContentId,
        DescriptorKeys.CreateType, DescriptorKeys.ParentFileNameHint, DescriptorKeys.ChangeTrackPath,
        DescriptorKeys.AdapterType, DescriptorKeys.Cylinders, DescriptorKeys.Heads, DescriptorKeys.Sectors,
        DescriptorKeys.BiosCylinders, DescriptorKeys.BiosHeads, DescriptorKeys.BiosSectors,
        DescriptorKeys.DatabaseEncoding, DescriptorKeys.LongContentId, DescriptorKeys.Uuid,
        DescriptorKeys.HardwareVersion, DescriptorKeys.ToolsVersion,
    ];

    // AFL++ makes no longer inputs unless it is told to.
    const int MaxInputBytes = 1 << 20;
    const long MaxAllocatedBytes = 128L << 20;

    readonly GuardedMemory _memory = new(MaxInputBytes);

    public string Name => TargetName;

    public void Describe(FuzzDictionary dictionary)
    {
        for (int i = 0; i < s_words.Length; i++)
        {
            dictionary.Add($"word_{i}", s_words[i]);
        }

        foreach (string key in s_keys)
        {
            dictionary.Add("key_" + key.Replace('.', '_'), key + "=");
        }

        foreach (VmdkDiskKind kind in Enum.GetValues<VmdkDiskKind>()
            .Where(kind => kind is not (VmdkDiskKind.Unknown or VmdkDiskKind.Raw)))
        {
            dictionary.Add($"type_{kind}", $"\"{CreateTypes.NameOf(kind)}\"");
        }
    }

    public void Run(ReadOnlySpan<byte> input)
    {
        if (input.Length > MaxInputBytes)
        {
            return;
        }

        var budget = InputBudget.Start(MaxAllocatedBytes);
        Read(_memory.AtEnd(input));
        budget.Check();
    }

    public void Dispose() => _memory.Dispose();

    static void Read(ReadOnlySpan<byte> input)
    {
        DescriptorText.LooksLikeDescriptor(input);
        DescriptorText text;
        try
        {
            text = DescriptorText.Parse(input, Path);
        }
        catch (VmdkException)
        {
            return;
        }

        DisagreementException.ThrowUnless(
            input.SequenceEqual(text.ToBytes()), "a descriptor that was only read gives other bytes");
        string shown = Show(text.ToDescriptor());
        DescriptorText again = DescriptorText.Parse(text.ToPaddedBytes(text.TextLengthBytes + Sector.Bytes), Path);
        DisagreementException.ThrowUnless(
            shown == Show(again.ToDescriptor()), "a descriptor reads differently with padding behind it");
    }

    static string Show(VmdkDescriptor descriptor)
    {
        var shown = new StringBuilder();
        shown.AppendLine(CultureInfo.InvariantCulture, $"{descriptor.Version} {descriptor.Encoding} {descriptor.Kind}");
        shown.AppendLine(CultureInfo.InvariantCulture, $"{descriptor.ContentId:x8} {descriptor.ParentContentId:x8}");
        shown.AppendLine(CultureInfo.InvariantCulture, $"{descriptor.Geometry} {descriptor.BiosGeometry}");
        shown.AppendLine(descriptor.ParentFileNameHint).AppendLine(descriptor.ChangeTrackPath);
        shown.AppendLine(descriptor.AdapterType).AppendLine(descriptor.Text);
        shown.AppendJoin('\n', descriptor.Extents).AppendJoin('\n', descriptor.Entries);
        return shown.ToString();
    }
}
