namespace VmdkFast.Tests.Support;

/// <summary>A hosted sparse extent, without a descriptor of its own.</summary>
public sealed record SparseExtent : DiskExtent
{
    public SparseOptions Options { get; init; } = new();

    public override string Line(string fileName) => $"{Access} {Sectors} SPARSE \"{fileName}\"";

    public override string DefaultFileName(string name, int number, bool only) => $"{name}-s{number:000}.vmdk";

    public override void WriteFile(string path, GuestSlice slice, ParentLink? parent) =>
        SparseImage.WriteExtent(path, slice, Options with { DescriptorSectors = 0, Parent = parent });
}
