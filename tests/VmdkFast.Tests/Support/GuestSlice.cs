namespace VmdkFast.Tests.Support;

/// <summary>The part of a disk that one extent holds; offsets in it count from the extent's start.</summary>
/// <param name="Content">The whole disk.</param>
/// <param name="FirstSector">Where on the disk the extent begins.</param>
/// <param name="Sectors">Capacity of the extent.</param>
public readonly record struct GuestSlice(GuestContent Content, long FirstSector, long Sectors)
{
    public static GuestSlice Whole(GuestContent content) => new(content, 0, content.LengthSectors);

    public long OffsetBytes => FirstSector * 512;

    public long LengthBytes => Sectors * 512;

    /// <summary>Reads within the extent; zeros beyond its end, so that a neighbour's data never leaks in.</summary>
    public void Read(long offsetBytes, Span<byte> destination)
    {
        int inside = (int)Math.Clamp(LengthBytes - offsetBytes, 0, destination.Length);
        Content.Read(OffsetBytes + offsetBytes, destination[..inside]);
        destination[inside..].Clear();
    }

    /// <summary>The ranges of the list that lie in this extent, cut and shifted to its start.</summary>
    public IEnumerable<GuestRange> Inside(IEnumerable<GuestRange> ranges)
    {
        foreach (GuestRange range in ranges)
        {
            long start = Math.Max(range.OffsetBytes, OffsetBytes);
            long end = Math.Min(range.EndBytes, OffsetBytes + LengthBytes);
            if (start < end)
            {
                yield return new GuestRange(start - OffsetBytes, end - start);
            }
        }
    }
}
