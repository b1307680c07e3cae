using VmdkFast.Storage;

namespace VmdkFast.Tests.Durability;

/// <summary>Opens the image of a folder the ways that the studies need.</summary>
static class CutImage
{
    // So small that tables leave the cache, dirty ones are flushed by writers, and stale ones would be seen.
    static readonly VmdkOpenOptions s_options = new()
    {
        TableCacheBytes = 8 << 10,
        GrainCacheBytes = 256 << 10,
        ConvertFooterLayout = true,
        DetachChangeTracking = true,
    };

    internal static VmdkDisk OpenForReading(string folder) =>
        VmdkDisk.Open(Path.Combine(folder, CutSubject.FileName), s_options);

    internal static VmdkDisk OpenForWriting(string folder, Func<LocalFile, ImageFile>? wrap = null) => VmdkDisk.Open(
        Path.Combine(folder, CutSubject.FileName), s_options with { Access = VmdkOpenAccess.ReadWrite }, wrap);

    /// <summary>The whole disk.</summary>
    internal static byte[] ReadAll(string folder)
    {
        using VmdkDisk disk = OpenForReading(folder);
        byte[] all = new byte[disk.Length];
        disk.Read(all, 0);
        return all;
    }
}
