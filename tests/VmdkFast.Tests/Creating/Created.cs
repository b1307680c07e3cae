using System.Text.Json;
using Xunit;

namespace VmdkFast.Tests.Creating;

/// <summary>Creating in tests: with this test's token, and judged by other programs.</summary>
static class Created
{
    internal const long MiB = 1L << 20, GiB = 1L << 30, TiB = 1L << 40;

    internal static readonly Guid Uuid = Guid.Parse("6000c290-1234-5678-9abc-def012345678");

    /// <summary>Everything fixed that would be random.</summary>
    internal static VmdkCreateOptions Fixed(VmdkDiskKind kind, long? lengthBytes) => new()
    {
        Kind = kind,
        LengthBytes = lengthBytes,
        ContentId = 0x1234_5678,
        LongContentId = new string('a', 32),
        Uuid = Uuid,
        Sync = false,
    };

    internal static async Task<string> MakeAsync(string path, VmdkCreateOptions options)
    {
        await VmdkDisk.CreateAsync(path, options, TestContext.Current.CancellationToken);
        return path;
    }

    internal static Task<string> MakeAsync(string path, VmdkDiskKind kind, long? lengthBytes) =>
        MakeAsync(path, new VmdkCreateOptions { Kind = kind, LengthBytes = lengthBytes, Sync = false });

    /// <summary>Names in a folder, sorted.</summary>
    internal static string[] Names(string folder) =>
        [.. Directory.EnumerateFileSystemEntries(folder).Select(path => Path.GetFileName(path)).Order()];

    /// <summary>What qemu-img says of the extents, without the folder.</summary>
    internal static List<(string Name, long LengthBytes, string Format)> QemuExtents(JsonElement info) =>
        [.. info.GetProperty("format-specific").GetProperty("data").GetProperty("extents").EnumerateArray()
            .Select(extent => (
                Path.GetFileName(extent.GetProperty("filename").GetString()!),
                extent.GetProperty("virtual-size").GetInt64(),
                extent.GetProperty("format").GetString()!))];

    /// <summary>Fails unless the disk reads as zeros at its start, in its middle and at its end.</summary>
    internal static void ReadsAsZeros(string path, long lengthBytes)
    {
        using VmdkDisk disk = VmdkDisk.Open(path);
        Assert.Equal(lengthBytes, disk.Length);
        foreach (long offset in new[] { 0, lengthBytes / 2, Math.Max(0, lengthBytes - 4096) })
        {
            var bytes = new byte[Math.Min(4096, lengthBytes - offset)];
            bytes.AsSpan().Fill(0xff);
            Assert.Equal(bytes.Length, disk.Read(bytes, offset));
            Assert.Equal(-1, bytes.AsSpan().IndexOfAnyExcept((byte)0));
        }
    }

    internal static string SubformatOf(VmdkDiskKind kind) =>
        char.ToLowerInvariant(kind.ToString()[0]) + kind.ToString()[1..];
}
