using VmdkFast.Tests.Support;

namespace VmdkFast.Cli.Tests.Support;

/// <summary>Images made by qemu-img with some content, one of each kind that it can make.</summary>
static class Images
{
    internal const long LengthBytes = 80L << 20;

    /// <summary>Names of <see cref="Make"/>.</summary>
    internal static readonly string[] Kinds =
    [
        "monolithicSparse", "twoGbMaxExtentSparse", "monolithicFlat", "twoGbMaxExtentFlat", "streamOptimized", "chain",
        "zeroedGrain",
    ];

    /// <summary>Makes an image of a kind; <c>chain</c> is a child over a child over a base.</summary>
    internal static string Make(TempFolder folder, string kind)
    {
        string path = folder[$"{kind}.vmdk"];
        switch (kind)
        {
            case "chain":
                string basePath = MakePlain(folder["base.vmdk"], "monolithicSparse");
                MakeChild(folder, "middle.vmdk", "base.vmdk");
                Write(folder["middle.vmdk"], "write -P 9 1088k 64k", "write -P 8 60M 1M");
                MakeChild(folder, Path.GetFileName(path), "middle.vmdk");
                Write(path, "write -P 7 1152k 64k");
                return path;
            case "zeroedGrain":
                Create(path, "monolithicSparse,zeroed_grain=on", LengthBytes);
                Write(path, "write -P 5 1M 1M", "write -z 1M 128k", "write -z 30M 1M");
                return path;
            case "streamOptimized":
                MakePlain(folder["plain.vmdk"], "monolithicSparse");
                Peers.Run(
                    "qemu-img", "convert", "-f", "vmdk", "-O", "vmdk", "-o", "subformat=streamOptimized",
                    folder["plain.vmdk"], path).MustSucceed();
                return path;
            default:
                return MakePlain(path, kind);
        }
    }

    /// <summary>Makes a child of an image in the same folder, named by its plain name as snapshots do.</summary>
    internal static string MakeChild(TempFolder folder, string name, string parentName)
    {
        // qemu-img writes the parent's name as it was given; to look the size up it would need to stand in the folder.
        Peers.Run("qemu-img", "create", "-q", "-f", "vmdk", "-b", folder[parentName], "-F", "vmdk", folder[name])
            .MustSucceed();
        byte[] bytes = File.ReadAllBytes(folder[name]);
        Replace(bytes, $"\"{folder[parentName]}\"", $"\"{parentName}\"");
        File.WriteAllBytes(folder[name], bytes);
        return folder[name];
    }

    internal static void Create(string path, string subformat, long lengthBytes) =>
        Peers.Run("qemu-img", "create", "-q", "-f", "vmdk", "-o", $"subformat={subformat}", path, $"{lengthBytes}")
            .MustSucceed();

    internal static void Write(string path, params string[] commands) =>
        Peers.Run("qemu-io", ["-f", "vmdk", .. commands.SelectMany(command => new[] { "-c", command }), path])
            .MustSucceed();

    static string MakePlain(string path, string subformat)
    {
        // Beyond 2 GiB the split kinds have a second extent.
        Create(path, subformat, subformat.StartsWith("twoGb", StringComparison.Ordinal) ? 3L << 30 : LengthBytes);
        Write(path, "write -P 5 1M 1M", "write -P 6 40M 100k", "write -P 7 70M 64k");
        if (subformat.StartsWith("twoGb", StringComparison.Ordinal))
        {
            Write(path, "write -P 4 2047M 2M");
        }

        return path;
    }

    // The shorter text is padded with line ends behind it, so nothing moves.
    static void Replace(byte[] bytes, string text, string by)
    {
        byte[] before = System.Text.Encoding.UTF8.GetBytes(text);
        byte[] after = System.Text.Encoding.UTF8.GetBytes(by.PadRight(text.Length, '\n'));
        int at = bytes.AsSpan().IndexOf(before);
        after.CopyTo(bytes.AsSpan(at));
    }
}
