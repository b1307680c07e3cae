using VmdkFast.Tests.Support;

namespace VmdkFast.Tests.Properties;

/// <summary>One content, written once as every kind, for all properties of a class.</summary>
public sealed class EveryImage : IDisposable
{
    // Past the sizes at which asynchronous reads change their way: 1 MiB and 4 MiB.
    public const int LengthBytes = (5 << 20) + (3 * 512);

    readonly TempFolder _folder = new();
    readonly Dictionary<ImageKind, string> _paths = [];
    readonly Dictionary<ImageKind, VmdkDisk> _disks = [];

    public EveryImage()
    {
        Content = GuestContent.Scattered(LengthBytes, seed: 77, rangeCount: 30)
            .Fill(1 << 20, 1 << 20, ContentPattern.Mixed, 78)
            .Fill((3 << 20) - 4096, 8192, ContentPattern.Random, 79);
        Bytes = Content.Read(0, LengthBytes);
        foreach (ImageKind kind in Enum.GetValues<ImageKind>())
        {
            string path = ImageKinds.Write(kind, _folder.Subfolder($"{kind}"), Content);
            _paths.Add(kind, path);
            _disks.Add(kind, VmdkDisk.Open(path));
        }
    }

    public GuestContent Content { get; }

    public byte[] Bytes { get; }

    /// <summary>The kind's disk, open for all who ask.</summary>
    public VmdkDisk this[ImageKind kind] => _disks[kind];

    /// <summary>The kind's disk, opened anew.</summary>
    public VmdkDisk Open(ImageKind kind, VmdkOpenOptions options) => VmdkDisk.Open(_paths[kind], options);

    public void Dispose()
    {
        foreach (VmdkDisk disk in _disks.Values)
        {
            disk.Dispose();
        }

        _folder.Dispose();
    }
}
