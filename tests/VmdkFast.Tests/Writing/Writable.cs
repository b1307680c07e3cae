using VmdkFast.Storage;
using VmdkFast.Tests.Support;
using Xunit;

namespace VmdkFast.Tests.Writing;

/// <summary>Opening for writing, in tests.</summary>
static class Writable
{
    internal static readonly VmdkOpenOptions Options = new() { Access = VmdkOpenAccess.ReadWrite };

    /// <summary>Budget 0: tables leave as soon as anything allows it.</summary>
    internal static readonly VmdkOpenOptions Smallest = Options with { TableCacheBytes = 0, GrainCacheBytes = 0 };

    internal static VmdkDisk Open(string path) => VmdkDisk.Open(path, Options);

    /// <summary>Opens on files whose barriers cost nothing: for tests that do not cut the power.</summary>
    internal static VmdkDisk OpenFast(string path, VmdkOpenOptions? options = null) =>
        VmdkDisk.Open(path, options ?? Options, file => new UnsyncedFile(file));

    /// <summary>Opens with one double before the only file, or the last one opened.</summary>
    internal static (VmdkDisk Disk, T File) Open<T>(string path, Func<ImageFile, T> wrap)
        where T : ImageFile
    {
        T? wrapped = null;
        var disk = VmdkDisk.Open(path, Options, file => wrapped = wrap(file));
        return (disk, wrapped!);
    }

    internal static void Change(string path, Action<VmdkDisk> change)
    {
        using VmdkDisk disk = OpenFast(path);
        change(disk);
    }

    internal static byte[] Filled(int lengthBytes, byte value)
    {
        var bytes = new byte[lengthBytes];
        bytes.AsSpan().Fill(value);
        return bytes;
    }

    internal static byte[] Read(VmdkDisk disk, long offsetBytes, int lengthBytes)
    {
        var bytes = new byte[lengthBytes];
        Assert.Equal(lengthBytes, disk.Read(bytes, offsetBytes));
        return bytes;
    }

    internal static void Holds(VmdkDisk disk, long offsetBytes, int lengthBytes, byte value) =>
        Assert.Equal(-1, Read(disk, offsetBytes, lengthBytes).AsSpan().IndexOfAnyExcept(value));

    /// <summary>Fails unless qemu-img finds no fault in an image.</summary>
    internal static void QemuAccepts(string path) => QemuImg.Check(path).MustSucceed();

    /// <summary>Fails unless qemu-img reads the same disk as it should be.</summary>
    internal static void QemuReads(GuestContent content, string path)
    {
        using var folder = new TempFolder();
        content.WriteRaw(folder["disk.raw"]);
        bool same = QemuImg.Compare(path, folder["disk.raw"], "vmdk", "raw");
        Assert.True(same, $"qemu-img reads another disk in {path}.");
    }

    /// <summary>Every file in a folder, by name.</summary>
    internal static Dictionary<string, byte[]> Files(string folder) =>
        Directory.EnumerateFiles(folder).ToDictionary(path => path, File.ReadAllBytes);

    sealed class UnsyncedFile(ImageFile inner) : WrappingFile(inner)
    {
        internal override void Barrier()
        {
        }
    }
}
