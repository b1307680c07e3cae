namespace VmdkFast.Tests.Support;

/// <summary>A range of the guest's disk, in bytes.</summary>
public readonly record struct GuestRange(long OffsetBytes, long LengthBytes)
{
    public long EndBytes => OffsetBytes + LengthBytes;

    /// <summary>Whether this range covers all of the other one.</summary>
    public bool Covers(long offsetBytes, long lengthBytes) =>
        OffsetBytes <= offsetBytes && offsetBytes + lengthBytes <= EndBytes;
}
