namespace VmdkFast.Fuzz;

/// <summary>A whole image in one file: opened, mapped, read in several ways that must agree, inspected.</summary>
sealed class ImageTarget : IFuzzTarget
{
    internal const string TargetName = "image";

    readonly FuzzFolder _folder = new();

    public string Name => TargetName;

    public void Describe(FuzzDictionary dictionary) => HeaderTarget.DescribeStructures(dictionary);

    public void Run(ReadOnlySpan<byte> input) => new ImageReading(_folder).Run(input);

    public void Dispose() => _folder.Dispose();
}
