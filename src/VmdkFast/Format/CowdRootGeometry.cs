using VmdkFast.Layout;

namespace VmdkFast.Format;

/// <summary>
/// Bytes 32 to 43 of a <see cref="CowdHeader"/> without a parent, the other side of the union with
/// <see cref="CowdHeader.ParentFileName"/>.
/// </summary>
[OnDisk(12, Meaning = "Bytes 32 to 43 of the ESX host sparse header of a root: the disk's geometry.")]
readonly ref partial struct CowdRootGeometry
{
    [Field(0, Meaning = "Cylinders.")]
    public partial uint Cylinders { get; }

    [Field(4, Meaning = "Heads.")]
    public partial uint Heads { get; }

    [Field(8, Meaning = "Sectors of a track.")]
    public partial uint Sectors { get; }
}
