namespace VmdkFast.Tests.Support;

/// <summary>An ESX host sparse extent.</summary>
public sealed record CowdExtent : DiskExtent
{
    public CowdOptions Options { get; init; } = new();

    public override string Line(string fileName) => $"{Access} {Sectors} VMFSSPARSE \"{fileName}\"";

    public override string DefaultFileName(string name, int number, bool only) =>
        only ? $"{name}-delta.vmdk" : $"{name}-delta{number:000}.vmdk";

    public override void WriteFile(string path, GuestSlice slice, ParentLink? parent) =>
        CowdImage.WriteExtent(path, slice, Options with { Parent = parent });
}
