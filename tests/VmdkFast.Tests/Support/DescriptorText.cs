using System.Globalization;
using System.IO.Hashing;
using System.Text;
using System.Text.RegularExpressions;

namespace VmdkFast.Tests.Support;

/// <summary>
/// The text of a descriptor, freely composed. What is null is filled in by the writer of the image; what is set
/// is written as it stands, right or wrong.
/// </summary>
public sealed partial record DescriptorText
{
    public string FirstLine { get; init; } = "# Disk DescriptorFile";

    /// <summary>Lines between the first line and the version.</summary>
    public IReadOnlyList<string> LinesBeforeVersion { get; init; } = [];

    public int Version { get; init; } = 1;

    /// <summary>Value of encoding=; null leaves the line out.</summary>
    public string? EncodingName { get; init; } = "UTF-8";

    /// <summary>Content ID; null takes one that depends on the image's name only.</summary>
    public uint? Cid { get; init; }

    /// <summary>Digits that the CID is filled up to with zeros; QEMU fills up nothing.</summary>
    public int CidDigits { get; init; } = 8;

    public uint? ParentCid { get; init; }

    public string? ParentHint { get; init; }

    public string? CreateType { get; init; }

    /// <summary>More lines of the header, after createType.</summary>
    public IReadOnlyList<string> HeaderLines { get; init; } = [];

    public IReadOnlyList<string>? ExtentLines { get; init; }

    /// <summary>Lines of the disk database; null takes adapter, geometry and hardware version.</summary>
    public IReadOnlyList<string>? DatabaseLines { get; init; }

    public string NewLine { get; init; } = "\n";

    /// <summary>Put after every line that is not empty, as some ESX exports do with a blank.</summary>
    public string TrailingBlanks { get; init; } = "";

    public bool EndsWithNewLine { get; init; } = true;

    /// <summary>How the text becomes bytes.</summary>
    public Encoding TextEncoding { get; init; } = new UTF8Encoding(false);

    /// <summary>When set, this is the whole text and nothing else counts.</summary>
    public string? Verbatim { get; init; }

    /// <summary>Fills what was left open.</summary>
    public DescriptorText Completed(
        string name, string createType, long capacitySectors, IReadOnlyList<string> extentLines, ParentLink? parent) =>
        this with
        {
            Cid = Cid ?? XxHash32.HashToUInt32(Encoding.UTF8.GetBytes(name)) & 0x7FFFFFFF,
            ParentCid = ParentCid ?? parent?.ContentId ?? uint.MaxValue,
            ParentHint = ParentHint ?? parent?.Hint,
            CreateType = CreateType ?? createType,
            ExtentLines = ExtentLines ?? extentLines,
            DatabaseLines = DatabaseLines ?? DefaultDatabase(capacitySectors),
        };

    public string Compose()
    {
        if (Verbatim is not null)
        {
            return Verbatim;
        }

        List<string> lines = [FirstLine, .. LinesBeforeVersion, $"version={Version}"];
        if (EncodingName is not null)
        {
            lines.Add($"encoding=\"{EncodingName}\"");
        }

        lines.Add("CID=" + (Cid ?? 0).ToString($"x{CidDigits}", CultureInfo.InvariantCulture));
        lines.Add($"parentCID={ParentCid ?? uint.MaxValue:x8}");
        lines.Add($"createType=\"{CreateType}\"");
        if (ParentHint is not null)
        {
            lines.Add($"parentFileNameHint=\"{ParentHint}\"");
        }

        lines.AddRange(HeaderLines);
        lines.AddRange(["", "# Extent description", .. ExtentLines ?? []]);
        lines.AddRange(["", "# The Disk Data Base", "#DDB", "", .. DatabaseLines ?? []]);
        string text = string.Join(NewLine, lines.Select(line => line.Length == 0 ? line : line + TrailingBlanks));
        return EndsWithNewLine ? text + NewLine : text;
    }

    public byte[] ToBytes() => TextEncoding.GetBytes(Compose());

    /// <summary>The text, padded with NUL to the room that a sparse extent has for it.</summary>
    public byte[] ToSectors(int sectors)
    {
        byte[] text = ToBytes();
        if (text.Length > sectors * 512)
        {
            throw new ArgumentException($"The descriptor has {text.Length} bytes, its room {sectors * 512}.");
        }

        Array.Resize(ref text, sectors * 512);
        return text;
    }

    /// <summary>Finds the content ID in a descriptor file, or in the first MiB of a file that embeds one.</summary>
    public static uint ReadCid(string path)
    {
        int length = (int)Math.Min(new FileInfo(path).Length, 1 << 20);
        string text = Encoding.Latin1.GetString(Patch.ReadBytes(path, 0, length));
        Match match = CidLine().Match(text);
        return match.Success
            ? uint.Parse(match.Groups[1].ValueSpan, NumberStyles.HexNumber, CultureInfo.InvariantCulture)
            : throw new InvalidDataException($"No CID in {path}.");
    }

    static string[] DefaultDatabase(long capacitySectors) =>
    [
        "ddb.adapterType = \"lsilogic\"",
        $"ddb.geometry.cylinders = \"{Math.Clamp(capacitySectors / (255 * 63), 1, 65535)}\"",
        "ddb.geometry.heads = \"255\"",
        "ddb.geometry.sectors = \"63\"",
        "ddb.virtualHWVersion = \"4\"",
    ];

    [GeneratedRegex("^CID=([0-9a-fA-F]{1,8})", RegexOptions.Multiline)]
    private static partial Regex CidLine();
}
