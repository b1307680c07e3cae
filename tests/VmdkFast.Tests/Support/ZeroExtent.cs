namespace VmdkFast.Tests.Support;

/// <summary>A line of type ZERO: three words, no file.</summary>
public sealed record ZeroExtent : DiskExtent
{
    public override string Line(string fileName) => $"{Access} {Sectors} ZERO";

    public override string DefaultFileName(string name, int number, bool only) => "";

    public override void WriteFile(string path, GuestSlice slice, ParentLink? parent)
    {
        if (slice.Inside(slice.Content.WrittenRanges).Any())
        {
            throw new ArgumentException("A ZERO extent cannot hold what was written to this part of the disk.");
        }
    }
}
