using System.Security.Cryptography;
using System.Text.Json;

namespace VmdkFast.Tests.Support;

/// <summary>qemu-img, with the format always named: probing is not what the tests ask about.</summary>
public static class QemuImg
{
    public static PeerResult Run(params IEnumerable<string> arguments) => Peers.Run("qemu-img", arguments);

    /// <summary>Converts; options become <c>-o a=b,c=d</c>.</summary>
    public static void Convert(
        string source, string target, string sourceFormat = "vmdk", string targetFormat = "raw", string? options = null)
    {
        List<string> arguments = ["convert", "-f", sourceFormat, "-O", targetFormat];
        if (options is not null)
        {
            arguments.AddRange(["-o", options]);
        }

        Run([.. arguments, source, target]).MustSucceed();
    }

    /// <summary>Creates a VMDK, over a VMDK parent when one is given.</summary>
    public static void Create(string path, long lengthBytes, string? options = null, string? parent = null)
    {
        List<string> arguments = ["create", "-q", "-f", "vmdk"];
        if (options is not null)
        {
            arguments.AddRange(["-o", options]);
        }

        if (parent is not null)
        {
            arguments.AddRange(["-b", parent, "-F", "vmdk"]);
        }

        Run([.. arguments, path, $"{lengthBytes}"]).MustSucceed();
    }

    /// <summary>Whether two images hold the same disk.</summary>
    public static bool Compare(string first, string second, string firstFormat = "vmdk", string secondFormat = "vmdk")
    {
        PeerResult result = Run("compare", "-f", firstFormat, "-F", secondFormat, first, second);
        return result.ExitCode switch
        {
            0 => true,
            1 => false,
            _ => result.MustSucceed().ExitCode == 0,
        };
    }

    /// <summary>The object that <c>info --output=json</c> prints.</summary>
    public static JsonElement Info(string path) => Json("info", path);

    /// <summary>The array that <c>map --output=json</c> prints.</summary>
    public static JsonElement Map(string path) => Json("map", path);

    /// <summary>The result of <c>check</c>, whatever it found.</summary>
    public static PeerResult Check(string path) => Run("check", "-f", "vmdk", path);

    /// <summary>SHA-256 of the whole disk as qemu-img reads it, lower-case hex. For small disks.</summary>
    public static string ToRawHash(string path)
    {
        using var folder = new TempFolder();
        Convert(path, folder["disk.raw"]);
        using FileStream raw = File.OpenRead(folder["disk.raw"]);
        return System.Convert.ToHexStringLower(SHA256.HashData(raw));
    }

    /// <summary>A range of the disk as qemu-img reads it; works on disks of any length.</summary>
    public static byte[] ReadRange(string path, long offsetBytes, int lengthBytes)
    {
        using var folder = new TempFolder();
        string window = $"driver=raw,offset={offsetBytes},size={lengthBytes},"
            + $"file.driver=vmdk,file.file.driver=file,file.file.filename={path}";
        Run("convert", "--image-opts", window, "-O", "raw", folder["range.raw"]).MustSucceed();
        return File.ReadAllBytes(folder["range.raw"]);
    }

    static JsonElement Json(string command, string path)
    {
        PeerResult result = Run(command, "-f", "vmdk", "--output=json", path).MustSucceed();
        using var document = JsonDocument.Parse(result.Output);
        return document.RootElement.Clone();
    }
}
