namespace VmdkFast.Tests.Support;

/// <summary>An ESX space-efficient sparse extent.</summary>
public sealed record SeSparseExtent : DiskExtent
{
    public SeSparseOptions Options { get; init; } = new();

    public override string Line(string fileName) => $"{Access} {Sectors} SESPARSE \"{fileName}\"";

    public override string DefaultFileName(string name, int number, bool only) =>
        only ? $"{name}-sesparse.vmdk" : $"{name}-sesparse{number:000}.vmdk";

    public override void WriteFile(string path, GuestSlice slice, ParentLink? parent) =>
        SeSparseImage.WriteExtent(path, slice, Options with { Parent = parent });
}
