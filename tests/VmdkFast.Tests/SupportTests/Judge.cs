using System.Text.RegularExpressions;
using VmdkFast.Tests.Support;
using Xunit;

namespace VmdkFast.Tests.SupportTests;

/// <summary>Asks QEMU what is in an image that our own writers made.</summary>
static partial class Judge
{
    /// <summary>Fails unless qemu-img reads exactly the content, and finds nothing to complain about.</summary>
    public static void QemuReads(string path, GuestContent content)
    {
        Assert.Equal(content.Sha256(), QemuImg.ToRawHash(path));
        Assert.Equal(0, QemuImg.Check(path).ExitCode);
    }

    /// <summary>
    /// As above for descriptors that say what QEMU does not know, in a copy of the descriptor: another createType,
    /// lines that are not RW (it skips them, which shifts the rest), and ZERO extents, which become files of zeros.
    /// </summary>
    public static void QemuReadsTranslated(string path, GuestContent content)
    {
        string folder = Path.GetDirectoryName(path)!;
        string text = CreateType().Replace(File.ReadAllText(path), "createType=\"twoGbMaxExtentFlat\"");
        text = Access().Replace(text, "RW ");
        text = ZeroLine().Replace(text, match =>
        {
            string zeros = $"zeros-{match.Index}.raw";
            using var file = new SectorFile(Path.Combine(folder, zeros));
            file.SetLength(512 * long.Parse(
                match.Groups[1].ValueSpan, System.Globalization.CultureInfo.InvariantCulture));
            return $"RW {match.Groups[1].Value} FLAT \"{zeros}\" 0";
        });
        string translated = Path.Combine(folder, "translated-" + Path.GetFileName(path));
        File.WriteAllText(translated, text);
        QemuReads(translated, content);
    }

    /// <summary>
    /// Fails unless qemu-img reads every extent's content, asked for one extent at a time. A read that
    /// crosses from an extent's incomplete last grain into the next extent takes the rest of that grain for the
    /// neighbour's data (seen with QEMU 7.2), so the whole disk cannot be asked for at once.
    /// </summary>
    public static void QemuReadsByExtent(string path, GuestContent content, long extentSectors)
    {
        for (long offset = 0; offset < content.LengthBytes; offset += extentSectors * 512)
        {
            int length = (int)Math.Min(extentSectors * 512, content.LengthBytes - offset);
            Assert.Equal(-1, content.FirstDifference(offset, QemuImg.ReadRange(path, offset, length)));
        }
    }

    [GeneratedRegex("createType=\"[^\"]*\"")]
    private static partial Regex CreateType();

    [GeneratedRegex("^(RDONLY|NOACCESS) ", RegexOptions.Multiline)]
    private static partial Regex Access();

    [GeneratedRegex("^RW (\\d+) ZERO", RegexOptions.Multiline)]
    private static partial Regex ZeroLine();
}
